//! What a remote principal reaches through statements of the catalogue.

use super::{files_below, ok, refused, value, warehouse};
use crate::support::{TestEngine, numbers};
use owlet_engine::{ErrorCode, Principal};

/// Whoever comes over the network reaches the warehouse through the catalogue, and no other file of the server.
#[tokio::test]
async fn a_remote_principal_reads_and_writes_the_warehouse_alone() {
    let engine = TestEngine::local().await;
    let local = engine.session();
    let remote = engine.engine.session(Principal::remote("ann"));
    let outside = engine.directory.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("f.parquet"), numbers("a", [1])).unwrap();
    let outside = outside.display();
    ok(
        &local,
        &format!("CREATE EXTERNAL TABLE theirs STORED AS PARQUET LOCATION '{outside}/'"),
    )
    .await;
    ok(
        &local,
        &format!("CREATE VIEW seen AS SELECT a FROM '{outside}/f.parquet'"),
    )
    .await;
    ok(&local, "CREATE TABLE ours AS SELECT 1 AS a").await;

    ok(&remote, "CREATE TABLE mine AS SELECT a + 1 AS a FROM ours").await;
    ok(&remote, "INSERT INTO mine VALUES (5)").await;
    assert_eq!(value(&remote, "SELECT sum(a) FROM mine").await, "7");
    let denied = ErrorCode::PermissionDenied;
    for sql in [
        "SELECT * FROM theirs".to_owned(),
        "SELECT count(*) FROM theirs".to_owned(),
        "INSERT INTO theirs VALUES (1)".to_owned(),
        "SELECT * FROM seen".to_owned(),
        format!("SELECT * FROM '{outside}/f.parquet'"),
        format!("DESCRIBE '{outside}/f.parquet'"),
        format!("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '{outside}/'"),
        format!("CREATE EXTERNAL TABLE x (a INT) STORED AS PARQUET LOCATION 'file://{outside}/'"),
        format!("CREATE TABLE x LOCATION '{outside}/new/' AS SELECT 1 AS a"),
        format!("CREATE TABLE x WITH (external_location = '{outside}/new/') AS SELECT 1 AS a"),
        format!("CREATE DATABASE x LOCATION '{outside}/'"),
        format!("CREATE DATABASE x FROM '{outside}/'"),
        format!("CREATE VIEW x AS SELECT * FROM '{outside}/f.parquet'"),
        format!("EXPLAIN CREATE TABLE x AS SELECT * FROM '{outside}/f.parquet'"),
        format!("SELECT * FROM '{}/'", warehouse(&engine).display()),
    ] {
        refused(&remote, &sql, denied, &[]).await;
    }
    ok(&remote, "DROP TABLE mine").await;
    assert_eq!(files_below(&warehouse(&engine)), 1);
}
