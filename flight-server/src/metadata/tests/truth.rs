//! Whether it is true what SqlInfo and the list of types say: statements that make use of it.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int32Type;
use arrow_flight::sql::{CommandGetSqlInfo, CommandGetXdbcTypeInfo};

use super::{TestEngine, value_of};
use crate::metadata::Metadata;

#[track_caller]
fn ok<T>(result: owlet_engine::Result<T>, sql: &str) {
    if let Err(error) = result {
        panic!("{sql}: {error}");
    }
}

#[tokio::test]
async fn what_is_said_to_be_supported_runs() {
    let engine = TestEngine::open().await;
    for sql in [
        "CREATE DATABASE d",
        "CREATE SCHEMA e",
        "CREATE TABLE d.t (a BIGINT NOT NULL, b BIGINT, c STRING)",
        "SELECT a AS other FROM d.t AS other",
        "SELECT a FROM d.t AS t",
        "SELECT a FROM lake.d.t",
        "SELECT a FROM d.t ORDER BY b",
        "SELECT a FROM d.t ORDER BY a + b",
        "SELECT count(*) FROM d.t GROUP BY a, b",
        "SELECT a FROM d.t WHERE c LIKE 'x\\%%' ESCAPE '\\'",
        "SELECT a FROM d.t WHERE a = (SELECT max(a) FROM d.t)",
        "SELECT a FROM d.t WHERE EXISTS (SELECT 1 FROM d.t AS o WHERE o.b = t.a)",
        "SELECT a FROM d.t WHERE a IN (SELECT b FROM d.t)",
        "SELECT a FROM d.t WHERE a = ANY (SELECT b FROM d.t)",
        "SELECT a FROM d.t WHERE a > ALL (SELECT b FROM d.t)",
        "SELECT a FROM d.t UNION SELECT b FROM d.t",
        "SELECT a FROM d.t UNION ALL SELECT b FROM d.t",
        "SELECT x.a FROM d.t AS x FULL OUTER JOIN d.t AS y ON x.a = y.b",
        "SELECT x.a FROM d.t AS x LEFT JOIN (d.t AS y RIGHT JOIN d.t AS z ON y.a = z.b) ON x.a = y.b",
        "SELECT 1 AS at@x, 2 AS of$x, 3 AS number#x",
        "SELECT position('b' IN 'abc'), extract(year FROM DATE '2020-01-01'), cast('1' AS INT), try_cast('x' AS INT)",
        "INSERT INTO d.t VALUES (1, 2, 'x'), (2, 3, 'y')",
        "DROP TABLE d.t",
        "DROP DATABASE d",
    ] {
        ok(engine.run(sql).await, sql);
    }
}

#[tokio::test]
async fn names_are_read_and_ordered_as_it_is_said() {
    let engine = TestEngine::open().await;
    engine.run("CREATE TABLE \"Mixed\" (a INT)").await.unwrap();
    for sql in [
        "SELECT a FROM mixed",
        "SELECT a FROM MIXED",
        "SELECT a FROM \"Mixed\"",
        "SELECT a FROM \"MIXED\"",
    ] {
        ok(engine.run(sql).await, sql);
    }
    let nulls = "FROM (VALUES (1), (NULL)) AS t (v)";
    assert_eq!(
        engine.value(&format!("SELECT v IS NULL {nulls} ORDER BY v")).await,
        "false",
        "NULL is high"
    );
    assert_eq!(
        engine.value(&format!("SELECT v IS NULL {nulls} ORDER BY v DESC")).await,
        "true",
        "NULL is high"
    );
    assert_eq!(engine.value("SELECT ('a' || NULL) IS NULL").await, "true");
}

