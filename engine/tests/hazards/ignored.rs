//! Clauses that the bare engine reads and drops (H6): it answers as if they were not there.

use super::{Failures, bare_rows, our_rows, refusal};
use crate::support::TestEngine;
use owlet_engine::ErrorCode;

const TABLES: &str =
    "WITH t(a, s) AS (VALUES (1, 'xxa'), (2, 'yb'), (3, 'c'), (3, 'd')), u(a, z) AS (VALUES (1, 10), (9, 90))";

fn query(text: &str) -> String {
    if text.starts_with("WITH") {
        text.to_owned()
    } else {
        format!("{TABLES} {text}")
    }
}

/// The statement, the statement that the bare engine answers in its place, and what our refusal says.
#[rustfmt::skip]
const DROPPED: &[(&str, &str, &str)] = &[
    // Clauses of a query.
    ("SELECT a FROM t FOR UPDATE", "SELECT a FROM t", "FOR UPDATE"),
    ("SELECT a FROM t FOR SHARE", "SELECT a FROM t", "FOR SHARE"),
    ("SELECT a FROM t FOR XML AUTO", "SELECT a FROM t", "FOR XML"),
    ("SELECT a FROM t SETTINGS x = 1", "SELECT a FROM t", "SETTINGS"),
    ("SELECT a FROM t FORMAT JSON", "SELECT a FROM t", "FORMAT"),
    ("SELECT a FROM t PREWHERE a = 1", "SELECT a FROM t", "PREWHERE"),
    ("SELECT a FROM t CONNECT BY a = 1", "SELECT a FROM t", "CONNECT BY"),
    ("SELECT a, count(*) FROM t WHERE a = 1 GROUP BY a WITH ROLLUP", "SELECT a, count(*) FROM t WHERE a = 1 GROUP BY a", "WITH ROLLUP"),
    ("SELECT a, count(*) FROM t WHERE a = 1 GROUP BY a WITH TOTALS", "SELECT a, count(*) FROM t WHERE a = 1 GROUP BY a", "WITH TOTALS"),
    ("SELECT a, count(*) FROM t WHERE a = 1 GROUP BY ALL WITH CUBE", "SELECT a, count(*) FROM t WHERE a = 1 GROUP BY a", "WITH CUBE"),
    ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5 LIMIT 2) SELECT * FROM r",
     "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r", "recursive"),
    ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3 ORDER BY n DESC) SELECT * FROM r",
     "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r", "recursive"),
    ("WITH x(a TEXT) AS (SELECT 1) SELECT arrow_typeof(a) FROM x", "WITH x(a) AS (SELECT 1) SELECT arrow_typeof(a) FROM x", "column aliases"),
    ("FROM t", "SELECT FROM t", "FROM without SELECT"),
    // Relations.
    ("SELECT count(*) FROM t TABLESAMPLE (1 ROWS)", "SELECT count(*) FROM t", "TABLESAMPLE"),
    ("SELECT count(*) FROM t TABLESAMPLE BERNOULLI (0)", "SELECT count(*) FROM t", "TABLESAMPLE"),
    ("SELECT count(*) FROM t SAMPLE 0.1", "SELECT count(*) FROM t", "TABLESAMPLE"),
    ("SELECT count(*) FROM (SELECT * FROM t) TABLESAMPLE (0 ROWS)", "SELECT count(*) FROM t", "TABLESAMPLE"),
    ("SELECT count(*) FROM t WITH (NOLOCK)", "SELECT count(*) FROM t", "a table hint"),
    ("SELECT count(*) FROM t PARTITION (p0)", "SELECT count(*) FROM t", "PARTITION"),
    ("SELECT * FROM t WITH ORDINALITY", "SELECT * FROM t", "WITH ORDINALITY"),
    ("SELECT * FROM generate_series(1, 3) WITH ORDINALITY", "SELECT * FROM generate_series(1, 3)", "WITH ORDINALITY"),
    ("SELECT * FROM generate_series(1, 3) SETTINGS x = 1", "SELECT * FROM generate_series(1, 3)", "SETTINGS"),
    ("SELECT * FROM generate_series.nothing(1, 3)", "SELECT * FROM generate_series(1, 3)", "a table function of a database"),
    ("SELECT * FROM LATERAL generate_series(stop => 1, start => 3)", "SELECT * FROM generate_series(1, 3)", "a named argument"),
    ("SELECT arrow_typeof(a) FROM (SELECT 1) AS x(a TEXT)", "SELECT arrow_typeof(a) FROM (SELECT 1) AS x(a)", "column aliases"),
    ("SELECT * FROM t GLOBAL JOIN u ON t.a = u.a", "SELECT * FROM t JOIN u ON t.a = u.a", "GLOBAL JOIN"),
    ("SELECT * FROM t NATURAL LEFT JOIN (SELECT 7 AS q WHERE false) v", "SELECT * FROM t CROSS JOIN (SELECT 7 AS q WHERE false) v", "NATURAL"),
    ("SELECT * FROM t NATURAL FULL JOIN (SELECT 7 AS q WHERE false) v", "SELECT * FROM t CROSS JOIN (SELECT 7 AS q WHERE false) v", "NATURAL"),
    // Calls.
    ("SELECT sum(1)(a) FROM t", "SELECT sum(a) FROM t", "a second list of arguments"),
    ("SELECT trim('xxaxx', 'x', 'a')", "SELECT trim('xxaxx', 'x')", "TRIM"),
    ("SELECT count(*) OVER (w ROWS UNBOUNDED PRECEDING) FROM t WINDOW w AS (PARTITION BY a)",
     "SELECT count(*) OVER (ROWS UNBOUNDED PRECEDING) FROM t", "a window that extends"),
    // Types.
    ("SELECT CAST('abcdef' AS VARCHAR(2))", "SELECT CAST('abcdef' AS VARCHAR)", "VARCHAR(2)"),
    ("SELECT 'abcdef'::CHAR(2)", "SELECT 'abcdef'::CHAR", "CHAR(2)"),
    ("SELECT TRY_CAST('abcdef' AS VARCHAR(2))", "SELECT 'abcdef'", "VARCHAR(2)"),
    ("SELECT CAST(['abc'] AS VARCHAR(2)[])", "SELECT ['abc']", "VARCHAR(2)"),
    ("SELECT VARCHAR(2) 'abcdef'", "SELECT 'abcdef'", "VARCHAR(2)"),
    ("SELECT arrow_typeof(CAST(1.5 AS FLOAT(53)))", "SELECT arrow_typeof(CAST(1.5 AS REAL))", "FLOAT(53)"),
    ("SELECT CAST(1234 AS INT(2))", "SELECT 1234", "INT(2)"),
    // Not dropped, but read as something else.
    ("SELECT 'abc' SIMILAR TO 'a%'", "SELECT 'abc' ~ 'a%'", "SIMILAR TO"),
];

