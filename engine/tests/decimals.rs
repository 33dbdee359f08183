//! Decimals and the numbers that a statement writes: each is compared with, cast to and stored as what it says.
//!
//! DataFusion 55.2 reads a number with a point as a double, and makes a decimal of 15 places of that where it meets one. Each of
//! the tables of wrong answers runs the bare engine beside ours, and fails once the bare engine is right.

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use datafusion::prelude::{SessionConfig, SessionContext};
use owlet_engine::ErrorCode;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::fmt::Write as _;

use crate::support::{TestEngine, duckdb, run};

/// `t.x` is a DECIMAL(12, 2), `w.x` a DECIMAL(38, 20); the columns `n` name their rows.
const TABLES: &str = "
    WITH t AS (SELECT CAST(v AS DECIMAL(12, 2)) AS x, n FROM
               (VALUES ('17.99', 1), ('-17.99', 2), ('4.15', 3), ('100.00', 4), (NULL, 5)) s(v, n)),
         w AS (SELECT CAST(v AS DECIMAL(38, 20)) AS x, n FROM
               (VALUES ('123456789012345678.12345678901234567890', 1), ('0.00000000000000000001', 2), ('-5', 3)) s(v, n))";

fn query(text: &str) -> String {
    if text.starts_with("SELECT") {
        format!("{TABLES} {text}")
    } else {
        format!("{TABLES} SELECT n FROM t WHERE {text} ORDER BY n")
    }
}

async fn bare(sql: &str) -> Result<String, String> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
    let frame = context.sql(sql).await.map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    Ok(rows(&batches))
}

async fn ours(owlet: &TestEngine, sql: &str) -> Result<String, String> {
    let answer = owlet.run(sql).await.map_err(|error| error.to_string())?;
    Ok(rows(&answer.batches))
}

/// Values separated by a comma, rows by a semicolon.
fn rows(batches: &[RecordBatch]) -> String {
    let mut lines = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter();
            let values: Vec<String> = values
                .map(|column| array_value_to_string(column, row).unwrap())
                .collect();
            lines.push(values.join(","));
        }
    }
    lines.join("; ")
}

