//! Tables: made, filled, read, dropped; whole or not at all.

use super::{directories_below, files_below, keys, ok, refused, rows, value, warehouse};
use crate::support::{TestEngine, numbers, open_in, run, within_seconds};
use owlet_engine::{ErrorCode, Principal};
use owlet_s3_fixture::S3Fixture;
use std::fs;

#[tokio::test]
async fn a_table_is_made_filled_read_described_and_dropped_with_its_files() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(&s, "CREATE TABLE t (id BIGINT NOT NULL COMMENT 'the key', name VARCHAR, price DECIMAL(10,2), day DATE, seen TIMESTAMP)").await;
    assert_eq!(rows(&s, "SELECT * FROM t").await, Vec::<String>::new());
    assert_eq!(value(&s, "INSERT INTO t VALUES (1, 'a', 1.25, DATE '2024-02-29', TIMESTAMP '2024-02-29 12:00:00'), (2, NULL, NULL, NULL, NULL)").await, "2");
    assert_eq!(value(&s, "INSERT INTO t (\"NAME\", Id) SELECT 'b', 3").await, "1");
    assert_eq!(value(&s, "INSERT INTO t SELECT * FROM t WHERE false").await, "0");
    assert_eq!(
        files_below(&warehouse(&engine)),
        2,
        "a file for each INSERT that has rows"
    );
    assert_eq!(
        rows(&s, "SELECT id, name, price, day, seen FROM t ORDER BY id").await,
        [
            "1|a|1.25|2024-02-29|2024-02-29T12:00:00",
            "2|NULL|NULL|NULL|NULL",
            "3|b|NULL|NULL|NULL"
        ]
    );
    assert_eq!(
        rows(&s, "DESCRIBE t").await,
        [
            "id|bigint|NO|NULL|the key",
            "name|string|YES|NULL|NULL",
            "price|decimal(10,2)|YES|NULL|NULL",
            "day|date|YES|NULL|NULL",
            "seen|timestamp|YES|NULL|NULL"
        ]
    );
    let create = value(&s, "SHOW CREATE TABLE t").await;
    ok(&s, "DROP TABLE t").await;
    assert_eq!(
        files_below(&warehouse(&engine)),
        0,
        "a table of the warehouse goes with its files"
    );
    refused(&s, "SELECT * FROM t", ErrorCode::TableNotFound, &["lake.default.t"]).await;
    refused(&s, "DROP TABLE t", ErrorCode::TableNotFound, &["lake.default.t"]).await;
    ok(&s, "DROP TABLE IF EXISTS t").await;
    ok(&s, &create).await;
    assert_eq!(
        value(&s, "SHOW CREATE TABLE t").await,
        create,
        "what SHOW CREATE says makes the same table"
    );
}

#[tokio::test]
async fn a_row_that_breaks_not_null_and_a_value_that_does_not_fit_leave_nothing() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(&s, "CREATE TABLE t (id INT NOT NULL, n TINYINT)").await;
    refused(
        &s,
        "INSERT INTO t VALUES (1, 1), (NULL, 2)",
        ErrorCode::InvalidValue,
        &["id", "NOT NULL"],
    )
    .await;
    refused(
        &s,
        "INSERT INTO t (n) VALUES (1)",
        ErrorCode::InvalidValue,
        &["id", "NOT NULL"],
    )
    .await;
    refused(&s, "INSERT INTO t VALUES (1, 1000)", ErrorCode::InvalidValue, &["1000"]).await;
    refused(
        &s,
        "INSERT INTO t VALUES (1)",
        ErrorCode::TypeMismatch,
        &["1 values", "2 columns"],
    )
    .await;
    refused(
        &s,
        "INSERT INTO t (id, nn) VALUES (1, 2)",
        ErrorCode::ColumnNotFound,
        &["nn", "did you mean n"],
    )
    .await;
    refused(
        &s,
        "INSERT INTO t (id, id) VALUES (1, 2)",
        ErrorCode::AlreadyExists,
        &["id", "twice"],
    )
    .await;
    refused(&s, "INSERT INTO tt VALUES (1)", ErrorCode::TableNotFound, &["tt"]).await;
    assert_eq!(value(&s, "SELECT count(*) FROM t").await, "0");
    assert_eq!(files_below(&warehouse(&engine)), 0);
}

