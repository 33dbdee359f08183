//! Partitions: found, typed, added, dropped, repaired, and decided on before listing.

use super::{keys, ok, refused, rows, value};
use crate::support::{TestEngine, numbers};
use owlet_engine::ErrorCode;
use owlet_s3_fixture::S3Fixture;

const FILES: [(&str, [i64; 1]); 4] = [
    ("t/year=2023/month=12/a.parquet", [1]),
    ("t/year=2024/month=01/a.parquet", [2]),
    ("t/year=2024/month=2/a.parquet", [3]),
    ("elsewhere/a.parquet", [100]),
];

#[tokio::test]
async fn partitions_are_found_typed_added_dropped_and_repaired() {
    let fixture = S3Fixture::start(&["lake"]).await;
    for (key, values) in FILES {
        fixture.put("lake", key, numbers("n", values));
    }
    let engine = TestEngine::over(&fixture).await;
    let s = engine.session();
    ok(&s, "CREATE EXTERNAL TABLE t (n bigint) PARTITIONED BY (year int, month int) STORED AS PARQUET LOCATION 's3://lake/t/'").await;
    assert_eq!(
        rows(&s, "SELECT year, month, n FROM t ORDER BY n").await,
        ["2023|12|1", "2024|1|2", "2024|2|3"]
    );
    assert_eq!(
        value(&s, "SELECT sum(n) FROM t WHERE year = 2024 AND month >= 2").await,
        "3"
    );
    assert_eq!(
        rows(&s, "DESCRIBE t").await,
        [
            "n|bigint|YES|NULL|NULL",
            "year|int|YES|partition|NULL",
            "month|int|YES|partition|NULL"
        ]
    );
    assert_eq!(rows(&s, "SHOW PARTITIONS t").await.len(), 3);

    fixture.put("lake", "t/year=2024/month=3/a.parquet", numbers("n", [4]));
    assert_eq!(
        value(&s, "SELECT sum(n) FROM t").await,
        "10",
        "what another writer adds is seen at once"
    );

    ok(
        &s,
        "ALTER TABLE t ADD PARTITION (year=1999, month=1) LOCATION 's3://lake/elsewhere/'",
    )
    .await;
    assert_eq!(value(&s, "SELECT n FROM t WHERE year = 1999").await, "100");
    refused(
        &s,
        "ALTER TABLE t ADD PARTITION (year=1999, month=1)",
        ErrorCode::AlreadyExists,
        &["1999"],
    )
    .await;
    ok(&s, "ALTER TABLE t ADD IF NOT EXISTS PARTITION (year=1999, month=1)").await;

    ok(&s, "ALTER TABLE t DROP PARTITION (year=2024, month=1)").await;
    assert_eq!(value(&s, "SELECT sum(n) FROM t WHERE year = 2024").await, "7");
    assert_eq!(rows(&s, "SHOW PARTITIONS t").await.len(), 4);
    refused(
        &s,
        "ALTER TABLE t DROP PARTITION (year=2024, month=1)",
        ErrorCode::TableNotFound,
        &["year=2024/month=1"],
    )
    .await;
    ok(&s, "ALTER TABLE t DROP IF EXISTS PARTITION (year=2024, month=1)").await;
    assert_eq!(keys(&fixture, "t/year=2024/month=01/").len(), 1, "its files stay");

    let repaired = rows(&s, "MSCK REPAIR TABLE t").await;
    assert!(
        repaired.iter().any(|line| line.starts_with("year=2024/month=1|")),
        "{repaired:?}"
    );
    assert_eq!(
        value(&s, "SELECT sum(n) FROM t WHERE year = 2024").await,
        "9",
        "MSCK brings it back, as in Hive"
    );
    assert_eq!(rows(&s, "MSCK REPAIR TABLE t").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_partition_that_does_not_fit_its_table_is_refused_by_name() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let engine = TestEngine::over(&fixture).await;
    let s = engine.session();
    ok(&s, "CREATE EXTERNAL TABLE t (n bigint) PARTITIONED BY (year int, month int) STORED AS PARQUET LOCATION 's3://lake/t/'").await;
    refused(
        &s,
        "ALTER TABLE t ADD PARTITION (year=2025)",
        ErrorCode::InvalidValue,
        &["month"],
    )
    .await;
    refused(
        &s,
        "ALTER TABLE t ADD PARTITION (yr=2025, month=1)",
        ErrorCode::ColumnNotFound,
        &["yr", "year"],
    )
    .await;
    refused(
        &s,
        "ALTER TABLE t ADD PARTITION (year='x', month=1)",
        ErrorCode::BadData,
        &["year", "x"],
    )
    .await;
    fixture.put("lake", "t/year=next/month=1/a.parquet", numbers("n", [5]));
    refused(&s, "SELECT sum(n) FROM t", ErrorCode::BadData, &["year=next", "year"]).await;
}

#[tokio::test]
async fn a_predicate_on_partitions_is_decided_before_listing() {
    let fixture = S3Fixture::start(&["lake"]).await;
    for day in 0..200 {
        let key = format!("t/dt=2024-{:02}-{:02}/a.parquet", day / 25 + 1, day % 25 + 1);
        fixture.put("lake", &key, numbers("n", [day]));
    }
    let engine = TestEngine::over(&fixture).await;
    let s = engine.session();
    ok(
        &s,
        "CREATE EXTERNAL TABLE t (n bigint) PARTITIONED BY (dt date) STORED AS PARQUET LOCATION 's3://lake/t/'",
    )
    .await;
    fixture.reset();
    let answer = ok(&s, "SELECT n FROM t WHERE dt = DATE '2024-03-04'").await;
    assert_eq!(answer.value(), "53");
    let requests = answer.statistics.requests;
    assert_eq!(
        (requests.list, requests.head),
        (2, 0),
        "the directories once, and the one that matches"
    );
    assert!(requests.get <= 2, "{requests:?}");
}

#[tokio::test]
async fn a_partitioned_table_from_a_query_and_rows_for_one_partition_at_a_time() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    let made = "CREATE TABLE t WITH (partitioned_by = ARRAY['dt']) AS SELECT * FROM (VALUES (1, DATE '2024-01-01'), (2, DATE '2024-01-02'), (3, NULL)) AS r(n, dt)";
    assert_eq!(value(&s, made).await, "3");
    assert_eq!(
        rows(&s, "SELECT n, dt FROM t ORDER BY n").await,
        ["1|2024-01-01", "2|2024-01-02", "3|NULL"]
    );
    ok(
        &s,
        "INSERT INTO t VALUES (4, DATE '2024-01-02'), (5, DATE '2024-01-02')",
    )
    .await;
    assert_eq!(
        value(&s, "SELECT count(*) FROM t WHERE dt = DATE '2024-01-02'").await,
        "3"
    );
    ok(&s, "INSERT INTO t PARTITION (dt = '2024-03-01') SELECT 6").await;
    assert_eq!(value(&s, "SELECT dt FROM t WHERE n = 6").await, "2024-03-01");
    refused(
        &s,
        "INSERT INTO t VALUES (7, DATE '2024-01-01'), (8, DATE '2024-01-02')",
        ErrorCode::NotSupported,
        &["partition"],
    )
    .await;
    assert_eq!(value(&s, "SELECT count(*) FROM t").await, "6");
}