/// A predicate over `t` or a whole query, and the right answer. The bare engine answers otherwise, or not at all.
const WRONG: &[(&str, &str)] = &[
    ("x = 17.99", "1"),
    ("17.99 = x", "1"),
    ("x = -17.99", "2"),
    ("x = -(17.99)", "2"),
    ("x <> 17.99", "2; 3; 4"),
    ("x >= 17.99 AND x <= 17.99", "1"),
    ("x < 17.99 OR x > 17.99", "2; 3; 4"),
    ("x IN (17.99, 100)", "1; 4"),
    ("x IN (17.99, 99.995, 100)", "1; 4"),
    ("x NOT IN (17.99, -17.99)", "3; 4"),
    ("x BETWEEN 17.99 AND 17.99", "1"),
    ("x BETWEEN -17.99 AND 17.99 AND n < 3", "1; 2"),
    ("x IS DISTINCT FROM 17.99", "2; 3; 4; 5"),
    ("x IS NOT DISTINCT FROM 17.99", "1"),
    ("CASE x WHEN 17.99 THEN true ELSE false END", "1"),
    ("CASE 17.99 WHEN x THEN true ELSE false END", "1"),
    ("17.99 IN (x, 5)", "1"),
    ("x = 1.799e1", "1"),
    ("x * 1 = 17.99", "1"),
    ("SELECT n, x = 17.99 FROM t WHERE n < 3 ORDER BY n", "1,true; 2,false"),
    ("SELECT count(*) FILTER (WHERE x = 17.99) FROM t", "1"),
    ("SELECT sum(CASE WHEN x = 17.99 THEN 1 ELSE 0 END) FROM t", "1"),
    ("SELECT n FROM t GROUP BY n HAVING sum(x) = 17.99", "1"),
    (
        "SELECT x = 17.99, count(*) FROM t GROUP BY x = 17.99 ORDER BY 2, 1",
        "true,1; ,1; false,3",
    ),
    ("SELECT a.n, b.n FROM t a JOIN t b ON a.n = b.n AND a.x = 17.99", "1,1"),
    (
        "SELECT a.n, b.n FROM t a LEFT JOIN t b ON b.x = 17.99 AND a.n = b.n ORDER BY 1",
        "1,1; 2,; 3,; 4,; 5,",
    ),
    ("SELECT n FROM t WHERE EXISTS (SELECT 1 FROM w WHERE t.x = 17.99)", "1"),
    (
        "SELECT n FROM w WHERE x < 1234567890123456000000000.5 ORDER BY n",
        "1; 2; 3",
    ),
    (
        "SELECT n FROM w WHERE x IN (-5, 1234567890123456000000000.5) ORDER BY n",
        "3",
    ),
    ("SELECT n FROM w WHERE x >= 9223372036854775807", ""),
    ("SELECT n FROM w WHERE x < 18446744073709551615 ORDER BY n", "1; 2; 3"),
    ("x < 1e300", "1; 2; 3; 4"),
    ("x = 1e-300 OR x IN (1e300, 4.15)", "3"),
    ("x BETWEEN -1e300 AND -1e-300", "2"),
    (
        "SELECT CAST(1.005 AS DECIMAL(20, 2)), TRY_CAST(-1.005 AS DECIMAL(20, 2))",
        "1.01,-1.01",
    ),
    (
        "SELECT arrow_cast(1.005, 'Decimal128(20, 2)'), 1.005::decimal(5, 2)",
        "1.01,1.01",
    ),
    ("nullif(x, 17.99) IS NULL", "1; 5"),
    ("x = 17.98 + 0.01", "1"),
    ("x BETWEEN 17.98 + 0.01 AND 35.98 * 0.5", "1"),
    ("CAST('17.99' AS DECIMAL(4, 2)) = 17.99 AND n = 1", "1"),
    ("SELECT coalesce(x, 17.99) FROM t WHERE n = 5", "17.990000000000000"),
    (
        "SELECT greatest(x, 17.99), least(x, 17.99) FROM t WHERE n = 3",
        "17.990000000000000,4.150000000000000",
    ),
    (
        "SELECT CASE WHEN n = 3 THEN x ELSE -17.99 END FROM t WHERE n > 3",
        "-17.990000000000000; -17.990000000000000",
    ),
    ("SELECT x FROM t WHERE n = 1 UNION SELECT 17.99", "17.990000000000000"),
    ("x IN (SELECT 17.99)", "1"),
    (
        "SELECT 12345678901234567.89, -0.12345678901234567890",
        "12345678901234567.89,-0.1234567890123456789",
    ),
    (
        "SELECT 18446744073709551617, -9223372036854775809",
        "18446744073709551617,-9223372036854775809",
    ),
    (
        "SELECT CAST(12345678901234567.89 AS DECIMAL(20, 2))",
        "12345678901234567.89",
    ),
    (
        "SELECT CAST(-12345678901234567.895 AS DECIMAL(20, 2))",
        "-12345678901234567.90",
    ),
    (
        "SELECT v = 12345678901234567.89 FROM (VALUES (12345678901234567.88)) s(v)",
        "false",
    ),
    ("SELECT n FROM w WHERE x = 123456789012345678.1234567890123456789", "1"),
    (
        "SELECT n FROM w WHERE x < 123456789012345678.12345678901234567891 ORDER BY n",
        "1; 2; 3",
    ),
    (
        "SELECT n FROM w WHERE x < 1234567890123456789012345.5 ORDER BY n",
        "1; 2; 3",
    ),
    (
        "SELECT n FROM w WHERE x NOT IN (1234567890123456789012345.5, -5) ORDER BY n",
        "1; 2",
    ),
    (
        "SELECT 31415926535897932384626433832795028841.97169399375105820974944592307816406286",
        "31415926535897932384626433832795028841.97169399375105820974944592307816406286",
    ),
];

/// Right in both, some in the bare engine by luck: nothing else has changed.
const RIGHT: &[(&str, &str)] = &[
    ("x = 100", "4"),
    ("x <= -17.99", "2"),
    ("NOT (x > 17.98999 AND x < 17.99001) AND x < 17.99", "2; 3"),
    ("x NOT BETWEEN 17.99 AND 1000", "2; 3"),
    ("SELECT n FROM w WHERE x = 0.00000000000000000001", "2"),
    ("SELECT n FROM w WHERE x > 0.000000000000000000001 ORDER BY n", "1; 2"),
    ("x > 1e-300", "1; 3; 4"),
    ("x > 4.15", "1; 4"),
    ("x = 17.995", ""),
    ("x = '17.99'", "1"),
    ("x = CAST('17.99' AS DECIMAL(4, 2))", "1"),
    ("x IN (100, 5)", "4"),
    ("x IS NULL OR x > 99.5", "4; 5"),
    ("SELECT 17.99, 1.5 + 1.5, arrow_typeof(17.99)", "17.99,3.0,Float64"),
    (
        "SELECT arrow_typeof(x * 1.5), arrow_typeof(x + 1.5) FROM t WHERE n = 1",
        "Float64,Float64",
    ),
    ("SELECT CAST(1e300 AS DOUBLE) > 1e299, 0.1 + 0.2 = 0.3", "true,false"),
    ("SELECT CAST(1e-300 AS DECIMAL(20, 2)), CAST(2.5 AS INT)", "0.00,2"),
    ("SELECT n FROM w WHERE x = -5", "3"),
    (
        "SELECT n FROM w WHERE x < 123456789012345678.12345678901234567890 ORDER BY n",
        "2; 3",
    ),
    (
        "SELECT sqrt(4.000000000000000000001), round(2.123456789012345678901, 2)",
        "2.0,2.12",
    ),
    ("SELECT 1.5 + 2.5e0 * 18446744073709551616", "4.611686018427388e19"),
];

