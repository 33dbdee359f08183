//! The life of a statement: its record, its limits, its cancellation.

use futures::StreamExt;
use owlet_engine::ErrorCode;
use std::time::{Duration, Instant};

use crate::support::{TestEngine, numbers, open_in, run, tpch, within_seconds};

async fn state_of(owlet: &TestEngine, query_id: &str) -> String {
    owlet
        .value(&format!(
            "SELECT state FROM system.query_executions WHERE query_id = '{query_id}'"
        ))
        .await
}

#[tokio::test]
async fn a_statement_that_succeeds_is_recorded_with_what_it_cost() {
    let owlet = TestEngine::local().await;
    std::fs::write(owlet.directory.path().join("n.parquet"), numbers("n", 0..1000)).unwrap();
    let answer = owlet.run("SELECT n FROM 'n.parquet' WHERE n < 10").await.unwrap();
    let record = owlet
        .table(&format!(
            "SELECT state, rows, requests, bytes_scanned, principal, statement_type, error_code,
                    ended_at >= started_at AND started_at >= submitted_at AS ordered
             FROM system.query_executions WHERE query_id = '{}'",
            answer.query_id
        ))
        .await;
    let line = record.lines().nth(3).unwrap().replace(' ', "");
    let (requests, bytes) = (answer.statistics.requests.total(), answer.statistics.bytes_scanned);
    assert!(requests > 0 && bytes > 0);
    assert_eq!(line, format!("|SUCCEEDED|10|{requests}|{bytes}|local|SELECT||true|"));
}

#[tokio::test]
async fn a_statement_that_is_refused_leaves_a_trace() {
    let owlet = TestEngine::local().await;
    let error = owlet.run("SELECT * FROM nowhere").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TableNotFound);
    let record = owlet
        .table(
            "SELECT state, error_code FROM system.query_executions WHERE sql LIKE '%nowhere%' AND state <> 'RUNNING'",
        )
        .await;
    assert!(
        record.contains("FAILED") && record.contains("TABLE_NOT_FOUND"),
        "{record}"
    );
}

#[tokio::test]
async fn records_outlive_the_process_that_wrote_them() {
    let directory = tempfile::tempdir().unwrap();
    let first = open_in(directory.path(), &[]).await;
    let session = first.session(owlet_engine::Principal::local());
    let query_id = run(&session, "SELECT 1").await.unwrap().query_id;
    drop(session);
    first.close().await.unwrap();
    let second = open_in(directory.path(), &[]).await;
    let session = second.session(owlet_engine::Principal::local());
    let sql =
        format!("SELECT count(*) FROM system.query_executions WHERE query_id = '{query_id}' AND state = 'SUCCEEDED'");
    assert_eq!(run(&session, &sql).await.unwrap().value(), "1");
}

/// Endless enough: nothing that a test waits for comes before its limit.
const LONG: &str =
    "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a.value % 7 = b.value % 11";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_past_the_deadline_is_the_time_limit() {
    let owlet = TestEngine::open(&[("OWLET_WORKGROUP_EXECUTION_TIMEOUT_SECONDS", "1")]).await;
    let started = Instant::now();
    let error = owlet.run(LONG).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ExceededTimeLimit, "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
    within_seconds(2, "memory is given back", || owlet.engine.reserved_bytes() == 0).await;
}