#[tokio::test]
async fn partition_columns_in_another_order_than_the_directories_are_refused_when_the_table_is_made() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "t/year=2023/month=12/a.parquet", numbers("n", [1]));
    fixture.put("lake", "mixed/month=1/year=2023/a.parquet", numbers("n", [1]));
    fixture.put("lake", "mixed/year=2023/month=1/a.parquet", numbers("n", [1]));
    let engine = TestEngine::over(&fixture).await;
    let s = engine.session();
    let create = |name: &str, columns: &str, at: &str| {
        format!(
            "CREATE EXTERNAL TABLE {name} (n bigint) PARTITIONED BY ({columns}) STORED AS PARQUET LOCATION 's3://lake/{at}/'"
        )
    };
    for at in ["t", "mixed"] {
        let sql = create("wrong", "month int, year int", at);
        refused(&s, &sql, ErrorCode::BadData, &["year=2023", "month=…"]).await;
        refused(&s, "SELECT * FROM wrong", ErrorCode::TableNotFound, &["wrong"]).await;
    }
    let sql = create("inner_alone", "month int", "t");
    refused(&s, &sql, ErrorCode::BadData, &["year=2023/month=12", "month=…"]).await;
    ok(&s, &create("right_order", "year int, month int", "t")).await;
    ok(&s, &create("outer_alone", "year int", "t")).await;
    ok(&s, &create("nothing_yet", "month int, year int", "nowhere")).await;
    // Each directory of another name may be registered as a partition later.
    ok(&s, &create("registered", "y int, m int", "t")).await;
    let add = "ALTER TABLE registered ADD PARTITION (y=2023, m=12) LOCATION 's3://lake/t/year=2023/month=12/'";
    ok(&s, add).await;
    assert_eq!(rows(&s, "SELECT y, m, n FROM registered").await, ["2023|12|1"]);
}

#[tokio::test]
async fn a_place_that_is_a_file_by_its_name_has_no_partitions_and_takes_no_rows() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "spark.parquet/year=2023/a.parquet", numbers("n", [1]));
    fixture.put("lake", "one.parquet", numbers("n", [1]));
    let engine = TestEngine::over(&fixture).await;
    let s = engine.session();
    let create = |name: &str, partitions: &str, at: &str| {
        format!("CREATE EXTERNAL TABLE {name} (n bigint) {partitions} STORED AS PARQUET LOCATION 's3://lake/{at}'")
    };
    for at in ["nowhere.parquet", "one.parquet"] {
        let sql = create("t", "PARTITIONED BY (year int)", at);
        refused(&s, &sql, ErrorCode::InvalidValue, &[at, "\"/\" at its end"]).await;
    }
    ok(&s, &create("spark", "PARTITIONED BY (year int)", "spark.parquet")).await;
    assert_eq!(rows(&s, "SELECT year, n FROM spark").await, ["2023|1"]);
    ok(&s, &create("later", "PARTITIONED BY (year int)", "v1.2")).await;
    ok(&s, &create("empty", "", "nowhere.parquet")).await;
    let insert = "INSERT INTO empty VALUES (1)";
    refused(
        &s,
        insert,
        ErrorCode::NotSupported,
        &["LOCATION 's3://lake/nowhere.parquet/'"],
    )
    .await;
}
