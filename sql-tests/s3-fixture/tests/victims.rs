//! A process that is killed at an exact request, which has its effect or has none.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

use object_store::ObjectStoreExt;
use owlet_s3_fixture::{Moment, RequestKind, RequestRule, Victim};

use crate::client::{BUCKET, lake, until};

/// Puts `a`, then `b`, at which a process is killed, which is not the one that puts; the objects that are there then.
async fn objects_after(moment: Moment) -> Vec<String> {
    let (fixture, store) = lake().await;
    let victim = Victim::default();
    let second = RequestRule::on_any(&RequestKind::WRITES).skip(1);
    let id = fixture.kill_at(second, moment, &victim);
    victim.start(Command::new("sleep").arg("600"));
    store.put(&"a".into(), "x".into()).await.unwrap();
    assert!(victim.wait(Duration::ZERO).is_none(), "killed too early");
    assert!(
        store.put(&"b".into(), "x".into()).await.is_err(),
        "a dead client gets no answer"
    );
    until("the process is dead", || victim.wait(Duration::ZERO).is_some()).await;
    assert_eq!(victim.wait(Duration::ZERO).unwrap().signal(), Some(9));
    assert_eq!(fixture.times_fired(id), 1);
    let directory = std::fs::read_dir(fixture.bucket_directory(BUCKET)).unwrap();
    let mut names: Vec<_> = directory
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_request_has_its_effect_or_has_none() {
    assert_eq!(objects_after(Moment::Before).await, ["a"]);
    assert_eq!(objects_after(Moment::After).await, ["a", "b"]);
}

#[test]
fn a_process_that_has_ended_may_be_killed_again() {
    let victim = Victim::default();
    victim.start(&mut Command::new("true"));
    assert!(victim.wait(Duration::from_secs(20)).unwrap().success());
    victim.kill();
}