#[tokio::test]
async fn lengths_are_the_limits_of_the_engine() {
    let engine = TestEngine::open().await;
    let name = |length: usize| "n".repeat(length);
    let table = |name: &str, column: &str| format!("CREATE TABLE {name} ({column} INT)");
    ok(engine.run(&table(&name(255), &name(255))).await, "255");
    assert!(engine.run(&table(&name(256), "a")).await.is_err());
    assert!(engine.run(&table("short", &name(256))).await.is_err());
    ok(engine.run(&format!("CREATE DATABASE {}", name(255))).await, "255");
    assert!(engine.run(&format!("CREATE DATABASE {}", name(256))).await.is_err());
    let columns = |number: usize| {
        let columns: Vec<String> = (0..number).map(|place| format!("c{place} INT")).collect();
        format!("CREATE TABLE wide ({})", columns.join(", "))
    };
    assert!(engine.run(&columns(10_001)).await.is_err());
    ok(engine.run(&columns(10_000)).await, "10,000 columns");
    let rows = engine
        .rows(&Metadata::SqlInfo(CommandGetSqlInfo { info: vec![557] }))
        .await;
    let limit = value_of(&rows, 557).1;
    let limit = limit.as_primitive::<arrow::datatypes::Int64Type>().value(0);
    let statement = |length: i64| "SELECT 1".to_owned() + &" ".repeat(usize::try_from(length).unwrap() - 8);
    assert!(engine.run(&statement(limit + 1)).await.is_err());
    ok(engine.run(&statement(limit)).await, "as long as may be");
}

/// The types of the enumeration of conversions, by their numbers: the name that CAST has for it, or a value where it has none.
const CONVERTIBLE: [&str; 20] = [
    "BIGINT",
    BYTES,
    "BOOLEAN",
    "CHAR",
    "DATE",
    "DECIMAL(38,10)",
    "DOUBLE",
    "INT",
    INTERVAL,
    INTERVAL,
    BYTES,
    "STRING",
    "NUMERIC(38,10)",
    "REAL",
    "SMALLINT",
    "TIME",
    "TIMESTAMP",
    "TINYINT",
    BYTES,
    "VARCHAR",
];
const BYTES: &str = "nullif(X'00', X'00')";
const INTERVAL: &str = "nullif(INTERVAL '1' DAY, INTERVAL '1' DAY)";

#[tokio::test]
async fn every_conversion_that_is_claimed_can_be_planned_and_no_common_one_is_missing() {
    let engine = TestEngine::open().await;
    let command = CommandGetSqlInfo { info: vec![517] };
    let rows = engine.rows(&Metadata::SqlInfo(command)).await;
    let (_, value) = value_of(&rows, 517);
    let entries = value.as_map().value(0);
    let keys = entries.column(0).as_primitive::<Int32Type>();
    let targets = entries.column(1).as_list::<i32>();
    let name = |number: i32| CONVERTIBLE[usize::try_from(number).unwrap()];
    let mut wrong = Vec::new();
    for row in 0..keys.len() {
        let from = match name(keys.value(row)) {
            value @ (BYTES | INTERVAL) => value.to_owned(),
            name => format!("CAST(NULL AS {name})"),
        };
        let claimed = targets.value(row);
        let claimed = claimed.as_primitive::<Int32Type>().values();
        assert!(claimed.contains(&19), "{from} to text");
        for to in claimed {
            let sql = format!("SELECT CAST(v AS {}) FROM (SELECT {from} AS v)", name(*to));
            if let Err(error) = engine.run(&sql).await {
                wrong.push(format!("{sql}: {error}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is written between prefix and suffix for each type.
fn literal(type_name: &str) -> Option<&'static str> {
    Some(match type_name {
        "varchar" => "a",
        "varbinary" => "00ff",
        "date" => "2020-01-02",
        "time" => "03:04:05",
        "timestamp" => "2020-01-02 03:04:05.123",
        "timestamp with time zone" => "2020-01-02 03:04:05+00:00",
        "interval" => "1 day",
        "interval day to second" => "1 day",
        "interval year to month" => "1 month",
        _ => return None,
    })
}

#[tokio::test]
async fn literals_are_written_with_their_prefix_and_suffix() {
    let engine = TestEngine::open().await;
    let rows = engine
        .rows(&Metadata::XdbcTypeInfo(CommandGetXdbcTypeInfo { data_type: None }))
        .await;
    let [names, prefixes, suffixes] = [0, 3, 4].map(|column| rows.column(column).as_string::<i32>());
    for row in 0..rows.num_rows() {
        let name = names.value(row);
        assert_eq!(prefixes.is_null(row), literal(name).is_none(), "{name}");
        if let Some(literal) = literal(name) {
            let sql = format!(
                "SELECT {}{literal}{} IS NOT NULL",
                prefixes.value(row),
                suffixes.value(row)
            );
            ok(engine.run(&sql).await, &sql);
        }
    }
}
