//! Views: what their names mean, what they keep, what is refused.

use super::{ok, refused, rows, value};
use crate::support::TestEngine;
use owlet_engine::ErrorCode;

#[tokio::test]
async fn a_view_is_read_where_it_stands_and_follows_its_tables() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(&s, "CREATE DATABASE d").await;
    ok(&s, "CREATE TABLE d.t AS SELECT 1 AS a, 'x' AS b").await;
    ok(&s, "USE d").await;
    ok(&s, "CREATE VIEW v COMMENT 'why' AS SELECT a, b FROM t").await;
    ok(&s, "CREATE VIEW w (one, two) AS SELECT b, a FROM v").await;
    ok(&s, "USE default").await;
    ok(&s, "CREATE TABLE t AS SELECT 99 AS a, 'wrong' AS b").await;
    assert_eq!(
        rows(&s, "SELECT one, two FROM d.w").await,
        ["x|1"],
        "its names mean what they meant when it was made"
    );
    ok(&s, "INSERT INTO d.t VALUES (2, 'y')").await;
    assert_eq!(value(&s, "SELECT count(*) FROM d.w WHERE two > 1").await, "1");
    assert_eq!(
        rows(
            &s,
            "SELECT x.one, y.a FROM d.w x JOIN d.v y ON x.two = y.a WHERE y.a = 2"
        )
        .await,
        ["y|2"]
    );
    assert_eq!(rows(&s, "SHOW VIEWS IN d").await, ["v|VIEW|why", "w|VIEW|NULL"]);
    ok(&s, "CREATE OR REPLACE VIEW d.v AS SELECT a * 10 AS a, b FROM d.t").await;
    assert_eq!(rows(&s, "SELECT two FROM d.w ORDER BY two").await, ["10", "20"]);
    refused(
        &s,
        "CREATE VIEW d.v AS SELECT 1 AS a",
        ErrorCode::AlreadyExists,
        &["d.v"],
    )
    .await;
    refused(
        &s,
        "CREATE OR REPLACE VIEW d.t AS SELECT 1 AS a",
        ErrorCode::AlreadyExists,
        &["table"],
    )
    .await;
}

#[tokio::test]
async fn a_view_keeps_its_columns_whatever_its_table_gains_and_says_what_it_has_lost() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(&s, "CREATE TABLE t AS SELECT 1 AS a, 2 AS c").await;
    ok(&s, "CREATE VIEW v AS SELECT * FROM t").await;
    ok(&s, "DROP TABLE t").await;
    refused(&s, "SELECT * FROM v", ErrorCode::TableNotFound, &["in the view", "v"]).await;
    ok(&s, "CREATE TABLE t AS SELECT 1 AS a, 'between' AS b, 2 AS c").await;
    assert_eq!(rows(&s, "SELECT * FROM v").await, ["1|2"]);
    ok(&s, "DROP TABLE t").await;
    ok(&s, "CREATE TABLE t AS SELECT 1 AS a").await;
    refused(
        &s,
        "SELECT * FROM v",
        ErrorCode::ColumnNotFound,
        &["v", "c", "CREATE OR REPLACE VIEW"],
    )
    .await;
}

#[tokio::test]
async fn a_view_that_reads_itself_or_too_much_is_refused() {
    let engine = TestEngine::open(&[("OWLET_STATEMENT_RELATIONS", "60")]).await;
    let s = engine.session();
    ok(&s, "CREATE VIEW a AS SELECT 1 AS x").await;
    ok(&s, "CREATE VIEW b AS SELECT x FROM a").await;
    for sql in [
        "CREATE OR REPLACE VIEW a AS SELECT x FROM b",
        "CREATE OR REPLACE VIEW a AS SELECT x FROM a",
    ] {
        refused(&s, sql, ErrorCode::NotSupported, &["read itself"]).await;
    }
    assert_eq!(value(&s, "SELECT x FROM b").await, "1", "the view is as it was");
    ok(&s, "CREATE VIEW v0 AS SELECT 1 AS x").await;
    for level in 1..6 {
        let below = level - 1;
        ok(
            &s,
            &format!("CREATE VIEW v{level} AS SELECT l.x FROM v{below} l JOIN v{below} r ON l.x = r.x"),
        )
        .await;
    }
    let doubled = "CREATE VIEW v6 AS SELECT l.x FROM v5 l JOIN v5 r ON l.x = r.x";
    ok(&s, doubled).await;
    refused(
        &s,
        "SELECT * FROM v6",
        ErrorCode::ExceededStatementLimit,
        &["v6", "64 relations", "60"],
    )
    .await;
}

#[tokio::test]
async fn a_view_that_others_could_not_read_is_not_made() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    std::fs::write(
        engine.directory.path().join("f.parquet"),
        crate::support::numbers("a", [1]),
    )
    .unwrap();
    refused(
        &s,
        "CREATE VIEW v AS SELECT * FROM 'f.parquet'",
        ErrorCode::InvalidValue,
        &["relative"],
    )
    .await;
    let path = engine.directory.path().join("f.parquet");
    ok(&s, &format!("CREATE VIEW v AS SELECT * FROM '{}'", path.display())).await;
    assert_eq!(value(&s, "SELECT a FROM v").await, "1");
    ok(&s, "CREATE TEMPORARY TABLE tmp AS SELECT 1 AS a").await;
    refused(
        &s,
        "CREATE VIEW w AS SELECT * FROM tmp",
        ErrorCode::NotSupported,
        &["temporary"],
    )
    .await;
    refused(
        &s,
        "CREATE VIEW w AS SELECT missing FROM v",
        ErrorCode::ColumnNotFound,
        &["missing"],
    )
    .await;
    refused(
        &s,
        "CREATE VIEW w AS SELECT 1 AS a, 2 AS a",
        ErrorCode::NotSupported,
        &[],
    )
    .await;
}