#[tokio::test]
async fn a_value_that_a_cast_would_change_is_not_inserted() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(&s, "CREATE TABLE t (i INT, b BOOLEAN, d DATE, ts TIMESTAMP)").await;
    for (column, given) in [
        ("i", "1.9"),
        ("i", "true"),
        ("b", "5"),
        ("d", "18262"),
        ("ts", "5"),
        ("d", "TIMESTAMP '2024-01-01 10:00:00'"),
    ] {
        let sql = format!("INSERT INTO t ({column}) VALUES ({given})");
        refused(&s, &sql, ErrorCode::TypeMismatch, &[column, "CAST"]).await;
    }
    for (declared, given) in [
        ("i INT", "1.9"),
        ("ts TIMESTAMP", "131964190213133"),
        ("d DATE", "18262"),
    ] {
        let sql = format!("CREATE TABLE u ({declared}) AS VALUES ({given})");
        refused(&s, &sql, ErrorCode::TypeMismatch, &["CAST"]).await;
        refused(
            &s,
            &sql.replace("TABLE", "TEMPORARY TABLE"),
            ErrorCode::TypeMismatch,
            &["CAST"],
        )
        .await;
    }
    ok(&s, "INSERT INTO t (i, d) VALUES (CAST(1.9 AS INT), '2024-01-01')").await;
}

#[tokio::test]
async fn a_time_without_a_zone_is_one_of_the_sessions_zone() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    let zoned = "SELECT arrow_typeof(CAST('2020-01-01 00:00:00+05:00' AS TIMESTAMP WITH TIME ZONE))";
    assert!(
        value(&s, zoned).await.contains("UTC"),
        "the zone is kept without SET, too"
    );
    ok(&s, "CREATE TABLE t (i INT, tz TIMESTAMP WITH TIME ZONE)").await;
    ok(&s, "SET time_zone = 'Europe/Zurich'").await;
    assert!(value(&s, zoned).await.contains("Zurich"));
    ok(
        &s,
        "INSERT INTO t VALUES (1, '2020-06-01 00:00:00'), (2, '2020-06-01 00:00:00+00:00')",
    )
    .await;
    ok(&s, "INSERT INTO t VALUES (3, TIMESTAMP '2020-06-01 00:00:00')").await;
    assert_eq!(
        rows(&s, "SELECT i, tz FROM t ORDER BY i").await,
        [
            "1|2020-06-01T00:00:00+02:00",
            "2|2020-06-01T02:00:00+02:00",
            "3|2020-06-01T00:00:00+02:00"
        ]
    );
    ok(&s, "RESET time_zone").await;
    assert_eq!(
        rows(&s, "SELECT i, tz FROM t ORDER BY i").await,
        [
            "1|2020-05-31T22:00:00Z",
            "2|2020-06-01T00:00:00Z",
            "3|2020-05-31T22:00:00Z"
        ]
    );
}

