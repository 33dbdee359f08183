//! Databases: what is declared, and what CREATE DATABASE … FROM finds.

use super::{ok, refused, rows, value};
use crate::support::{TestEngine, numbers};
use owlet_engine::ErrorCode;
use owlet_s3_fixture::S3Fixture;

#[tokio::test]
async fn a_database_has_a_comment_a_place_and_properties() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    let place = engine.directory.path().join("db");
    ok(
        &s,
        &format!(
            "CREATE DATABASE Sales COMMENT 'it''s ours' LOCATION '{}' WITH DBPROPERTIES ('owner'='ann')",
            place.display()
        ),
    )
    .await;
    assert_eq!(
        rows(&s, "DESCRIBE DATABASE sales").await,
        [
            "name|sales".to_owned(),
            "comment|it's ours".to_owned(),
            format!("location|{}/", place.display()),
            "owner|ann".to_owned()
        ]
    );
    ok(&s, "CREATE TABLE sales.t AS SELECT 1 AS a").await;
    assert_eq!(super::files_below(&place), 1, "its tables lie in its place");
    refused(&s, "CREATE SCHEMA sales", ErrorCode::AlreadyExists, &["sales"]).await;
    ok(&s, "CREATE SCHEMA IF NOT EXISTS sales").await;
    refused(&s, "DROP DATABASE sales", ErrorCode::AlreadyExists, &["CASCADE"]).await;
    refused(&s, "DROP DATABASE default", ErrorCode::NotSupported, &["default"]).await;
    refused(
        &s,
        "DROP DATABASE system CASCADE",
        ErrorCode::PermissionDenied,
        &["system"],
    )
    .await;
    ok(&s, "DROP DATABASE sales CASCADE").await;
    assert_eq!(super::files_below(&place), 0);
    refused(&s, "DROP DATABASE sales", ErrorCode::DatabaseNotFound, &["sales"]).await;
    ok(&s, "DROP DATABASE IF EXISTS sales").await;
}

#[tokio::test]
async fn a_database_opens_with_the_tables_that_lie_under_a_prefix() {
    let fixture = S3Fixture::start(&["lake"]).await;
    for (key, body) in [
        ("x/orders/a.parquet", numbers("id", [1, 2])),
        ("x/orders/b.parquet", numbers("id", [3])),
        ("x/visits/day=2024-01-01/a.parquet", numbers("n", [1])),
        ("x/visits/day=2024-01-02/a.parquet", numbers("n", [5])),
        ("x/crm/leads/a.csv", b"name,age\nann,30\n".to_vec()),
        ("x/events/a.json", b"{\"kind\":\"click\",\"at\":{\"x\":1}}\n".to_vec()),
        ("x/delta/_delta_log/00000000000000000000.json", b"{}".to_vec()),
        ("x/delta/a.parquet", numbers("id", [1])),
        ("x/ice/metadata/v1.metadata.json", b"{}".to_vec()),
        ("x/ice/data/a.parquet", numbers("id", [1])),
        ("x/broken/a.parquet", b"PAR1 is not enough PAR1".to_vec()),
        ("x/nothing/_SUCCESS", Vec::new()),
        ("x/nations.parquet", numbers("id", [1])),
    ] {
        fixture.put("lake", key, body);
    }
    let engine = TestEngine::over(&fixture).await;
    let s = engine.session();
    let report = rows(&s, "CREATE DATABASE sales FROM 's3://lake/x/'").await;
    let found: Vec<String> = report
        .iter()
        .map(|line| line.split('|').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        found,
        [
            "nations registered parquet",
            "broken left out unknown",
            "crm_leads registered csv",
            "delta left out delta",
            "events registered json",
            "ice left out iceberg",
            "nothing left out nothing",
            "orders registered parquet",
            "visits registered parquet",
        ]
    );
    assert!(
        report
            .iter()
            .any(|line| line.contains("broken") && line.contains("s3://lake/x/broken/a.parquet")),
        "{report:?}"
    );
    assert_eq!(value(&s, "SELECT sum(id) FROM sales.orders").await, "6");
    assert_eq!(
        value(&s, "SELECT n FROM sales.visits WHERE day = DATE '2024-01-02'").await,
        "5"
    );
    assert_eq!(rows(&s, "SELECT name, age FROM sales.crm_leads").await, ["ann|30"]);
    assert_eq!(value(&s, "SELECT at['x'] FROM sales.events").await, "1");
    refused(
        &s,
        "CREATE DATABASE none FROM 's3://lake/none/'",
        ErrorCode::TableNotFound,
        &["s3://lake/none/"],
    )
    .await;
    refused(
        &s,
        "CREATE TABLE none.t (a INT)",
        ErrorCode::DatabaseNotFound,
        &["none"],
    )
    .await;
}
