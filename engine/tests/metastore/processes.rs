//! Several processes on one metastore. A test starts its own binary again, with its own name as the filter, and the child
//! learns from an environment variable what to do.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use owlet_engine::history::{Outcome, QueryState, Statistics};

use super::{all, open_history, submission};

const DIRECTORY: &str = "OWLET_TEST_METASTORE";
const PROCESS: &str = "OWLET_TEST_PROCESS";
const READY: &str = "the child is ready";

/// The directory and the process's id, if this process was started by [`start`].
fn role() -> Option<(String, String)> {
    Some((std::env::var(DIRECTORY).ok()?, std::env::var(PROCESS).ok()?))
}

/// This test binary once more, for the test `name` of this module alone.
fn start(name: &str, directory: &Path, process_id: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("{}::{name}", module_path!().split_once("::").unwrap().1),
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .env(PROCESS, process_id)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_until_ready(stdout: &mut BufReader<ChildStdout>) {
    let mut line = String::new();
    while !line.contains(READY) {
        line.clear();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "the child ended early");
    }
}

#[tokio::test]
async fn eight_processes_that_start_at_once_lose_no_record() {
    const PROCESSES: usize = 8;
    const RECORDS: usize = 60;
    if let Some((directory, process_id)) = role() {
        let history = open_history(Path::new(&directory), &process_id).await;
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
    let parent = tempfile::tempdir().unwrap();
    // Each round begins with nothing: the schema is made by whoever comes first.
    for round in 0..3 {
        let directory = parent.path().join(format!("round-{round}"));
        let name = "eight_processes_that_start_at_once_lose_no_record";
        let children: Vec<Child> = (0..PROCESSES)
            .map(|n| start(name, &directory, &format!("p{n}")))
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            assert!(
                String::from_utf8_lossy(&output.stdout).contains("1 passed"),
                "the child ran no test"
            );
        }
        let history = open_history(&directory, "observer").await;
        let mut ids: Vec<String> = all(&history).await.into_iter().map(|row| row.query_id).collect();
        ids.sort();
        let expected = (0..PROCESSES).flat_map(|p| (0..RECORDS).map(move |n| format!("p{p}-{n:03}")));
        assert_eq!(ids, expected.collect::<Vec<_>>());
        let left = std::fs::read_dir(directory.join("processes")).unwrap().count();
        assert_eq!(left, 1, "only the observer is there");
    }
}

#[tokio::test]
async fn the_queries_of_a_killed_process_are_closed_by_the_next_one_and_those_of_the_living_are_not() {
    if let Some((directory, process_id)) = role() {
        let history = open_history(Path::new(&directory), &process_id).await;
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
        writeln!(std::io::stdout(), "{READY}").unwrap();
        // Until the parent kills this process or hangs up.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return running.finish(Outcome::Succeeded, Statistics::default()).await.unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let name = "the_queries_of_a_killed_process_are_closed_by_the_next_one_and_those_of_the_living_are_not";
    let mut children: Vec<Child> = ["dead", "live"]
        .iter()
        .map(|id| start(name, directory.path(), id))
        .collect();
    let mut outputs: Vec<_> = children
        .iter_mut()
        .map(|child| BufReader::new(child.stdout.take().unwrap()))
        .collect();
    outputs.iter_mut().for_each(wait_until_ready);
    let states = async |process_id: &str| {
        let history = open_history(directory.path(), process_id).await;
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