/// Expressions over the moments of `t`, with their values in New York: as DuckDB 1.5.6 has them with SET TimeZone, and as a literal of
/// the same moment has them here.
const MOMENTS: &[(&str, [&str; 3])] = &[
    ("extract(year FROM tz)", ["2023", "2024", "2024"]),
    ("extract(hour FROM tz)", ["23", "0", "23"]),
    ("date_part('day', n)", ["31", "1", "NULL"]),
    ("CAST(tz AS DATE)", ["2023-12-31", "2024-01-01", "2024-06-30"]),
    (
        "CAST(tz AS TIMESTAMP)",
        ["2023-12-31T23:59:59", "2024-01-01T00:00:00", "2024-06-30T23:30:00"],
    ),
    (
        "CAST(tz AS VARCHAR)",
        [
            "2023-12-31T23:59:59-05:00",
            "2024-01-01T00:00:00-05:00",
            "2024-06-30T23:30:00-04:00",
        ],
    ),
    (
        "date_trunc('day', tz)",
        [
            "2023-12-31T00:00:00-05:00",
            "2024-01-01T00:00:00-05:00",
            "2024-06-30T00:00:00-04:00",
        ],
    ),
    (
        "to_char(tz, '%Y-%m-%d %H:%M')",
        ["2023-12-31 23:59", "2024-01-01 00:00", "2024-06-30 23:30"],
    ),
    ("tz >= DATE '2024-01-01'", ["false", "true", "true"]),
    ("tz >= '2024-01-01'", ["false", "true", "true"]),
    ("tz >= TIMESTAMP '2024-01-01 00:00:00'", ["false", "true", "true"]),
    (
        "n",
        [
            "2023-12-31T23:59:59.123456789-05:00",
            "2024-01-01T00:00:00.123456789-05:00",
            "NULL",
        ],
    ),
];

#[tokio::test]
async fn a_stored_moment_has_its_day_and_its_hour_in_the_sessions_zone() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(
        &s,
        "CREATE TABLE t (i INT, tz TIMESTAMP WITH TIME ZONE, n TIMESTAMP(9) WITH TIME ZONE)",
    )
    .await;
    ok(
        &s,
        "INSERT INTO t VALUES (1, '2024-01-01T04:59:59Z', '2024-01-01T04:59:59.123456789Z'), \
         (2, '2024-01-01T05:00:00Z', '2024-01-01T05:00:00.123456789Z'), (3, '2024-07-01T03:30:00Z', NULL)",
    )
    .await;
    ok(&s, "CREATE VIEW v AS SELECT i, tz, n FROM t").await;
    ok(&s, "SET time_zone = 'America/New_York'").await;
    for relation in ["t", "v"] {
        for (expression, expected) in MOMENTS {
            let sql = format!("SELECT {expression} FROM {relation} ORDER BY i");
            assert_eq!(rows(&s, &sql).await, *expected, "{sql}");
        }
        let sql = format!("SELECT i FROM {relation} WHERE extract(year FROM tz) = 2024 ORDER BY i");
        assert_eq!(rows(&s, &sql).await, ["2", "3"]);
    }
    let plan = rows(&s, "EXPLAIN SELECT i FROM t WHERE tz >= '2024-02-01T00:00:00Z'")
        .await
        .join("\n");
    assert!(plan.contains("pruning") || plan.contains("predicate=tz"), "{plan}");
    ok(&s, "CREATE TABLE c AS SELECT tz FROM t").await;
    ok(&s, "RESET time_zone").await;
    assert_eq!(
        rows(
            &s,
            "SELECT tz FROM c WHERE extract(year FROM tz) = 2024 ORDER BY tz LIMIT 1"
        )
        .await,
        ["2024-01-01T04:59:59Z"],
        "the zone is the session's, not the table's"
    );
}

#[tokio::test]
async fn now_is_one_moment_of_the_statement() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(
        &s,
        "CREATE TABLE t AS SELECT value AS i FROM generate_series(1, 100000)",
    )
    .await;
    assert_eq!(value(&s, "SELECT count(DISTINCT now()) FROM t").await, "1");
    let later = "SELECT now() > TIMESTAMP '2024-01-01 00:00:00' AND current_date > DATE '2024-01-01'";
    assert_eq!(value(&s, later).await, "true");
    ok(&s, "PREPARE p AS SELECT now()").await;
    let first = value(&s, "EXECUTE p").await;
    assert_ne!(
        value(&s, "EXECUTE p").await,
        first,
        "and not that of the statement before"
    );
}

