//! The life of a record in the history.

use std::future::ready;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use owlet_engine::history::{Filter, History, Outcome, QueryState, Settings, Statistics, Submission, record_batch};
use owlet_engine::metastore::Metastore;
use owlet_engine::{Error, ErrorCode, Requests};
use tokio::task::JoinSet;

use super::{DAY, NEW_YEAR, TestClock, all, only, open_history, open_metastore, open_metastore_at, submission};
use crate::support::place::{Place, both_databases};

const STATISTICS: Statistics = Statistics {
    rows: 1,
    bytes_scanned: 2,
    bytes_written: 3,
    spilled_bytes: 4,
    requests: Requests {
        get: 5,
        head: 6,
        list: 7,
        put: 8,
        post: 9,
        delete: 10,
    },
};

both_databases!(
    a_query_goes_from_queued_to_running_to_succeeded,
    a_refused_query_leaves_its_error,
    a_cancelled_query_is_not_a_failed_one,
    a_dropped_record_is_closed_as_cancelled,
    a_caller_who_goes_away_while_the_record_is_opened_leaves_no_open_row,
    a_caller_who_goes_away_while_the_record_is_closed_does_not_change_the_end,
    a_closed_history_takes_no_query,
    a_long_statement_is_cut,
    a_list_is_the_newest_of_what_is_asked_for,
    a_record_batch_has_a_row_for_each_query,
    old_queries_are_forgotten_when_a_history_is_opened,
    old_queries_are_forgotten_a_batch_at_a_time,
    a_process_that_lives_for_days_forgets_too,
);

async fn a_query_goes_from_queued_to_running_to_succeeded(place: Place) {
    let history = open_history(&place, "process").await;
    let record = history.begin(submission("q")).await.unwrap();
    let queued = only(&history).await;
    assert_eq!(
        (queued.state, queued.started_at, queued.ended_at),
        (QueryState::Queued, None, None)
    );
    assert_eq!(
        (queued.query_id.as_str(), queued.principal.as_str(), queued.sql.as_str()),
        ("q", "ann", "SELECT 1")
    );

    record.running().await.unwrap();
    let running = only(&history).await;
    assert_eq!(running.state, QueryState::Running);
    assert!(running.started_at.unwrap() > running.submitted_at);

    record.finish(Outcome::Succeeded, STATISTICS).await.unwrap();
    let succeeded = only(&history).await;
    assert_eq!(
        (succeeded.state, succeeded.statistics),
        (QueryState::Succeeded, STATISTICS)
    );
    assert!(succeeded.ended_at > succeeded.started_at);
    assert_eq!((succeeded.error_code, succeeded.error_message), (None, None));
}

async fn a_refused_query_leaves_its_error(place: Place) {
    let history = open_history(&place, "process").await;
    let error = Error::new(ErrorCode::TableNotFound, "there is no table \"t\"");
    let record = history.begin(submission("q")).await.unwrap();
    record
        .finish(Outcome::from(&error), Statistics::default())
        .await
        .unwrap();
    let failed = only(&history).await;
    assert_eq!((failed.state, failed.started_at), (QueryState::Failed, None));
    assert_eq!(failed.error_code.as_deref(), Some("TABLE_NOT_FOUND"));
    assert_eq!(failed.error_message.as_deref(), Some("there is no table \"t\""));
}

async fn a_cancelled_query_is_not_a_failed_one(place: Place) {
    let history = open_history(&place, "process").await;
    let error = Error::new(ErrorCode::Cancelled, "the query was cancelled");
    let record = history.begin(submission("q")).await.unwrap();
    record.finish_later(Outcome::from(&error), STATISTICS);
    history.close().await.unwrap();
    let cancelled = only(&history).await;
    assert_eq!(
        (cancelled.state, cancelled.statistics),
        (QueryState::Cancelled, STATISTICS)
    );
    assert_eq!((cancelled.error_code, cancelled.error_message), (None, None));
}

async fn a_dropped_record_is_closed_as_cancelled(place: Place) {
    let history = open_history(&place, "process").await;
    drop(history.begin(submission("q")).await.unwrap());
    history.close().await.unwrap();
    assert_eq!(only(&history).await.state, QueryState::Cancelled);
}

async fn a_caller_who_goes_away_while_the_record_is_opened_leaves_no_open_row(place: Place) {
    let history = open_history(&place, "process").await;
    tokio::select! {
        biased;
        _ = history.begin(submission("q")) => panic!("a file was written in no time"),
        () = ready(()) => {}
    }
    history.close().await.unwrap();
    assert_eq!(only(&history).await.state, QueryState::Cancelled);
}

