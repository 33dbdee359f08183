//! Hooks: something happens at an exact request.

use std::sync::{Arc, Mutex};

use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt};
use owlet_s3_fixture::{RequestKind, RequestRule};

use crate::client::{BUCKET, bytes, lake};

#[tokio::test]
async fn an_object_may_be_overwritten_between_two_reads() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", bytes(100));
    let objects = fixture.objects();
    fixture.on_request(RequestRule::on(RequestKind::Get).skip(1).times(1), move |request| {
        assert_eq!(request.sequence, 1);
        objects.put(BUCKET, &request.key, "another version");
    });
    let first = store.get(&"o".into()).await.unwrap().meta.e_tag;
    let pinned = GetOptions {
        if_match: first,
        ..GetOptions::default()
    };
    assert!(matches!(
        store.get_opts(&"o".into(), pinned).await,
        Err(Error::Precondition { .. })
    ));
    assert_eq!(
        store.get(&"o".into()).await.unwrap().bytes().await.unwrap(),
        "another version"
    );
}

#[tokio::test]
async fn a_hook_runs_before_a_write_or_after_it() {
    let (fixture, store) = lake().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |moment: &'static str| {
        let (seen, file) = (seen.clone(), fixture.bucket_directory(BUCKET).join("o"));
        move |_: &owlet_s3_fixture::RequestRecord| seen.lock().unwrap().push((moment, file.exists()))
    };
    let writes = || RequestRule::on_any(&RequestKind::WRITES);
    fixture.on_request(writes(), note("request"));
    let applied = fixture.on_applied(writes(), note("applied"));
    store.put(&"o".into(), "x".into()).await.unwrap();
    store.head(&"o".into()).await.unwrap();
    store.delete(&"o".into()).await.unwrap();
    let expected = [
        ("request", false),
        ("applied", true),
        ("request", true),
        ("applied", false),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(fixture.times_fired(applied), 2);
}
