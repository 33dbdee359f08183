//! What is offered at a place of a text: by a real engine, from its catalogue, its functions and its stores.

use std::time::{Duration, Instant};

use owlet_engine::{CandidateKind, Principal, Session};
use owlet_s3_fixture::{Fault, RequestKind, RequestRule, S3Fixture};

use crate::support::{TestEngine, numbers, run};

/// An engine with tables, a view and a temporary table.
async fn engine() -> (TestEngine, Session) {
    let engine = TestEngine::local().await;
    let session = engine.session();
    for sql in [
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (order_id BIGINT, \"Odd one\" STRING, amount DOUBLE)",
        "CREATE TABLE shop.order_lines (order_id BIGINT, line INT)",
        "CREATE VIEW shop.large AS SELECT order_id AS large_id FROM shop.orders",
        "CREATE TABLE stray (strayed INT)",
        "CREATE TEMPORARY TABLE strolling AS SELECT 1 AS step_count",
    ] {
        run(&session, sql).await.unwrap();
    }
    (engine, session)
}

/// What is offered at the `|` of `text`, as texts in their order.
async fn offered(session: &Session, text: &str) -> Vec<String> {
    let cursor = text.find('|').unwrap();
    let text = text.replacen('|', "", 1);
    let found = session.complete(&text, cursor).await;
    assert!(found.start <= cursor, "{text}");
    found.candidates.into_iter().map(|candidate| candidate.text).collect()
}

#[track_caller]
fn check(found: &[String], wanted: &[&str], unwanted: &[&str]) {
    for one in wanted {
        assert!(found.iter().any(|text| text == one), "{one} is not in {found:?}");
    }
    for one in unwanted {
        assert!(!found.iter().any(|text| text == one), "{one} is in {found:?}");
    }
}

#[tokio::test]
async fn names_of_the_catalogue_stand_where_relations_do() {
    let (_engine, session) = engine().await;
    assert_eq!(offered(&session, "select * from st|").await, ["stray", "strolling"]);
    assert_eq!(
        offered(&session, "select * from shop.|").await,
        ["large", "order_lines", "orders"]
    );
    assert_eq!(
        offered(&session, "select * from LAKE.shop.\"or|").await,
        ["\"order_lines\"", "\"orders\""]
    );
    assert_eq!(offered(&session, "select * from sh|").await, ["shop"]);
    check(
        &offered(&session, "use |").await,
        &["shop", "default", "system"],
        &["stray", "SELECT"],
    );
    check(
        &offered(&session, "select * from information_schema.t|").await,
        &["tables"],
        &[],
    );
    check(
        &offered(&session, "select * from system.|").await,
        &["query_executions"],
        &[],
    );
    run(&session, "USE shop").await.unwrap();
    assert_eq!(
        offered(&session, "drop table or|").await[..2],
        ["order_lines", "orders"]
    );
}

#[tokio::test]
async fn columns_are_those_of_the_relations_that_the_statement_names() {
    let (_engine, session) = engine().await;
    let found = offered(
        &session,
        "select |, 1 from shop.orders o join shop.large on true; select strayed from stray",
    )
    .await;
    assert_eq!(found[..4], ["\"odd one\"", "amount", "large_id", "order_id"]);
    check(&found, &[], &["strayed", "line"]);
    assert_eq!(
        offered(&session, "select o.| from shop.orders as o, shop.order_lines").await,
        ["\"odd one\"", "amount", "order_id"]
    );
    assert_eq!(
        offered(&session, "select order_lines.l| from shop.orders, shop.order_lines").await,
        ["line"]
    );
    check(
        &offered(&session, "select st| from strolling").await,
        &["step_count", "starts_with("],
        &[],
    );
    check(
        &offered(&session, "select sta| from system.query_executions").await,
        &["state"],
        &[],
    );
    assert_eq!(
        offered(&session, "select missing.x| from missing").await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn keywords_keep_the_case_of_the_writer() {
    let (_engine, session) = engine().await;
    assert_eq!(offered(&session, "sel|").await, ["select"]);
    assert_eq!(offered(&session, "SEL|").await, ["SELECT"]);
    check(
        &offered(&session, "select 1 from stray whe|").await,
        &["where"],
        &["WHERE"],
    );
    check(&offered(&session, "select sum|").await, &["sum("], &[]);
    check(&offered(&session, "set time|").await, &["time_zone"], &[]);
    assert_eq!(offered(&session, "select 'sel|").await, Vec::<String>::new());
}

#[tokio::test]
async fn files_are_found_by_one_listing_of_their_directory() {
    let fixture = S3Fixture::start(&["bucket"]).await;
    for key in [
        "lake/trips/a.parquet",
        "lake/trips/b.parquet",
        "lake/tracks.parquet",
        "lake/_log",
    ] {
        fixture.put("bucket", key, numbers("n", [1]));
    }
    let engine = TestEngine::over(&fixture).await;
    let session = engine.session();
    fixture.reset();
    assert_eq!(
        offered(&session, "select * from 's3://bucket/lake/tr|'").await,
        ["tracks.parquet", "trips/"]
    );
    assert_eq!(fixture.requests().len(), 1);
    assert_eq!(
        offered(&session, "select * from 's3://bucket/lake/|").await,
        ["tracks.parquet", "trips/"]
    );
    std::fs::write(engine.directory.path().join("local file.csv"), "a\n1\n").unwrap();
    assert_eq!(offered(&session, "select * from 'loc|").await, ["local file.csv"]);
    let remote = engine.engine.session(Principal::remote("somebody"));
    for text in [
        "select * from 'loc|",
        "select * from '/|",
        "select * from 's3://bucket/lake/|",
    ] {
        assert_eq!(offered(&remote, text).await, Vec::<String>::new(), "{text}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_not_waited_for() {
    let fixture = S3Fixture::start(&["bucket"]).await;
    fixture.inject(RequestRule::on(RequestKind::List).fault(Fault::Stall { after_bytes: 0 }));
    let engine = TestEngine::over(&fixture).await;
    let asked = Instant::now();
    assert_eq!(
        offered(&engine.session(), "select * from 's3://bucket/|").await,
        Vec::<String>::new()
    );
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn nothing_is_recorded_and_the_answer_is_bounded() {
    let (engine, session) = engine().await;
    for n in 0..30 {
        let columns: Vec<String> = (0..30).map(|column| format!("wide_{n}_{column} INT")).collect();
        run(&session, &format!("CREATE TABLE wide_{n} ({})", columns.join(", ")))
            .await
            .unwrap();
    }
    let count = "SELECT count(*) FROM system.query_executions";
    let before: u64 = engine.value(count).await.parse().unwrap();
    let tables: Vec<String> = (0..30).map(|n| format!("wide_{n}")).collect();
    let text = format!("select wide_ from {}", tables.join(", "));
    let found = session.complete(&text, "select wide_".len()).await;
    assert!(found.candidates.len() <= 500);
    assert!(
        found
            .candidates
            .iter()
            .any(|candidate| candidate.kind == CandidateKind::Column)
    );
    let after: u64 = engine.value(count).await.parse().unwrap();
    assert_eq!(after, before + 1, "the count itself is the only statement since");
}

#[tokio::test]
async fn no_text_and_no_cursor_is_an_error() {
    let (_engine, session) = engine().await;
    for text in [
        "",
        ";",
        "'",
        "\"",
        "ß",
        "select ß",
        "/*",
        "$$",
        "from .",
        "select a..b from c",
        "((((",
    ] {
        for cursor in 0..=text.len() + 2 {
            let found = session.complete(text, cursor).await;
            assert!(found.start <= text.len(), "{text} {cursor}");
        }
    }
}