#[tokio::test]
async fn a_table_from_a_query_has_its_rows_names_and_types() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    let made = "CREATE TABLE t AS SELECT 1 AS a, 'x' AS \"B\", CAST(2.5 AS DECIMAL(5,1)) AS c, DATE '2024-01-01' AS d, [1, 2] AS e";
    assert_eq!(value(&s, made).await, "1");
    assert_eq!(
        rows(&s, "SELECT a, b, c, d, e FROM t").await,
        ["1|x|2.5|2024-01-01|[1, 2]"]
    );
    refused(&s, made, ErrorCode::AlreadyExists, &["lake.default.t"]).await;
    ok(&s, "CREATE TABLE IF NOT EXISTS t AS SELECT 1/0 AS never_run").await;
    ok(
        &s,
        "CREATE TABLE declared (x BIGINT, y VARCHAR) AS VALUES (1, 'a'), (2, 'b')",
    )
    .await;
    assert_eq!(rows(&s, "SELECT x, y FROM declared ORDER BY x").await, ["1|a", "2|b"]);
    ok(&s, "CREATE TABLE empty AS SELECT a FROM t WHERE a > 5").await;
    assert_eq!(rows(&s, "DESCRIBE empty").await, ["a|bigint|YES|NULL|NULL"]);
    ok(&s, "CREATE TABLE shape AS SELECT a, b FROM t WITH NO DATA").await;
    assert_eq!(value(&s, "SELECT count(*) FROM shape").await, "0");
    refused(
        &s,
        "CREATE TABLE n AS SELECT NULL AS x",
        ErrorCode::TypeMismatch,
        &["\"x\"", "CAST"].map(|word| word.trim_matches('"')),
    )
    .await;
    refused(
        &s,
        "CREATE TABLE n AS SELECT 1 AS x, 2 AS \"X\"",
        ErrorCode::AlreadyExists,
        &["x"],
    )
    .await;
    let before = files_below(&warehouse(&engine));
    refused(
        &s,
        "CREATE TABLE n AS SELECT 1 AS one, 1/(v-2) AS x FROM (VALUES (1), (2)) AS r(v)",
        ErrorCode::InvalidValue,
        &["zero"],
    )
    .await;
    refused(&s, "SELECT * FROM n", ErrorCode::TableNotFound, &["n"]).await;
    within_seconds(10, "what a failed statement wrote is removed", || {
        files_below(&warehouse(&engine)) == before
    })
    .await;
}

#[tokio::test]
async fn a_table_from_a_query_of_rare_types_can_be_read_or_is_not_made() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    for (value, given, text) in [
        ("'10:00:00.123'", "Time32(Millisecond)", "10:00:00.123"),
        ("'10:00:00'", "Time32(Second)", "10:00:00"),
        ("[1, 2]", "ListView(Int64)", "[1, 2]"),
        ("'a'", "Dictionary(Int32, Utf8)", "a"),
    ] {
        ok(
            &s,
            &format!("CREATE TABLE t AS SELECT arrow_cast({value}, '{given}') AS v"),
        )
        .await;
        assert_eq!(rows(&s, "SELECT v FROM t").await, [text], "{given}");
        ok(&s, "DROP TABLE t").await;
    }
    let runs =
        r#"CREATE TABLE t AS SELECT arrow_cast('a', 'RunEndEncoded("run_ends": non-null Int32, "values": Utf8)') AS v"#;
    refused(&s, runs, ErrorCode::NotSupported, &["column v", "CAST"]).await;
    let days = "CREATE TABLE t AS SELECT arrow_cast(DATE '2024-01-01', 'Date64') AS v";
    refused(&s, days, ErrorCode::NotSupported, &["column v", "CAST(… AS DATE)"]).await;
}

#[tokio::test]
async fn a_table_that_is_dropped_or_was_there_leaves_no_directory() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(
        &s,
        "CREATE TABLE p WITH (partitioned_by = ARRAY['d']) AS SELECT 1 AS a, 2 AS d",
    )
    .await;
    assert_eq!(directories_below(&warehouse(&engine)), 3, "default/p-…/d=2");
    ok(&s, "DROP TABLE p").await;
    assert_eq!(directories_below(&warehouse(&engine)), 1);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let s = engine.session();
        tasks.spawn(async move {
            run(&s, "CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS n")
                .await
                .unwrap()
                .lines()
        });
    }
    let counts: Vec<Vec<String>> = tasks.join_all().await;
    assert_eq!(counts.iter().filter(|count| *count == &["1"]).count(), 1, "{counts:?}");
    within_seconds(10, "the others leave nothing", || {
        directories_below(&warehouse(&engine)) == 2
    })
    .await;
}