#[tokio::test]
async fn a_decimal_is_compared_with_the_number_that_is_written() {
    let owlet = TestEngine::local().await;
    let mut failures = String::new();
    for (text, right) in WRONG {
        let sql = query(text);
        let (bare, ours) = (bare(&sql).await, ours(&owlet, &sql).await);
        if bare.as_deref() == Ok(*right) {
            writeln!(failures, "{text}\n    the bare engine is right").unwrap();
        }
        if ours.as_deref() != Ok(*right) {
            writeln!(failures, "{text}\n    ours: {ours:?}, bare: {bare:?}, right: {right}").unwrap();
        }
    }
    for (text, right) in RIGHT {
        let sql = query(text);
        for (who, answer) in [
            ("the bare engine", bare(&sql).await),
            ("ours", ours(&owlet, &sql).await),
        ] {
            if answer.as_deref() != Ok(*right) {
                writeln!(failures, "{text}\n    {who}: {answer:?}, right: {right}").unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[tokio::test]
async fn what_does_not_fit_a_cast_is_an_error() {
    let owlet = TestEngine::local().await;
    for sql in [
        "SELECT CAST(999.995 AS DECIMAL(5, 2))",
        "SELECT CAST(1234.5 AS DECIMAL(5, 2))",
        "SELECT CAST(1e300 AS DECIMAL(38, 2))",
    ] {
        let error = owlet.run(sql).await.expect_err(sql);
        assert_eq!(error.code(), ErrorCode::InvalidValue, "{sql}: {error}");
    }
    assert_eq!(
        ours(&owlet, "SELECT TRY_CAST(999.995 AS DECIMAL(5, 2)) IS NULL")
            .await
            .unwrap(),
        "true"
    );
}

#[tokio::test]
async fn a_prepared_statement_compares_with_its_argument() {
    let owlet = TestEngine::local().await;
    let session = owlet.session();
    let prepare = format!("PREPARE p AS {}", query("x = $1 OR x IN (4.15, $1)"));
    run(&session, &prepare).await.unwrap();
    assert_eq!(rows(&run(&session, "EXECUTE p(17.99)").await.unwrap().batches), "1; 3");
    run(&session, "PREPARE q (DECIMAL(20, 2)) AS SELECT $1").await.unwrap();
    assert_eq!(rows(&run(&session, "EXECUTE q(1.005)").await.unwrap().batches), "1.01");
}

/// What is stored in a DECIMAL(20, 2) and a BIGINT, the rows that it makes, and those that the bare engine makes of it.
const STORED: &[(&str, &str, &str)] = &[
    ("VALUES (1.005, 1)", "1.01,1", "1.00,1"),
    (
        "VALUES (12345678901234567.89, 1)",
        "12345678901234567.89,1",
        "12345678901234567.68,1",
    ),
    (
        "VALUES (1.005, 1), (12345678901234567.89, 2), (NULL, 3), (-(1.005), 4), (7, 5)",
        "1.01,1; 12345678901234567.89,2; ,3; -1.01,4; 7.00,5",
        "1.00,1; 12345678901234567.68,2; ,3; -1.00,4; 7.00,5",
    ),
    ("SELECT 1.005, 1", "1.01,1", "1.00,1"),
    (
        "SELECT 1.005 AS a, 1 UNION ALL SELECT 2.675, 2",
        "1.01,1; 2.68,2",
        "1.00,1; 2.68,2",
    ),
];

#[tokio::test]
async fn a_number_is_stored_as_it_is_written() {
    for (query, right, wrong) in STORED {
        let owlet = TestEngine::local().await;
        let bare = SessionContext::new();
        let (create, insert) = (
            "CREATE TABLE d (x DECIMAL(20, 2), n BIGINT)",
            format!("INSERT INTO d {query}"),
        );
        let read = "SELECT x, n FROM d ORDER BY n";
        let mut theirs = Vec::new();
        for sql in [create, &insert, read] {
            theirs = bare.sql(sql).await.unwrap().collect().await.unwrap();
        }
        assert_eq!(rows(&theirs), *wrong, "the bare engine: {query}");
        for sql in [create, &insert] {
            owlet.run(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        assert_eq!(ours(&owlet, read).await.unwrap(), *right, "{query}");
        for create in [
            "CREATE TABLE c (x DECIMAL(20, 2), n BIGINT) AS",
            "CREATE TEMPORARY TABLE e (n BIGINT, x DECIMAL(20, 2)); INSERT INTO e (x, n)",
        ] {
            let session = owlet.session();
            let sql = format!("{create} {query}");
            for sql in sql.split("; ") {
                run(&session, sql)
                    .await
                    .unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
            let table = if create.contains("TABLE c") { "c" } else { "e" };
            let answer = run(&session, &format!("SELECT x, n FROM {table} ORDER BY n"))
                .await
                .unwrap();
            assert_eq!(rows(&answer.batches), *right, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_number_that_does_not_fit_its_column_is_not_stored() {
    let owlet = TestEngine::local().await;
    owlet.run("CREATE TABLE d (x DECIMAL(5, 2))").await.unwrap();
    for value in ["1000", "999.995", "12345678901234567.89", "1e300"] {
        let error = owlet
            .run(&format!("INSERT INTO d VALUES ({value})"))
            .await
            .expect_err(value);
        assert_eq!(error.code(), ErrorCode::InvalidValue, "{value}: {error}");
    }
    assert_eq!(ours(&owlet, "SELECT count(*) FROM d").await.unwrap(), "0");
}

#[tokio::test]
async fn views_and_prepared_statements_keep_digits() {
    let owlet = TestEngine::local().await;
    let session = owlet.session();
    for (sql, right) in [
        ("CREATE VIEW v AS SELECT 12345678901234567.89 AS x", None),
        (
            "SELECT x FROM v WHERE x = 12345678901234567.89",
            Some("12345678901234567.89"),
        ),
        ("PREPARE p AS SELECT x FROM v WHERE x = ?", None),
        ("EXECUTE p(12345678901234567.89)", Some("12345678901234567.89")),
        ("EXECUTE p(12345678901234567.88)", Some("")),
        ("PREPARE q (DECIMAL(20, 2)) AS SELECT ?", None),
        ("EXECUTE q(-12345678901234567.895)", Some("-12345678901234567.90")),
    ] {
        let answer = run(&session, sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        if let Some(right) = right {
            assert_eq!(rows(&answer.batches), right, "{sql}");
        }
    }
}

/// Random decimals of a type, as text: whole numbers, small ones and those with every digit among them.
fn random_decimals(precision: usize, scale: usize, random: &mut StdRng) -> Vec<String> {
    let mut values: Vec<String> = (0..100)
        .map(|_| {
            let digits = random.random_range(1..=precision);
            let digits: String = (0..digits).map(|_| random.random_range(b'0'..=b'9') as char).collect();
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let whole = whole.trim_start_matches('0');
            let sign = if random.random_bool(0.5) { "-" } else { "" };
            format!("{sign}{}.{fraction}", if whole.is_empty() { "0" } else { whole })
        })
        .filter(|value| value.bytes().any(|byte| (b'1'..=b'9').contains(&byte)))
        .collect();
    values.sort();
    values.dedup();
    values
}

/// How many rows each comparison with `value` finds.
fn counts(value: &str) -> String {
    let predicates = [
        format!("x = {value}"),
        format!("x <> {value}"),
        format!("x < {value}"),
        format!("x >= {value}"),
        format!("x IN ({value}, 0.123)"),
        format!("x BETWEEN {value} AND {value}"),
        format!("x IS DISTINCT FROM {value}"),
    ];
    let counts = predicates.map(|predicate| format!("count(*) FILTER (WHERE {predicate})"));
    counts.join(", ")
}

#[tokio::test]
async fn every_value_is_found_by_its_own_text_as_in_duckdb() {
    let owlet = TestEngine::local().await;
    let mut random = StdRng::seed_from_u64(17_99);
    let (mut queries, mut answers, mut compared) = (Vec::new(), Vec::new(), 0);
    for (precision, scale) in [(5, 2), (12, 2), (18, 2), (38, 20)] {
        let values = random_decimals(precision, scale, &mut random);
        let place = owlet
            .directory
            .path()
            .join(format!("d{precision}"))
            .display()
            .to_string();
        let listed: Vec<String> = values.iter().map(|value| format!("('{value}')")).collect();
        let create = format!(
            "CREATE TABLE d{precision} WITH (format = 'parquet', external_location = '{place}/') AS
             SELECT CAST(v AS DECIMAL({precision}, {scale})) AS x FROM (VALUES {}) t(v)",
            listed.join(", ")
        );
        owlet.run(&create).await.unwrap();
        for value in &values {
            let found = format!("SELECT x FROM d{precision} WHERE x = {value}");
            assert_eq!(ours(&owlet, &found).await.as_deref(), Ok(value.as_str()), "{found}");
        }
        compared += values.len();
        for chunk in values.chunks(20) {
            let columns: Vec<String> = chunk.iter().map(|value| counts(value)).collect();
            let select = |table: &str| format!("SELECT {} FROM {table}", columns.join(", "));
            answers.push(ours(&owlet, &select(&format!("d{precision}"))).await.unwrap());
            queries.push(select(&format!("read_parquet('{place}/*.parquet')")));
        }
    }
    assert!(compared > 300, "{compared}");
    let theirs: Vec<Vec<Vec<String>>> = duckdb::answers("writes/duckdb_query.py", &queries);
    for ((query, ours), theirs) in queries.iter().zip(answers).zip(theirs) {
        assert_eq!(theirs.len(), 1);
        assert_eq!(ours, theirs[0].join(","), "{query}");
    }
}

#[tokio::test]
async fn row_groups_are_pruned_by_the_number_that_is_written() {
    let owlet = TestEngine::local().await;
    let create = "CREATE TABLE p AS SELECT CAST(value AS DECIMAL(12, 2)) / 100 AS wide,
                  CAST(CAST(value AS DECIMAL(12, 2)) / 100 AS DECIMAL(12, 2)) AS x FROM generate_series(0, 99999)";
    owlet.run(create).await.unwrap();
    let found = owlet.run("SELECT count(x) FROM p WHERE x = 17.99").await.unwrap();
    assert_eq!(found.value(), "1");
    let plan = owlet.table("EXPLAIN SELECT count(x) FROM p WHERE x = 17.99").await;
    assert!(plan.contains("x_min@0 <= 17.99 AND 17.99 <= x_max@1"), "{plan}");
    // Beyond what the file holds: nothing but its footer is read.
    for predicate in ["x = 1799.99", "x > 1000.005", "x IN (-0.01, 5000.5)", "x < -1e300"] {
        let answer = owlet
            .run(&format!("SELECT count(x) FROM p WHERE {predicate}"))
            .await
            .unwrap();
        assert_eq!(answer.value(), "0", "{predicate}");
        let scanned = answer.statistics.bytes_scanned;
        assert!(scanned < found.statistics.bytes_scanned / 2, "{predicate}: {scanned}");
    }
}

/// A column of doubles beside one of decimals: equal where the double is the one that the decimal's text gives.
#[tokio::test]
async fn a_decimal_is_compared_with_a_double_as_a_double() {
    let owlet = TestEngine::local().await;
    let doubles = "d AS (SELECT CAST(v AS DOUBLE) AS v FROM (VALUES ('17.99'), ('4.15'), ('0.1')) r(v))";
    let with = format!("{TABLES}, {doubles}");
    for (text, wanted) in [
        ("SELECT n FROM t JOIN d ON t.x = d.v ORDER BY n", "1; 3"),
        ("SELECT n FROM t WHERE x IN (SELECT v FROM d) ORDER BY n", "1; 3"),
        (
            "SELECT n FROM t JOIN (SELECT v AS x FROM d) e USING (x) ORDER BY n",
            "1; 3",
        ),
        ("SELECT n FROM t, d WHERE x BETWEEN v AND v ORDER BY n", "1; 3"),
        ("SELECT n FROM t, d WHERE x IN (v, v) ORDER BY n", "1; 3"),
        ("SELECT n FROM t, d WHERE x IS NOT DISTINCT FROM v ORDER BY n", "1; 3"),
        ("SELECT n FROM t WHERE x = (SELECT max(v) FROM d) ORDER BY n", "1"),
    ] {
        let sql = format!("{with} {text}");
        let answer = ours(&owlet, &sql).await.unwrap();
        assert_eq!(answer, wanted, "{text}");
        let wrong = bare(&sql).await;
        assert_ne!(wrong.as_deref(), Ok(wanted), "the bare engine is right now: {text}");
    }
}
