//! What does not fit its type is an error, where DataFusion alone gives the remainder of it: each test runs both.

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::{SessionConfig, SessionContext};
use owlet_engine::ErrorCode;
use std::fmt::Write as _;
use std::time::Duration;

use crate::support::TestEngine;

/// DataFusion without us, in as many threads as ours.
fn bare() -> SessionContext {
    SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2))
}

async fn bare_batches(sql: &str) -> datafusion::common::Result<Vec<RecordBatch>> {
    let frame = bare().sql(sql).await?;
    let schema = frame.schema().inner().clone();
    let mut batches = frame.collect().await?;
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(batches)
}

/// A query of one value, and the wrong value that DataFusion alone gives.
type Wraps = (&'static str, &'static str);

async fn each_wraps_in_datafusion_and_fails_here(cases: &[Wraps]) {
    let owlet = TestEngine::local().await;
    let mut failures = String::new();
    for (sql, wrong) in cases {
        if let Err(failure) = wraps_in_datafusion_and_fails_here(&owlet, sql, wrong).await {
            write!(failures, "\n{sql}\n    {failure}").unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

async fn wraps_in_datafusion_and_fails_here(owlet: &TestEngine, sql: &str, wrong: &str) -> Result<(), String> {
    let batches = bare_batches(sql)
        .await
        .map_err(|error| format!("DataFusion alone: {error}"))?;
    let row = batches
        .iter()
        .find(|batch| batch.num_rows() > 0)
        .ok_or("DataFusion alone: no row")?;
    let value = array_value_to_string(row.column(0), 0).unwrap();
    if value != wrong {
        return Err(format!(
            "DataFusion has changed, the guard may be needed no more: {value}"
        ));
    }
    match owlet.run(sql).await {
        Ok(answer) => Err(format!("no error:\n{}", answer.table())),
        Err(error) if error.code() != ErrorCode::InvalidValue || !error.message().contains("overflow") => {
            Err(format!("another error: {error}"))
        }
        Err(_) => Ok(()),
    }
}

async fn each_is_as_in_datafusion(queries: &[&str]) {
    let owlet = TestEngine::local().await;
    let mut failures = String::new();
    for sql in queries {
        if let Err(failure) = is_as_in_datafusion(&owlet, sql).await {
            write!(failures, "\n{sql}\n    {failure}").unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Values, names, types and nullability.
async fn is_as_in_datafusion(owlet: &TestEngine, sql: &str) -> Result<(), String> {
    let expected = bare_batches(sql)
        .await
        .map_err(|error| format!("DataFusion alone: {error}"))?;
    let answer = owlet.run(sql).await.map_err(|error| error.to_string())?;
    let (ours, bare) = (answer.table(), pretty_format_batches(&expected).unwrap().to_string());
    if ours != bare {
        return Err(format!("ours:\n{ours}\nDataFusion's:\n{bare}"));
    }
    let (ours, bare) = (answer.batches[0].schema(), expected[0].schema());
    if ours != bare {
        return Err(format!("our schema: {ours}\n    DataFusion's: {bare}"));
    }
    Ok(())
}

#[tokio::test]
async fn constants_that_are_folded() {
    each_wraps_in_datafusion_and_fails_here(&[
        ("SELECT 9223372036854775807 + 1", "-9223372036854775808"),
        ("SELECT -9223372036854775808 - 1", "9223372036854775807"),
        ("SELECT 4611686018427387904 * 2", "-9223372036854775808"),
        ("SELECT 9223372036854775807 * 3 / 3", "3074457345618258601"),
        ("SELECT CAST(127 AS TINYINT) + CAST(1 AS TINYINT)", "-128"),
        ("SELECT CAST(32767 AS SMALLINT) + CAST(1 AS SMALLINT)", "-32768"),
        ("SELECT CAST(2147483647 AS INT) * CAST(2 AS INT)", "-2"),
        (
            "SELECT CAST(0 AS TINYINT UNSIGNED) - CAST(1 AS TINYINT UNSIGNED)",
            "255",
        ),
        (
            "SELECT CAST(1 AS BIGINT UNSIGNED) - CAST(2 AS BIGINT UNSIGNED)",
            "18446744073709551615",
        ),
        (
            "SELECT a + 1 FROM (SELECT 9223372036854775807 AS a)",
            "-9223372036854775808",
        ),
        (
            "WITH big AS (SELECT 9223372036854775807 AS a) SELECT a + 1 FROM big",
            "-9223372036854775808",
        ),
        (
            "SELECT CASE WHEN true THEN 9223372036854775807 + 1 ELSE 0 END",
            "-9223372036854775808",
        ),
        ("SELECT coalesce(NULL, 9223372036854775807 + 1)", "-9223372036854775808"),
        ("SELECT abs(9223372036854775807 + 1 + 1)", "9223372036854775807"),
        ("SELECT 1 WHERE 9223372036854775807 + 1 < 0", "1"),
        ("SELECT DATE '2024-01-01' + 9223372036854775807", "2023-12-31"),
        (
            "SELECT * FROM (VALUES (9223372036854775807 + 1))",
            "-9223372036854775808",
        ),
        (
            "SELECT 1 AS a UNION ALL SELECT 9223372036854775807 + 1 ORDER BY a",
            "-9223372036854775808",
        ),
    ])
    .await;
}

#[tokio::test]
async fn columns_wherever_an_expression_stands() {
    each_wraps_in_datafusion_and_fails_here(&[
        ("SELECT a + 1 FROM (VALUES (9223372036854775807)) t(a)", "-9223372036854775808"),
        ("SELECT a - b FROM (VALUES (-9223372036854775808, 1)) t(a, b)", "9223372036854775807"),
        ("SELECT a * a FROM (VALUES (4294967296)) t(a)", "0"),
        ("SELECT -a FROM (VALUES (-9223372036854775808)) t(a)", "-9223372036854775808"),
        ("SELECT -(-(a)) FROM (VALUES (CAST(-128 AS TINYINT)), (CAST(0 AS TINYINT))) t(a) ORDER BY -a", "-128"),
        ("SELECT a FROM (VALUES (9223372036854775807)) t(a) WHERE a + 1 < 0", "9223372036854775807"),
        ("SELECT a FROM (VALUES (1), (9223372036854775807)) t(a) ORDER BY a + 1", "9223372036854775807"),
        ("SELECT count(*) FROM (VALUES (9223372036854775807)) t(a) GROUP BY a + 1", "1"),
        ("SELECT max(a) FROM (VALUES (9223372036854775807)) t(a) HAVING max(a) + 1 < 0", "9223372036854775807"),
        ("SELECT max(a + 1) FROM (VALUES (9223372036854775807)) t(a)", "-9223372036854775808"),
        ("SELECT min(a + 1) OVER () FROM (VALUES (9223372036854775807)) t(a)", "-9223372036854775808"),
        ("SELECT rank() OVER (ORDER BY a + 1) FROM (VALUES (9223372036854775807)) t(a)", "1"),
        ("SELECT (SELECT max(a) + 1 FROM (VALUES (9223372036854775807)) t(a))", "-9223372036854775808"),
        (
            "SELECT b FROM (VALUES (1)) u(b) WHERE EXISTS
                 (SELECT 1 FROM (VALUES (9223372036854775807, 1)) t(a, c) WHERE t.c = u.b AND a + 1 < 0)",
            "1",
        ),
        (
            "SELECT t.a FROM (VALUES (9223372036854775807)) t(a) JOIN (VALUES (-9223372036854775808)) u(b) ON a + 1 = b",
            "9223372036854775807",
        ),
        ("SELECT CASE WHEN a > 0 THEN a + 1 ELSE a END FROM (VALUES (9223372036854775807)) t(a)", "-9223372036854775808"),
        ("SELECT coalesce(b, a + 1) FROM (VALUES (9223372036854775807, CAST(NULL AS BIGINT))) t(a, b)", "-9223372036854775808"),
    ])
    .await;
}

#[tokio::test]
async fn sums() {
    each_wraps_in_datafusion_and_fails_here(&[
        (
            "SELECT sum(a) FROM (VALUES (9223372036854775807), (1)) t(a)",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(a) FROM (VALUES (-9223372036854775808), (-1)) t(a)",
            "9223372036854775807",
        ),
        (
            "SELECT sum(CAST(a AS BIGINT UNSIGNED)) FROM (VALUES (18446744073709551615), (1)) t(a)",
            "0",
        ),
        (
            "SELECT sum(a) FROM (VALUES (9223372036854775807, 1), (1, 1)) t(a, b) GROUP BY b",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(a) FILTER (WHERE b) FROM (VALUES (9223372036854775807, true), (1, true)) t(a, b)",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(DISTINCT a) FROM (VALUES (9223372036854775807), (1), (1)) t(a)",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(DISTINCT a), count(b) FROM (VALUES (9223372036854775807, 1), (1, 2)) t(a, b)",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(a) OVER () FROM (VALUES (9223372036854775807), (1)) t(a)",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(a) OVER (ORDER BY a DESC) s FROM (VALUES (9223372036854775807), (1)) t(a) ORDER BY s",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) s
             FROM (VALUES (9223372036854775807), (1), (0)) t(a) ORDER BY s",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(DISTINCT a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) s
             FROM (VALUES (9223372036854775807), (1), (0)) t(a) ORDER BY s",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(a + 1) FROM (VALUES (9223372036854775807)) t(a)",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(a) + 1 FROM (VALUES (9223372036854775807)) t(a)",
            "-9223372036854775808",
        ),
        (
            "SELECT sum(9223372036854775807) FROM generate_series(1, 3)",
            "9223372036854775805",
        ),
        (
            "SELECT sum(value * 9000000000000) FROM generate_series(1, 100000)",
            "8841204222403608576",
        ),
    ])
    .await;
}

#[tokio::test]
async fn decimals_with_more_digits_than_their_type() {
    each_wraps_in_datafusion_and_fails_here(&[
        (
            "SELECT sum(CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0))) FROM generate_series(1, 2)",
            "-14028236692093846346337460743176821145",
        ),
        (
            "SELECT sum(CAST('60000000000000000000000000000000000000' AS DECIMAL(38, 0))) FROM generate_series(1, 2)",
            "12000000000000000000000000000000000000",
        ),
        (
            "SELECT a + a FROM (SELECT CAST('60000000000000000000000000000000000000' AS DECIMAL(38, 0)) AS a)",
            "12000000000000000000000000000000000000",
        ),
        (
            "SELECT -a - a FROM (VALUES (CAST('60000000000000000000000000000000000000' AS DECIMAL(38, 0)))) t(a)",
            "-12000000000000000000000000000000000000",
        ),
        (
            "SELECT a * a FROM (VALUES (CAST('12000000000000000000' AS DECIMAL(38, 0)))) t(a)",
            "14400000000000000000000000000000000000",
        ),
    ])
    .await;
}

#[tokio::test]
async fn durations() {
    each_wraps_in_datafusion_and_fails_here(&[
        ("SELECT sum(d) FROM (SELECT TIMESTAMP '2200-01-01' - TIMESTAMP '1950-01-01' AS d UNION ALL SELECT TIMESTAMP '2200-01-01' - TIMESTAMP '1950-01-01')", "-PT2668203273.709551616S"),
    ])
    .await;
}

#[tokio::test]
async fn rows_that_are_not_asked_for_cannot_overflow() {
    each_is_as_in_datafusion(&[
        "SELECT CASE WHEN true THEN 1 ELSE 9223372036854775807 + 1 END",
        "SELECT coalesce(1, 9223372036854775807 + 1)",
        "SELECT CASE WHEN a < 9223372036854775807 THEN a + 1 ELSE a END FROM (VALUES (1), (9223372036854775807)) t(a)",
        "SELECT CASE WHEN a < 10 THEN a + 1 END, CASE WHEN a < 10 THEN a + 1 ELSE 0 END
         FROM (VALUES (1), (9223372036854775807)) t(a)",
        "SELECT coalesce(b, a + 1), coalesce(b, 2 * (a + 1)) FROM (VALUES (9223372036854775807, 1)) t(a, b)",
        "SELECT nullif(a, 9223372036854775807) + 1 FROM (VALUES (1), (9223372036854775807)) t(a) ORDER BY 1",
        "SELECT a + 1 FROM (VALUES (1), (9223372036854775807)) t(a) WHERE a < 10",
        "SELECT a, -a FROM (VALUES (1), (-9223372036854775808)) t(a) WHERE a > -5",
        "SELECT b, sum(a) FILTER (WHERE a < 10) FROM (VALUES (1, 1), (9223372036854775807, 1)) t(a, b) GROUP BY b",
        "SELECT sum(CASE WHEN b THEN a + 1 ELSE 0 END) FROM (VALUES (9223372036854775807, false), (1, true)) t(a, b)",
        "SELECT a + 1 FROM (VALUES (9223372036854775807)) t(a) WHERE false",
        "SELECT count(*) FROM (SELECT a + 1 FROM (VALUES (9223372036854775807)) t(a))",
        "SELECT a FROM (SELECT a, a + 1 AS unused FROM (VALUES (9223372036854775807)) t(a))",
    ])
    .await;
}

#[tokio::test]
async fn what_fits_is_as_ever_with_its_names_and_types() {
    each_is_as_in_datafusion(&[
        "SELECT 1 + 2, 3 - 4, 5 * 6, 7 / 2, 7 % 4, -8, +9, 1 + 2 * 3 - 4, (1 + 2) * (3 - 5), -(1 + 2)",
        "SELECT 9223372036854775806 + 1, -9223372036854775807 - 1, -9223372036854775808, 3037000499 * 3037000499",
        "SELECT t.a + 1, t.a + t.b, a * (b - 2), -a, - -a, abs(a - b), a / b, a % b FROM (VALUES (1, 2)) t(a, b)",
        "SELECT NULL + 1, 1 - NULL, NULL * NULL, -NULL, CAST(NULL AS INT) + 2, -CAST(NULL AS BIGINT) AS n",
        "SELECT a + b, -a FROM (VALUES (1, 2), (NULL, 9223372036854775807), (9223372036854775807, NULL)) t(a, b)",
        "SELECT CAST(1 AS TINYINT) + CAST(1 AS SMALLINT), CAST(1 AS SMALLINT) * CAST(1 AS INT), CAST(1 AS INT) - 1,
                CAST(1 AS TINYINT UNSIGNED) + CAST(2 AS TINYINT), CAST(1 AS INT UNSIGNED) - CAST(2 AS INT),
                CAST(200 AS TINYINT UNSIGNED) + CAST(55 AS TINYINT UNSIGNED), CAST(3 AS BIGINT UNSIGNED) + 1,
                CAST(127 AS TINYINT) + 1, 1 + 1.5, 1 * CAST(2 AS DOUBLE)",
        "SELECT 1.5 + 2.25, 1.5 * 2.5, 10.0 / 3, -1.5, CAST(1.5 AS DECIMAL(38, 10)) * CAST(3.5 AS DECIMAL(38, 10)),
                CAST(1 AS DECIMAL(38, 0)) + 1, CAST(2 AS DECIMAL(38, 0)) / 3, CAST(7 AS DECIMAL(38, 0)) % 4",
        "SELECT 1e308 * 10, -1e308 - 1e308, CAST(0.1 AS FLOAT) + CAST(0.2 AS FLOAT), 0e0 / 0e0",
        "SELECT DATE '2024-01-31' + INTERVAL '1 month', DATE '2024-03-01' - DATE '2024-02-01', DATE '2024-01-01' + 1,
                TIMESTAMP '2024-01-01T00:00:00' - INTERVAL '1 second', TIMESTAMP '2024-01-02' - TIMESTAMP '2024-01-01',
                INTERVAL '1 day' + INTERVAL '2 hours', -INTERVAL '1 day',
                TIME '23:30:00' + INTERVAL '2 hours'",
        "SELECT [1 + 1, 2 * 2], struct(1 + 1 AS s), array_length([1]) + 1",
        "SELECT a + 1 AS b, count(*) FROM (VALUES (1), (1), (2)) t(a) GROUP BY a + 1 HAVING a + 1 > 0 ORDER BY a + 1",
        "SELECT a + 1, sum(a + 1) + 1, -sum(-a) FROM (VALUES (1), (1)) t(a) GROUP BY GROUPING SETS ((a + 1), ()) ORDER BY 1",
        "SELECT t.a FROM (VALUES (1), (2)) t(a) LEFT JOIN (VALUES (2), (3)) u(b) ON a + 1 = b WHERE b - 1 > 1 ORDER BY 1",
        "SELECT t.a, b FROM (VALUES (1), (5)) t(a) LEFT JOIN (VALUES (2), (3)) u(b) ON a + 1 = b AND b * 2 < 5 ORDER BY 1",
        "SELECT a FROM (VALUES (1), (2)) t(a) WHERE a + 1 IN (SELECT b * 2 FROM (VALUES (1)) u(b)) ORDER BY a LIMIT 1 + 1",
        "SELECT a FROM (VALUES (1), (2)) t(a) WHERE a + 1 = (SELECT max(b) - 1 FROM (VALUES (3)) u(b) WHERE b > 1)",
        "SELECT a FROM (VALUES (1), (2)) t(a) WHERE EXISTS (SELECT 1 FROM (VALUES (3)) u(b) WHERE b - 2 = t.a * 1)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i * i FROM n ORDER BY 1",
        "SELECT sum(a) OVER (ORDER BY a + 1), lag(a, 1) OVER (ORDER BY -a) FROM (VALUES (1), (2)) t(a) ORDER BY 1",
    ])
    .await;
}

#[tokio::test]
async fn sums_that_fit_are_as_ever() {
    each_is_as_in_datafusion(&[
        "SELECT sum(a), sum(DISTINCT a), avg(a), count(a) FROM (VALUES (1), (1), (NULL), (3)) t(a)",
        "SELECT sum(a), sum(a + 1), sum(DISTINCT a), avg(a) FROM (VALUES (1)) t(a) WHERE a > 1",
        "SELECT sum(a), sum(DISTINCT a) FROM (VALUES (CAST(NULL AS BIGINT)), (NULL)) t(a)",
        "SELECT sum(a) FROM (VALUES (9223372036854775807), (1), (-1)) t(a)",
        "SELECT sum(DISTINCT a) FROM (VALUES (9223372036854775807), (-1), (1), (1)) t(a)",
        "SELECT b, sum(a) FROM (VALUES (9223372036854775807, 1), (1, 1), (-1, 1), (NULL, 2)) t(a, b) GROUP BY b ORDER BY b",
        "SELECT sum(a), sum(b), sum(c), sum(d), sum(e), sum(f), sum(g), sum(h)
         FROM (SELECT CAST(a AS TINYINT) AS a, CAST(a AS SMALLINT) AS b, CAST(a AS INT) AS c, CAST(a AS TINYINT UNSIGNED) AS d,
                      CAST(a AS INT UNSIGNED) AS e, CAST(a AS BIGINT UNSIGNED) AS f, CAST(a AS FLOAT) AS g, CAST(a AS DOUBLE) AS h
               FROM (VALUES (100), (100)) t(a))",
        "SELECT sum(a), sum(b), sum(c), avg(a), avg(b), avg(c)
         FROM (SELECT CAST(a AS DECIMAL(5, 2)) AS a, CAST(a AS DECIMAL(38, 5)) AS b, CAST(a AS DECIMAL(60, 5)) AS c
               FROM (VALUES (100), (101)) t(a))",
        "SELECT sum(arrow_cast(a, 'Decimal32(4, 1)')), sum(arrow_cast(a, 'Decimal64(12, 1)')),
                sum(arrow_cast(a, 'Duration(Second)')), sum(DISTINCT arrow_cast(a, 'Decimal32(4, 1)'))
         FROM (VALUES (100), (100), (7)) t(a)",
        "SELECT a % 3 AS g, sum(a), sum(DISTINCT a % 5), sum(-a), count(DISTINCT a), avg(a), sum(a) FILTER (WHERE a > 50)
         FROM (SELECT value AS a FROM generate_series(1, 100000)) GROUP BY g ORDER BY g",
        "SELECT sum(s), count(*) FROM (SELECT sum(value) AS s FROM generate_series(1, 100000) GROUP BY value)",
        "SELECT g, sum(DISTINCT a), sum(a) FROM (SELECT value % 7 AS g, value % 11 AS a FROM generate_series(1, 1000))
         GROUP BY g ORDER BY g",
        "SELECT g, sum(DISTINCT a), count(DISTINCT b), sum(DISTINCT d)
         FROM (SELECT value % 7 AS g, value % 11 AS a, CAST(value % 13 AS DECIMAL(10, 2)) AS d, value % 3 AS b FROM generate_series(1, 1000)) GROUP BY g ORDER BY g",
        "SELECT a, sum(a) OVER (), sum(a) OVER (ORDER BY a), sum(a) OVER (PARTITION BY a % 2 ORDER BY a DESC),
                sum(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING),
                sum(a) OVER (ORDER BY a ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING),
                sum(DISTINCT a / 2) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW),
                sum(CAST(a AS DECIMAL(10, 2))) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW),
                sum(f) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
         FROM (VALUES (1, 1e0), (2, 2e0), (3, NULL), (NULL, 4e0), (5, 5e0)) t(a, f) ORDER BY a",
        "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
         FROM (VALUES (9223372036854775807, 1), (0, 2), (9223372036854775807, 3)) t(a, b) ORDER BY 1",
        "SELECT sum(CAST(b AS BIGINT UNSIGNED)) OVER (ORDER BY b) FROM (VALUES (1), (2), (3)) t(b) ORDER BY 1",
        "SELECT sum(CAST('49999999999999999999999999999999999999' AS DECIMAL(38, 0))) FROM generate_series(1, 2)",
    ])
    .await;
}

#[tokio::test]
async fn arithmetic_that_datafusion_checks_itself_stays_checked() {
    let owlet = TestEngine::local().await;
    for sql in [
        "SELECT a / -1 FROM (VALUES (-9223372036854775808)) t(a)",
        "SELECT abs(a) FROM (VALUES (-9223372036854775808)) t(a)",
        "SELECT a / 0 FROM (VALUES (1)) t(a)",
        "SELECT a % 0 FROM (VALUES (1)) t(a)",
        "SELECT CAST(a AS INT) FROM (VALUES (9223372036854775807)) t(a)",
        "SELECT a - b FROM (SELECT TIMESTAMP '2200-01-01' AS a, TIMESTAMP '1700-01-01' AS b)",
    ] {
        let error = owlet.run(sql).await.err().unwrap_or_else(|| panic!("{sql} ran"));
        assert_eq!(error.code(), ErrorCode::InvalidValue, "{sql}: {error}");
    }
    assert_eq!(
        owlet
            .value("SELECT a % -1 FROM (VALUES (-9223372036854775808)) t(a)")
            .await,
        "0"
    );
}

/// A sum fails or not whatever the order of its rows, since nobody can know it.
#[tokio::test]
async fn a_sum_does_not_depend_on_the_order_of_its_rows() {
    let owlet = TestEngine::local().await;
    let rows =
        "SELECT CASE WHEN value <= 50000 THEN 9000000000000000000 ELSE -9000000000000000000 END AS a, value % 2 AS g
                FROM generate_series(1, 100000)";
    for sum in ["sum(a)", "sum(a) OVER ()"] {
        assert_eq!(owlet.value(&format!("SELECT DISTINCT {sum} FROM ({rows})")).await, "0");
    }
    let of_groups = format!(
        "SELECT count(s) FROM (SELECT sum(a) AS s FROM ({rows}) GROUP BY g) WHERE abs(s) < 10000000000000000000"
    );
    assert_eq!(owlet.value(&of_groups).await, "2");
}

/// DataFusion alone cannot do this: it is a gain of having one accumulator.
#[tokio::test]
async fn distinct_sums_of_every_type_over_a_window_that_moves() {
    let owlet = TestEngine::local().await;
    let sql = "SELECT max(s) FROM (SELECT sum(DISTINCT CAST(a AS DECIMAL(10, 2)))
                   OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM (VALUES (1), (3), (3)) t(a))";
    assert!(bare_batches(sql).await.is_err());
    assert_eq!(owlet.value(sql).await, "4.00");
}

/// The optimizer asks for types again and again: a function that is slow to say its own makes the time grow with the fourth
/// power of the length.
#[tokio::test]
async fn a_sum_of_many_columns_is_planned_in_seconds() {
    let owlet = TestEngine::local().await;
    let sql = format!("SELECT {} FROM (VALUES (1)) t(a)", ["a"; 200].join(" + "));
    let value = tokio::time::timeout(Duration::from_secs(20), owlet.value(&sql)).await;
    assert_eq!(value.expect("more than 20 seconds"), "200");
}