#[tokio::test]
async fn explain_of_what_writes_writes_nothing() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(&s, "CREATE TABLE t (a INT)").await;
    ok(&s, "EXPLAIN INSERT INTO t VALUES (1)").await;
    ok(&s, "EXPLAIN CREATE TABLE u AS SELECT 1 AS a").await;
    assert_eq!(value(&s, "SELECT count(*) FROM t").await, "0");
    refused(&s, "SELECT * FROM u", ErrorCode::TableNotFound, &["u"]).await;
    assert_eq!(files_below(&warehouse(&engine)), 0);
}

#[tokio::test]
async fn external_tables_of_both_forms_over_a_bucket_leave_their_files() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "n/a.parquet", numbers("Id", [1, 2, 3]));
    let engine = TestEngine::over(&fixture).await;
    let s = engine.session();
    for (name, create) in [
        (
            "found",
            "CREATE EXTERNAL TABLE found STORED AS PARQUET LOCATION 's3://lake/n/'",
        ),
        ("ending", "CREATE EXTERNAL TABLE ending LOCATION 's3://lake/n/'"),
        (
            "hive",
            "CREATE EXTERNAL TABLE `hive` (`id` bigint COMMENT 'it', extra string) COMMENT 'a table' STORED AS PARQUET LOCATION 's3://lake/n' TBLPROPERTIES ('k'='v')",
        ),
        (
            "serde",
            "CREATE EXTERNAL TABLE serde (id bigint) ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat' OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat' LOCATION 's3://lake/n/'",
        ),
        (
            "one",
            "CREATE EXTERNAL TABLE one STORED AS PARQUET LOCATION 's3://lake/n/a.parquet'",
        ),
    ] {
        ok(&s, create).await;
        assert_eq!(value(&s, &format!("SELECT sum(id) FROM {name}")).await, "6", "{create}");
        ok(&s, &format!("DROP TABLE {name}")).await;
    }
    assert_eq!(keys(&fixture, "n/"), ["n/a.parquet"]);
    ok(
        &s,
        "CREATE EXTERNAL TABLE nothing_there (id INT, b VARCHAR) STORED AS PARQUET LOCATION 's3://lake/empty/'",
    )
    .await;
    assert_eq!(value(&s, "SELECT count(*) FROM nothing_there").await, "0");
    ok(&s, "INSERT INTO nothing_there VALUES (7, 'x')").await;
    assert_eq!(rows(&s, "SELECT * FROM nothing_there").await, ["7|x"]);
    refused(
        &s,
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 's3://lake/none/'",
        ErrorCode::TableNotFound,
        &["s3://lake/none/", "declare"],
    )
    .await;
    refused(
        &s,
        "CREATE EXTERNAL TABLE x (a INT) STORED AS ORC LOCATION 's3://lake/n/'",
        ErrorCode::NotSupported,
        &["ORC"],
    )
    .await;
    refused(
        &s,
        "CREATE EXTERNAL TABLE x (a INT) STORED AS PARQUET",
        ErrorCode::SyntaxError,
        &["LOCATION"],
    )
    .await;
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_named_whatever_is_asked_of_it() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let engine = TestEngine::over(&fixture).await;
    let s = engine.session();
    for sql in [
        "CREATE TABLE t LOCATION 's3://none/t/' AS SELECT 1 AS a",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 's3://none/t/'",
        "CREATE DATABASE d FROM 's3://none/'",
    ] {
        let error = run(&s, sql).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::TableNotFound, "{sql}: {error}");
        assert!(error.message().contains("s3://none"), "{sql}: {error}");
        assert!(!error.message().contains("not known"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_table_in_a_given_place_needs_it_empty_and_keeps_its_files() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    let place = engine.directory.path().join("place");
    let create = |name: &str| {
        format!(
            "CREATE TABLE {name} STORED AS PARQUET LOCATION '{}/' AS SELECT 1 AS a",
            place.display()
        )
    };
    ok(&s, &create("t")).await;
    assert_eq!(value(&s, "SELECT a FROM t").await, "1");
    refused(&s, &create("u"), ErrorCode::AlreadyExists, &["not empty"]).await;
    ok(&s, "DROP TABLE t").await;
    assert_eq!(files_below(&place), 1, "the place is the user's");
    fs::remove_dir_all(&place).unwrap();
    let with = format!(
        "CREATE TABLE w WITH (format = 'PARQUET', external_location = '{}/', write_compression = 'ZSTD') AS SELECT 2 AS a",
        place.display()
    );
    ok(&s, &with).await;
    assert_eq!(value(&s, "SELECT a FROM w").await, "2");
}

#[tokio::test]
async fn definitions_survive_a_restart_and_are_seen_at_once_by_another_engine() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    let other = open_in(engine.directory.path(), &[]).await;
    let theirs = other.session(Principal::local());
    ok(&s, "CREATE DATABASE d COMMENT 'c'").await;
    ok(&s, "CREATE TABLE d.t AS SELECT 1 AS a").await;
    ok(&theirs, "CREATE VIEW d.v AS SELECT a + 1 AS b FROM d.t").await;
    assert_eq!(value(&s, "SELECT b FROM d.v").await, "2");
    ok(&theirs, "INSERT INTO d.t VALUES (10)").await;
    assert_eq!(value(&s, "SELECT sum(a) FROM d.t").await, "11");
    other.close().await.unwrap();
    engine.engine.clone().close().await.unwrap();
    let again = open_in(engine.directory.path(), &[]).await;
    let s = again.session(Principal::local());
    assert_eq!(rows(&s, "SELECT b FROM d.v ORDER BY b").await, ["2", "11"]);
    ok(&s, "DROP DATABASE d CASCADE").await;
    refused(&s, "SELECT * FROM d.t", ErrorCode::DatabaseNotFound, &["\"d\""]).await;
    assert_eq!(files_below(&warehouse(&engine)), 0);
}