/// On a runtime of one thread: whatever operators do, it is free to see the deadline and the cancellation.
#[tokio::test]
async fn a_join_that_finds_nothing_or_everything_ends_soon_after_it_is_cancelled() {
    let owlet = TestEngine::local().await;
    for condition in [
        "a.value * b.value = -1",
        "a.value % 1 = b.value % 1 AND a.value * b.value = -1",
        "a.value % 1 = b.value % 1",
        "true",
    ] {
        let join =
            "SELECT sum(a.value + b.value) FROM generate_series(1, 100000) a JOIN generate_series(1, 100000) b ON";
        let mut stream = owlet.session().run(&format!("{join} {condition}")).await.unwrap();
        within_seconds(10, "it holds its left side", || owlet.engine.reserved_bytes() > 500_000).await;
        stream.cancel();
        let asked = Instant::now();
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Cancelled, "{error}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        within_seconds(2, "its work has ended", || owlet.engine.computing_tasks() == 0).await;
        assert_eq!(owlet.engine.reserved_bytes(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_finds_the_queue_full_is_refused_and_recorded() {
    let owlet = TestEngine::open(&[
        ("OWLET_WORKGROUP_CONCURRENT_STATEMENTS", "1"),
        ("OWLET_WORKGROUP_QUEUE_LIMIT", "0"),
    ])
    .await;
    let holds = owlet.session().run(LONG).await.unwrap();
    let error = owlet.run("SELECT 1").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::QueryQueueFull);
    let held = holds.query_id().to_owned();
    drop(holds);
    // The place is free again once the dropped query's work has ended.
    let deadline = Instant::now() + Duration::from_secs(10);
    while owlet.run("SELECT 1").await.is_err() {
        assert!(Instant::now() < deadline, "the slot never came back");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(state_of(&owlet, &held).await, "CANCELLED");
}

#[tokio::test]
async fn a_query_beyond_its_memory_spills_and_beyond_the_spill_limit_is_refused() {
    let data = tpch::data().display().to_string();
    let sort = format!("SELECT * FROM '{data}/lineitem/' ORDER BY l_comment, l_extendedprice");
    let memory = ("OWLET_WORKGROUP_MEMORY_LIMIT_BYTES", "160000000");
    let spills = TestEngine::open(&[memory]).await;
    let answer = spills.run(&sort).await.unwrap();
    assert!(answer.statistics.spilled_bytes > 0);
    assert_eq!(answer.statistics.rows, 600_572);
    within_seconds(2, "spilled bytes are gone", || spills.engine.spilled_bytes() == 0).await;
    let full = TestEngine::open(&[memory, ("OWLET_WORKGROUP_SPILL_LIMIT_BYTES", "1000000")]).await;
    let error = full.run(&sort).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ExceededSpillLimit, "{error}");
    within_seconds(2, "memory is given back", || full.engine.reserved_bytes() == 0).await;
    assert_eq!(full.value("SELECT 1").await, "1");
}

#[tokio::test]
async fn a_query_that_cannot_spill_is_refused_for_its_memory() {
    let owlet = TestEngine::open(&[("OWLET_WORKGROUP_MEMORY_LIMIT_BYTES", "1000000")]).await;
    let data = tpch::data().display().to_string();
    let sql = format!(
        "SELECT count(*) FROM '{data}/orders/' a JOIN '{data}/lineitem/' b ON a.o_comment = b.l_comment OR a.o_orderkey = b.l_orderkey"
    );
    let error = owlet.run(&sql).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ExceededMemoryLimit, "{error}");
}

#[tokio::test]
async fn setting_runtime_options_is_refused() {
    let owlet = TestEngine::local().await;
    for sql in [
        "SET datafusion.runtime.memory_limit = '1G'",
        "RESET datafusion.runtime.memory_limit",
    ] {
        assert_eq!(
            owlet.run(sql).await.unwrap_err().code(),
            ErrorCode::InvalidSetting,
            "{sql}"
        );
    }
}

/// Pseudo-random numbers with a seed: the same points in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_stream_at_any_point_of_the_tpch_queries_ends_the_work_within_two_seconds() {
    let base = tpch::data().display().to_string();
    let owlet = TestEngine::local().await;
    let tasks = tokio::runtime::Handle::current().metrics();
    owlet.value("SELECT 1").await;
    let idle = tasks.num_alive_tasks();
    let mut random = Seeded(1);
    let (mut cancelled, mut late) = (0, Vec::new());
    for number in 1..=22 {
        let sql = tpch::query(number, &base);
        let whole = owlet.run(&sql).await.unwrap().statistics.elapsed;
        for _ in 0..5 {
            // At a random point: while it is planned, while it runs, or with its first batch at hand.
            let budget = whole.mul_f64(f64::from(u32::try_from(random.below(1_000)).unwrap()) / 1_000.0);
            let session = owlet.session();
            let held = tokio::time::timeout(budget, async {
                let mut stream = session.run(&sql).await.unwrap();
                while stream.next().await.is_some() {}
            })
            .await;
            cancelled += usize::from(held.is_err());
            let dropped = Instant::now();
            let ended = || {
                let computing = owlet.engine.computing_tasks();
                computing == 0 && tasks.num_alive_tasks() <= idle && owlet.engine.reserved_bytes() == 0
            };
            while !ended() && dropped.elapsed() < Duration::from_secs(30) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            assert!(ended(), "query {number} goes on 30 s after it was dropped");
            if dropped.elapsed() > Duration::from_secs(2) {
                late.push((number, dropped.elapsed()));
            }
        }
    }
    assert!(
        cancelled >= 50,
        "only {cancelled} of 110 were still running when they were dropped"
    );
    assert!(
        late.len() <= 1,
        "of 110, these ended later than 2 s after they were dropped: {late:?}"
    );
    // Whoever goes away does not wait until its record is closed. What came to its end in the moment in which it was dropped
    // may say so; nothing else is recorded otherwise.
    let count = async |condition: &str| -> usize {
        let sql = format!("SELECT count(*) FROM system.query_executions WHERE {condition}");
        owlet.value(&sql).await.parse().unwrap()
    };
    let deadline = Instant::now() + Duration::from_secs(2);
    while count("state IN ('QUEUED', 'RUNNING') AND sql NOT LIKE '%query_executions%'").await > 0 {
        assert!(Instant::now() < deadline, "a record is still open");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let recorded = count("state = 'CANCELLED'").await;
    assert!(
        recorded <= cancelled && recorded + 5 >= cancelled,
        "{recorded} of {cancelled} are recorded as cancelled"
    );
    let failed = owlet
        .table("SELECT error_code, error_message FROM system.query_executions WHERE state = 'FAILED'")
        .await;
    assert_eq!(failed.lines().count(), 4, "{failed}");
}