async fn a_caller_who_goes_away_while_the_record_is_closed_does_not_change_the_end(place: Place) {
    let history = open_history(&place, "process").await;
    let record = history.begin(submission("q")).await.unwrap();
    tokio::select! {
        biased;
        _ = record.finish(Outcome::Succeeded, STATISTICS) => panic!("a file was written in no time"),
        () = ready(()) => {}
    }
    history.close().await.unwrap();
    let left = std::fs::read_dir(place.directory.join("processes")).unwrap().count();
    assert_eq!(left, 0, "the row counts as open");
    let succeeded = only(&history).await;
    assert_eq!(
        (succeeded.state, succeeded.statistics),
        (QueryState::Succeeded, STATISTICS)
    );
}

async fn a_closed_history_takes_no_query(place: Place) {
    let history = open_history(&place, "process").await;
    history.close().await.unwrap();
    assert_eq!(
        history.begin(submission("q")).await.err().unwrap().code(),
        ErrorCode::Internal
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_lose_no_record_in_a_file() {
    many_tasks_lose_no_record(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_lose_no_record_on_a_server() {
    many_tasks_lose_no_record(Place::postgresql().await).await;
}

async fn many_tasks_lose_no_record(place: Place) {
    let history = open_history(&place, "process").await;
    let mut tasks = JoinSet::new();
    for task in 0..300 {
        let history = history.clone();
        tasks.spawn(async move {
            let record = history.begin(submission(&format!("q{task:03}"))).await.unwrap();
            record.running().await.unwrap();
            assert!(!all(&history).await.is_empty());
            record.finish(Outcome::Succeeded, STATISTICS).await.unwrap();
        });
    }
    tasks.join_all().await;
    let rows = all(&history).await;
    assert_eq!(rows.len(), 300);
    assert!(
        rows.iter()
            .all(|row| row.state == QueryState::Succeeded && row.statistics == STATISTICS)
    );
}

#[tokio::test]
async fn secrets_do_not_reach_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let metastore = open_metastore(directory.path()).await;
    let clock = TestClock::at(NEW_YEAR).clock();
    let history = History::open(metastore.clone(), Settings::default(), "process", clock)
        .await
        .unwrap();
    let sql = "CREATE EXTERNAL TABLE t LOCATION 's3://b/' OPTIONS ('aws.secret_access_key' 'hunter2')".to_owned();
    let record = history.begin(Submission { sql, ..submission("q") }).await.unwrap();
    let error = Error::new(ErrorCode::StorageDenied, "cannot open \"https://ann:hunter2@host/x\"");
    record
        .finish(Outcome::from(&error), Statistics::default())
        .await
        .unwrap();
    let failed = only(&history).await;
    assert!(
        failed.sql.ends_with("('aws.secret_access_key' '***')"),
        "{}",
        failed.sql
    );
    assert_eq!(
        failed.error_message.as_deref(),
        Some("cannot open \"https://***@host/x\"")
    );
    metastore.close().await;
    let bytes = std::fs::read(directory.path().join("metastore.db")).unwrap();
    let contains = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(contains(b"aws.secret_access_key") && !contains(b"hunter2"));
}

async fn a_long_statement_is_cut(place: Place) {
    let metastore = open_metastore_at(&place).await;
    let settings = Settings {
        sql_length_bytes: 12,
        ..Settings::default()
    };
    let history = History::open(metastore, settings, "process", TestClock::at(NEW_YEAR).clock())
        .await
        .unwrap();
    let sql = "SELECT 'a long text'".to_owned();
    let _record = history.begin(Submission { sql, ..submission("q") }).await.unwrap();
    assert_eq!(only(&history).await.sql, "SELECT 'a…");
}

async fn a_list_is_the_newest_of_what_is_asked_for(place: Place) {
    let history = open_history(&place, "process").await;
    for n in 0..6 {
        let principal = if n % 2 == 0 { "ann" } else { "bob" }.to_owned();
        let record = history
            .begin(Submission {
                principal,
                ..submission(&format!("q{n}"))
            })
            .await
            .unwrap();
        let outcome = if n < 3 { Outcome::Succeeded } else { Outcome::Cancelled };
        record.finish(outcome, Statistics::default()).await.unwrap();
    }
    let ids = async |principal: Option<&str>, state, limit| {
        let filter = Filter {
            principal: principal.map(str::to_owned),
            state,
            limit,
        };
        history
            .list(&filter)
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.query_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(None, None, 2).await, ["q5", "q4"]);
    assert_eq!(ids(Some("ann"), None, 9).await, ["q4", "q2", "q0"]);
    assert_eq!(ids(Some("bob"), Some(QueryState::Succeeded), 9).await, ["q1"]);
    assert_eq!(ids(None, Some(QueryState::Failed), 9).await, Vec::<String>::new());
}

async fn a_record_batch_has_a_row_for_each_query(place: Place) {
    let history = open_history(&place, "process").await;
    let record = history.begin(submission("q")).await.unwrap();
    record.finish(Outcome::Succeeded, STATISTICS).await.unwrap();
    let executions = all(&history).await;
    let batch = record_batch(&executions).unwrap();
    assert_eq!(batch.num_rows(), 1);
    let text = |name: &str| {
        batch
            .column_by_name(name)
            .unwrap()
            .as_string::<i32>()
            .value(0)
            .to_owned()
    };
    assert_eq!(
        (text("query_id"), text("state"), text("sql")),
        ("q".into(), "SUCCEEDED".into(), "SELECT 1".into())
    );
    let count = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().value(0);
    let counts = [
        "rows",
        "bytes_scanned",
        "bytes_written",
        "spilled_bytes",
        "get_requests",
        "head_requests",
    ]
    .map(count);
    assert_eq!(counts, [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        [
            "list_requests",
            "put_requests",
            "post_requests",
            "delete_requests",
            "requests"
        ]
        .map(count),
        [7, 8, 9, 10, 45]
    );
    let submitted = batch.column_by_name("submitted_at").unwrap();
    assert_eq!(
        submitted.data_type(),
        &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    );
    assert_eq!(
        submitted.as_primitive::<TimestampMicrosecondType>().value(0),
        executions[0].submitted_at
    );
    for name in ["started_at", "error_code", "error_message"] {
        assert!(batch.column_by_name(name).unwrap().is_null(0), "{name}");
    }
    assert_eq!(record_batch(&[]).unwrap().num_rows(), 0);
}

async fn open_with(place: &Place, settings: Settings, process_id: &str, clock: &TestClock) -> History {
    History::open(open_metastore_at(place).await, settings, process_id, clock.clock())
        .await
        .unwrap()
}

async fn write(history: &History, query_id: &str) {
    let record = history.begin(submission(query_id)).await.unwrap();
    record.finish(Outcome::Succeeded, Statistics::default()).await.unwrap();
}

async fn ids(history: &History) -> Vec<String> {
    all(history).await.into_iter().map(|row| row.query_id).collect()
}

async fn old_queries_are_forgotten_when_a_history_is_opened(place: Place) {
    let settings = Settings {
        retention_days: 3,
        ..Settings::default()
    };
    let clock = TestClock::at(NEW_YEAR);
    let history = open_with(&place, settings.clone(), "first", &clock).await;
    write(&history, "old").await;
    clock.forward(2 * DAY);
    write(&history, "new").await;
    history.close().await.unwrap();

    let history = open_with(&place, settings.clone(), "second", &clock).await;
    assert_eq!(ids(&history).await, ["new", "old"]);
    history.close().await.unwrap();
    clock.forward(DAY + DAY / 2);
    let history = open_with(&place, settings, "third", &clock).await;
    assert_eq!(ids(&history).await, ["new"]);
}

async fn old_queries_are_forgotten_a_batch_at_a_time(place: Place) {
    let settings = Settings {
        retention_days: 1,
        retention_batch_rows: 2,
        ..Settings::default()
    };
    let clock = TestClock::at(NEW_YEAR);
    let history = open_with(&place, settings.clone(), "first", &clock).await;
    for id in ["a", "b", "c", "d", "e"] {
        write(&history, id).await;
    }
    history.close().await.unwrap();
    clock.forward(2 * DAY);
    for (process, left) in [("second", 3), ("third", 1), ("fourth", 0), ("fifth", 0)] {
        let history = open_with(&place, settings.clone(), process, &clock).await;
        assert_eq!(all(&history).await.len(), left, "{process}");
        history.close().await.unwrap();
    }
}

async fn a_process_that_lives_for_days_forgets_too(place: Place) {
    let settings = Settings {
        retention_days: 1,
        ..Settings::default()
    };
    let clock = TestClock::at(NEW_YEAR);
    let history = open_with(&place, settings, "process", &clock).await;
    write(&history, "old").await;
    clock.forward(2 * DAY);
    write(&history, "new").await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while ids(&history).await != ["new"] {
        assert!(tokio::time::Instant::now() < deadline, "the old query is still there");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_retention_of_no_days_is_refused() {
    let settings = Settings {
        retention_days: 0,
        ..Settings::default()
    };
    let clock = TestClock::at(NEW_YEAR).clock();
    let opened = History::open(Metastore::in_memory().await.unwrap(), settings, "process", clock).await;
    let error = opened.err().unwrap();
    assert_eq!(error.code(), ErrorCode::InvalidSetting);
    assert!(error.message().contains("\"retention_days\""), "{error}");
}