#[tokio::test]
async fn of_many_who_make_one_name_at_once_one_succeeds_and_the_others_leave_nothing() {
    let engine = TestEngine::local().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let s = engine.session();
        tasks.spawn(async move { run(&s, &format!("CREATE TABLE t AS SELECT {number} AS n")).await });
    }
    let outcomes = tasks.join_all().await;
    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(made, 1);
    for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(error.code(), ErrorCode::AlreadyExists, "{error}");
    }
    within_seconds(10, "the losers' files are removed", || {
        files_below(&warehouse(&engine)) == 1
    })
    .await;
    assert_eq!(value(&engine.session(), "SELECT count(*) FROM t").await, "1");
}

#[tokio::test]
async fn of_two_who_write_to_one_place_at_once_one_at_most_makes_a_table_of_it() {
    let engine = TestEngine::local().await;
    let place = engine.directory.path().join("p");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..4 {
        let s = engine.session();
        let sql = format!(
            "CREATE TABLE t{number} LOCATION '{}/' AS SELECT {number} AS n",
            place.display()
        );
        tasks.spawn(async move { run(&s, &sql).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        1,
        "{outcomes:?}"
    );
    within_seconds(10, "the losers leave nothing", || files_below(&place) == 1).await;
}

#[tokio::test]
async fn a_cancelled_statement_makes_no_table_and_leaves_no_file() {
    let engine = TestEngine::open(&[(
        "OWLET_FORMATS_WRITE",
        "{ target_file_bytes = 100000, row_group_rows = 10000 }",
    )])
    .await;
    let s = engine.session();
    let place = engine.directory.path().join("p");
    let sql = format!(
        "CREATE TABLE t LOCATION '{}/' AS SELECT a.value AS x FROM generate_series(1, 100000) a, generate_series(1, 100000) b",
        place.display()
    );
    let stream = s.run(&sql).await.unwrap();
    within_seconds(60, "it writes", || files_below(&place) > 0).await;
    drop(stream);
    within_seconds(30, "it leaves nothing", || files_below(&place) == 0).await;
    refused(&s, "SELECT * FROM t", ErrorCode::TableNotFound, &["t"]).await;
    let again = format!("CREATE TABLE t LOCATION '{}/' AS SELECT 1 AS x", place.display());
    ok(&s, &again).await;
}

#[tokio::test]
async fn a_secret_in_a_statement_is_refused_and_kept_nowhere() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    for sql in [
        "CREATE EXTERNAL TABLE x (a INT) STORED AS PARQUET LOCATION 's3://b/x/' OPTIONS ('aws.secret_access_key' 'hush-hush')",
        "CREATE TABLE x (a INT) TBLPROPERTIES ('api_token' = 'hush-hush')",
        "CREATE DATABASE x WITH DBPROPERTIES ('password' = 'hush-hush')",
    ] {
        let error = run(&s, sql).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotSupported, "{error}");
        assert!(
            error.message().contains("looks like a secret") && !error.message().contains("hush"),
            "{error}"
        );
    }
    let kept = "SELECT count(*) FROM system.query_executions WHERE sql LIKE '%hu' || 'sh-h%' OR error_message LIKE '%hu' || 'sh-h%'";
    assert_eq!(value(&s, kept).await, "0");
}