#[tokio::test]
async fn what_the_bare_engine_drops_is_refused_by_name() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    for (text, without, part) in DROPPED {
        let sql = query(text);
        let outcome = match (bare_rows(&sql).await, bare_rows(&query(without)).await) {
            (Ok(with), Ok(without)) if with == without => refusal(&owlet, &sql, ErrorCode::NotSupported, part).await,
            (with, without) => Err(format!("the bare engine: {with:?}, without the clause: {without:?}")),
        };
        failures.note(text, outcome);
    }
    failures.assert_none();
}

#[tokio::test]
async fn a_number_with_an_underscore_is_an_alias_in_the_bare_engine_and_an_error_here() {
    assert_eq!(
        bare_rows("SELECT 1_000").await.unwrap(),
        "1",
        "the bare engine has changed"
    );
    assert_eq!(
        bare_rows("SELECT 12abc").await.unwrap(),
        "12",
        "the bare engine has changed"
    );
    let owlet = TestEngine::local().await;
    for sql in ["SELECT 1_000", "SELECT 12abc"] {
        refusal(&owlet, sql, ErrorCode::SyntaxError, "is not a number")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_comment_is_code_in_the_bare_engine_and_a_comment_here() {
    let sql = "SELECT 1 /*! , 2 */";
    assert_eq!(bare_rows(sql).await.unwrap(), "1,2", "the bare engine has changed");
    assert_eq!(our_rows(&TestEngine::local().await, sql).await.unwrap(), "1");
}

/// Refused by the bare engine too; here so that an update which begins to drop them is seen.
const REFUSED_BY_BOTH: &[&str] = &[
    "SELECT TOP 1 a FROM t",
    "SELECT a FROM t FETCH FIRST 1 ROWS ONLY",
    "SELECT a FROM t FETCH FIRST 1 ROWS WITH TIES",
    "SELECT a FROM t FETCH FIRST 10 PERCENT ROWS ONLY",
    "SELECT a FROM t ORDER BY a WITH FILL",
    "SELECT a FROM t LIMIT 1 BY a",
    "SELECT a FROM t CLUSTER BY a",
    "SELECT a FROM t SORT BY a",
    "SELECT a FROM t LATERAL VIEW explode(a) v AS b",
    "SELECT a FROM t UNION ALL SELECT a FROM u ORDER BY ALL",
    "SELECT * RENAME (a AS b) FROM t",
    "SELECT a COLLATE \"C\" FROM t",
    "SELECT CAST('12:00' AS TIME(3))",
    "SELECT CAST(1.5 AS DOUBLE(3, 1))",
    "SELECT CAST(a AS TEXT FORMAT 'x') FROM t",
    "SELECT INTERVAL '1' DAY (3)",
    "SELECT ceil(1.234, 2)",
    "SELECT a LIKE ANY ('x') FROM t",
    "SELECT row_number() FILTER (WHERE a > 2) OVER (ORDER BY a) FROM t",
    "SELECT listagg(s, ',' ON OVERFLOW ERROR) FROM t",
    "SELECT array_agg(a LIMIT 1) FROM t",
    "SELECT a FROM t WINDOW w AS (ORDER BY a) ORDER BY row_number() OVER w",
    "SELECT * FROM t FOR SYSTEM_TIME AS OF '2020-01-01'",
    "SELECT * FROM t VERSION AS OF 3",
    "SELECT * FROM t USE INDEX (i)",
    "SELECT * FROM t PIVOT (sum(a) FOR s IN ('c'))",
    "SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS a > 1)",
    "SELECT * FROM unnest([1]) WITH OFFSET AS o",
    "SELECT * FROM t CROSS APPLY u",
];

#[tokio::test]
async fn what_the_bare_engine_refuses_stays_refused() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    for text in REFUSED_BY_BOTH {
        let sql = query(text);
        let outcome = match (bare_rows(&sql).await, our_rows(&owlet, &sql).await) {
            (Err(_), Err(error)) if error.code() != ErrorCode::Internal => Ok(()),
            (theirs, ours) => Err(format!("the bare engine: {theirs:?}, ours: {ours:?}")),
        };
        failures.note(text, outcome);
    }
    failures.assert_none();
}
