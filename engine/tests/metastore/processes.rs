//! Several processes on one metastore.

use std::process::Child;

use owlet_engine::history::{Outcome, QueryState, Statistics};

use super::{all, open_history, submission};
use crate::support::place::{Place, both_databases, output, ready_and_wait, role, wait_until_ready};

both_databases!(
    eight_processes_that_start_at_once_lose_no_record,
    the_queries_of_a_killed_process_are_closed_by_the_next_one_and_those_of_the_living_are_not,
);

/// This test binary once more, for the test `name` of this module alone.
fn start(place: &Place, name: &str, process_id: &str) -> Child {
    let module = module_path!().split_once("::").unwrap().1;
    let kind = if place.url.is_some() { "postgresql" } else { "sqlite" };
    place.start(&format!("{module}::{kind}::{name}"), process_id)
}

async fn eight_processes_that_start_at_once_lose_no_record(place: Place) {
    const PROCESSES: usize = 8;
    const RECORDS: usize = 60;
    if let Some(process_id) = role() {
        let history = open_history(&place, &process_id).await;
        for n in 0..RECORDS {
            let record = history
                .begin(submission(&format!("{process_id}-{n:03}")))
                .await
                .unwrap();
            record.running().await.unwrap();
            record.finish(Outcome::Succeeded, Statistics::default()).await.unwrap();
        }
        return history.close().await.unwrap();
    }
    // The schema, too, is made by whoever comes first.
    let name = "eight_processes_that_start_at_once_lose_no_record";
    let children: Vec<Child> = (0..PROCESSES).map(|n| start(&place, name, &format!("p{n}"))).collect();
    for child in children {
        output(child);
    }
    let history = open_history(&place, "observer").await;
    let mut ids: Vec<String> = all(&history).await.into_iter().map(|row| row.query_id).collect();
    ids.sort();
    let expected = (0..PROCESSES).flat_map(|p| (0..RECORDS).map(move |n| format!("p{p}-{n:03}")));
    assert_eq!(ids, expected.collect::<Vec<_>>());
    let left = std::fs::read_dir(place.directory.join("processes")).unwrap().count();
    assert_eq!(left, 1, "only the observer is there");
}

async fn the_queries_of_a_killed_process_are_closed_by_the_next_one_and_those_of_the_living_are_not(place: Place) {
    if let Some(process_id) = role() {
        let history = open_history(&place, &process_id).await;
        let ended = history.begin(submission(&format!("{process_id}-ended"))).await.unwrap();
        ended.finish(Outcome::Succeeded, Statistics::default()).await.unwrap();
        let running = history
            .begin(submission(&format!("{process_id}-running")))
            .await
            .unwrap();
        running.running().await.unwrap();
        let _queued = history
            .begin(submission(&format!("{process_id}-queued")))
            .await
            .unwrap();
        ready_and_wait();
        return running.finish(Outcome::Succeeded, Statistics::default()).await.unwrap();
    }
    let name = "the_queries_of_a_killed_process_are_closed_by_the_next_one_and_those_of_the_living_are_not";
    let mut children: Vec<Child> = ["dead", "live"].iter().map(|id| start(&place, name, id)).collect();
    children.iter_mut().for_each(wait_until_ready);
    let states = async |process_id: &str| {
        let history = open_history(&place, process_id).await;
        let mut rows = all(&history).await;
        rows.sort_by(|a, b| a.query_id.cmp(&b.query_id));
        rows.into_iter()
            .map(|row| (row.query_id, row.state, row.error_message))
            .collect::<Vec<_>>()
    };
    let open = |id: &str, state| (id.to_owned(), state, None);
    let lost = |id: &str| {
        let message = "the process ended before the query did".to_owned();
        (id.to_owned(), QueryState::Failed, Some(message))
    };
    let of_the_living = [
        open("live-ended", QueryState::Succeeded),
        open("live-queued", QueryState::Queued),
        open("live-running", QueryState::Running),
    ];
    let before = [
        open("dead-ended", QueryState::Succeeded),
        open("dead-queued", QueryState::Queued),
        open("dead-running", QueryState::Running),
    ];
    assert_eq!(states("observer-1").await, [before.as_slice(), &of_the_living].concat());

    children[0].kill().unwrap();
    children[0].wait().unwrap();
    let after = [
        open("dead-ended", QueryState::Succeeded),
        lost("dead-queued"),
        lost("dead-running"),
    ];
    assert_eq!(states("observer-2").await, [after.as_slice(), &of_the_living].concat());

    drop(children[1].stdin.take());
    assert!(children[1].wait().unwrap().success());
    let living = states("observer-3").await.split_off(3);
    assert_eq!(living[2], open("live-running", QueryState::Succeeded));
}