#[tokio::test]
async fn names_that_are_keywords_or_strange_are_shown_as_they_must_be_written() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(
        &s,
        "CREATE TABLE \"order\" AS SELECT 1 AS \"select\", 2 AS \"a b\", 3 AS \"q\"\"uote\"",
    )
    .await;
    let create = value(&s, "SHOW CREATE TABLE \"order\"").await;
    ok(&s, "DROP TABLE \"order\"").await;
    ok(&s, &create).await;
    assert_eq!(value(&s, "SHOW CREATE TABLE \"order\"").await, create);
    assert_eq!(value(&s, "SELECT count(\"select\") FROM \"order\"").await, "0");
}

#[tokio::test]
async fn a_column_is_found_in_whatever_case_its_quoted_name_is() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    fs::write(engine.directory.path().join("f.parquet"), numbers("customerId", [1, 2])).unwrap();
    assert_eq!(value(&s, "SELECT sum(\"customerId\") FROM 'f.parquet'").await, "3");
    ok(
        &s,
        "CREATE TABLE t AS SELECT \"CustomerID\" AS \"Id\", 'x' AS n FROM 'f.parquet'",
    )
    .await;
    for sql in [
        "SELECT sum(\"ID\") FROM t",
        "SELECT sum(\"T\".\"Id\") FROM t",
        "SELECT sum(\"t\".\"iD\") FROM t GROUP BY \"N\" ORDER BY \"N\"",
        "SELECT \"Total\" FROM (SELECT sum(id) AS Total FROM t)",
        "SELECT \"Total\" FROM (SELECT sum(id) AS \"Total\" FROM t)",
        "WITH \"C\" (\"Sum\") AS (SELECT sum(id) FROM t) SELECT \"C\".\"Sum\" FROM \"C\"",
        "SELECT sum(\"A\".\"ID\") FROM t AS \"A\" WHERE \"A\".id > 0",
    ] {
        assert_eq!(value(&s, sql).await, "3", "{sql}");
    }
    assert_eq!(
        rows(
            &s,
            "SELECT a.\"X\", b.\"x\" FROM (SELECT 1 AS \"X\") a, (SELECT 2 AS x) b"
        )
        .await,
        ["1|2"]
    );
    refused(&s, "SELECT \"Idd\" FROM t", ErrorCode::ColumnNotFound, &["idd", "id"]).await;
}

#[tokio::test]
async fn what_cannot_be_done_says_so() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    ok(&s, "CREATE TABLE t (a INT)").await;
    ok(&s, "CREATE VIEW v AS SELECT a FROM t").await;
    refused(
        &s,
        "CREATE TABLE t (a INT)",
        ErrorCode::AlreadyExists,
        &["lake.default.t", "IF NOT EXISTS"],
    )
    .await;
    refused(&s, "CREATE TABLE v (a INT)", ErrorCode::AlreadyExists, &["view"]).await;
    refused(
        &s,
        "CREATE TABLE nowhere.t (a INT)",
        ErrorCode::DatabaseNotFound,
        &["nowhere"],
    )
    .await;
    refused(
        &s,
        "CREATE TABLE hive.default.t (a INT)",
        ErrorCode::DatabaseNotFound,
        &["hive"],
    )
    .await;
    refused(&s, "DROP TABLE v", ErrorCode::TableNotFound, &["view", "DROP VIEW"]).await;
    refused(&s, "DROP VIEW t", ErrorCode::TableNotFound, &["table", "DROP TABLE"]).await;
    refused(&s, "INSERT INTO v VALUES (1)", ErrorCode::NotSupported, &["view"]).await;
    refused(
        &s,
        "INSERT INTO system.query_executions SELECT 1",
        ErrorCode::PermissionDenied,
        &["system"],
    )
    .await;
    refused(
        &s,
        "CREATE TABLE system.t (a INT)",
        ErrorCode::PermissionDenied,
        &["system"],
    )
    .await;
    refused(
        &s,
        "DROP TABLE system.query_executions",
        ErrorCode::PermissionDenied,
        &["system"],
    )
    .await;
    refused(&s, "DELETE FROM t", ErrorCode::NotSupported, &["DELETE"]).await;
    refused(&s, "UPDATE t SET a = 1", ErrorCode::NotSupported, &["UPDATE"]).await;
    refused(
        &s,
        "INSERT OVERWRITE t VALUES (1)",
        ErrorCode::NotSupported,
        &["OVERWRITE"],
    )
    .await;
    refused(
        &s,
        "CREATE TABLE x (a INT PRIMARY KEY)",
        ErrorCode::NotSupported,
        &["PRIMARY KEY"],
    )
    .await;
}

#[tokio::test]
async fn nine_digits_of_seconds_are_kept_where_they_are_declared() {
    let engine = TestEngine::local().await;
    let s = engine.session();
    let declared = "CREATE TABLE t (a TIMESTAMP(9), b TIMESTAMP(9) WITH TIME ZONE, c TIME, d TIME(6))";
    ok(&s, declared).await;
    let row =
        "'2020-01-01 00:00:00.123456789', '2020-01-01 00:00:00.123456789Z', '10:00:00.123456789', '10:00:00.123456'";
    let shown = "2020-01-01T00:00:00.123456789|2020-01-01T00:00:00.123456789Z|10:00:00.123456789|10:00:00.123456";
    ok(&s, &format!("INSERT INTO t VALUES ({row})")).await;
    assert_eq!(rows(&s, "SELECT * FROM t").await, [shown]);
    ok(&s, "CREATE TABLE u AS SELECT * FROM t").await;
    assert_eq!(rows(&s, "SELECT * FROM u").await, [shown]);
    let types = ["timestamp(9)", "timestamp(9) with time zone", "time(9)", "time(6)"];
    for (index, data_type) in types.iter().enumerate() {
        assert!(rows(&s, "DESCRIBE u").await[index].contains(&format!("|{data_type}|")));
    }
    let made = value(&s, "SHOW CREATE TABLE u").await;
    for data_type in types {
        assert!(made.contains(data_type), "{made}");
    }
    // What others wrote is read as declared, whatever its digits.
    let place = engine.directory.path().join("w").display().to_string();
    let micros = "SELECT arrow_cast('10:00:00.123456', 'Time64(Microsecond)') AS c";
    ok(&s, &format!("CREATE TABLE w LOCATION '{place}/' AS {micros}")).await;
    let external = format!("CREATE EXTERNAL TABLE x (c TIME) STORED AS PARQUET LOCATION '{place}/'");
    ok(&s, &external).await;
    assert_eq!(value(&s, "SELECT c FROM x").await, "10:00:00.123456");
}
