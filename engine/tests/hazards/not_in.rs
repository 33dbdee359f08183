//! IN and NOT IN over sub-queries with NULL (H4).
//!
//! The right answers are written by hand from the standard: `x IN (S)` is true if a row of S equals x; else it is unknown if
//! x is NULL and S is not empty, or if S holds a NULL; else it is false.

use super::{Failures, bare_rows, our_rows, refusal};
use crate::support::TestEngine;
use owlet_engine::ErrorCode;

/// `x` holds 1, 2, NULL; `yn` 1 and NULL; `ynn` 1 and 3; `e` nothing; `nx` and `nn` have no NULL by their type.
const TABLES: &str = "
    WITH x(a) AS (VALUES (1), (2), (NULL)),
         yn(b) AS (VALUES (1), (NULL)),
         ynn(b) AS (VALUES (1), (3)),
         e(b) AS (SELECT b FROM (VALUES (1)) v(b) WHERE b > 100),
         nx(a) AS (SELECT 1 UNION ALL SELECT 2),
         nn(b) AS (SELECT 1 UNION ALL SELECT 3),
         c(k, b) AS (VALUES (1, 1), (1, NULL), (2, 5)),
         xk(k, a) AS (VALUES (1, 1), (1, 2), (1, NULL), (2, 5), (2, 6), (2, NULL), (3, 7), (3, NULL))";

/// A predicate over `x`, or a whole query.
fn query(text: &str) -> String {
    if text.starts_with("SELECT") {
        format!("{TABLES} {text}")
    } else {
        format!("{TABLES} SELECT a FROM x WHERE {text} ORDER BY a")
    }
}

/// The predicate, what the bare engine answers, the right answer.
const WRONG: &[(&str, &str, &str)] = &[
    ("2 NOT IN (SELECT b FROM yn)", "1; 2; null", ""),
    ("NULL NOT IN (SELECT b FROM ynn)", "1; 2; null", ""),
    ("CAST(NULL AS INT) NOT IN (SELECT b FROM ynn)", "1; 2; null", ""),
    ("SELECT 1 WHERE 2 NOT IN (SELECT b FROM yn)", "1", ""),
    ("coalesce(2, a) NOT IN (SELECT b FROM yn)", "1; 2; null", ""),
    (
        "CASE WHEN true THEN 2 ELSE a END NOT IN (SELECT b FROM yn)",
        "1; 2; null",
        "",
    ),
    (
        "SELECT a FROM nx WHERE nullif(a, 1) NOT IN (SELECT b FROM nn) ORDER BY a",
        "1; 2",
        "2",
    ),
    ("a = 1 OR a NOT IN (SELECT b FROM yn)", "1; 2; null", "1"),
    ("a = 1 OR a NOT IN (SELECT b FROM ynn)", "1; 2; null", "1; 2"),
    ("NOT (a = 1 AND a IN (SELECT b FROM yn))", "2; null", "2"),
    ("NOT (a IN (SELECT b FROM yn) AND a = 1)", "2; null", "2"),
    ("(a IN (SELECT b FROM yn)) IS NULL", "", "2; null"),
    ("(a IN (SELECT b FROM yn)) IS FALSE", "2; null", ""),
    ("(a IN (SELECT b FROM yn)) IS NOT FALSE", "1", "1; 2; null"),
    ("(a NOT IN (SELECT b FROM yn)) IS TRUE", "2; null", ""),
    ("(a NOT IN (SELECT b FROM ynn)) IS TRUE", "2; null", "2"),
    ("(a NOT IN (SELECT b FROM yn)) IS NOT TRUE", "1", "1; 2; null"),
    ("coalesce(a IN (SELECT b FROM yn), true)", "1", "1; 2; null"),
    ("(a NOT IN (SELECT b FROM yn)) = (a IS NOT NULL)", "2", ""),
    (
        "CASE WHEN a NOT IN (SELECT b FROM yn) THEN true ELSE false END",
        "2; null",
        "",
    ),
    (
        "CASE WHEN a NOT IN (SELECT b FROM ynn) THEN true ELSE false END",
        "2; null",
        "2",
    ),
    (
        "CASE WHEN NOT (a IN (SELECT b FROM yn)) THEN true ELSE false END",
        "2; null",
        "",
    ),
    (
        "NOT CASE WHEN a = 1 THEN false ELSE a IN (SELECT b FROM yn) END",
        "1; 2; null",
        "1",
    ),
    (
        "SELECT a FROM x GROUP BY a HAVING a = 1 OR a NOT IN (SELECT b FROM yn) ORDER BY a",
        "1; 2; null",
        "1",
    ),
    (
        "SELECT x.a, t.b FROM x JOIN ynn t ON x.a = 1 OR x.a NOT IN (SELECT b FROM yn) ORDER BY 1, 2",
        "1,1; 1,3; 2,1; 2,3; null,1; null,3",
        "1,1; 1,3",
    ),
    (
        "SELECT k, a FROM xk WHERE a NOT IN (SELECT b FROM c WHERE c.k > xk.k) ORDER BY k, a",
        "",
        "1,1; 1,2; 2,5; 2,6; 2,null; 3,7; 3,null",
    ),
    (
        "SELECT k, a FROM xk WHERE a NOT IN (SELECT b FROM c WHERE xk.k = 1) ORDER BY k, a",
        "",
        "2,5; 2,6; 2,null; 3,7; 3,null",
    ),
];

/// Right in both.
const RIGHT: &[(&str, &str)] = &[
    ("a NOT IN (SELECT b FROM yn)", ""),
    ("a NOT IN (SELECT b FROM ynn)", "2"),
    ("a NOT IN (SELECT b FROM e)", "1; 2; null"),
    ("a NOT IN (SELECT b FROM nn)", "2"),
    ("CAST(a AS SMALLINT) NOT IN (SELECT b FROM ynn)", "2"),
    ("a IN (SELECT b FROM yn)", "1"),
    ("1 IN (SELECT b FROM yn)", "1; 2; null"),
    ("2 IN (SELECT b FROM yn)", ""),
    ("NOT (a IN (SELECT b FROM ynn))", "2"),
    ("NOT (a IN (SELECT b FROM yn))", ""),
    ("NOT (a NOT IN (SELECT b FROM yn))", "1"),
    ("NOT (NOT (a IN (SELECT b FROM yn)))", "1"),
    ("NOT (NOT (a NOT IN (SELECT b FROM yn)))", ""),
    ("a > 0 AND a NOT IN (SELECT b FROM ynn)", "2"),
    ("a NOT IN (SELECT b FROM ynn) AND a NOT IN (SELECT b FROM e)", "2"),
    ("(a = 1 OR a = 2) AND NOT (a IN (SELECT b FROM yn))", ""),
    ("(a = 1 OR a = 2) AND NOT (a IN (SELECT b FROM ynn))", "2"),
    ("a = 2 OR a IN (SELECT b FROM yn)", "1; 2"),
    ("a IS NULL OR a IN (SELECT b FROM ynn)", "1; null"),
    ("a IN (SELECT b FROM yn) OR a IN (SELECT b FROM ynn)", "1"),
    ("a = 1 OR (a IS NOT NULL AND (a = 5 OR a IN (SELECT b FROM yn)))", "1"),
    ("NOT (a = 1 OR a IN (SELECT b FROM ynn))", "2"),
    ("NOT (a = 1 OR NOT (a IN (SELECT b FROM yn)))", ""),
    ("NOT (a = 2 OR NOT (a IN (SELECT b FROM yn)))", "1"),
    ("NOT (a = 2 AND a NOT IN (SELECT b FROM ynn))", "1"),
    ("NOT (a NOT IN (SELECT b FROM yn) OR a = 2)", "1"),
    ("NOT (a IS NULL AND a NOT IN (SELECT b FROM yn))", "1; 2"),
    ("(a IN (SELECT b FROM yn)) IS TRUE", "1"),
    ("(a IN (SELECT b FROM yn)) IS NOT TRUE", "2; null"),
    ("NOT ((a IN (SELECT b FROM yn)) IS TRUE)", "2; null"),
    ("((a IN (SELECT b FROM yn)) IS TRUE) = false", "2; null"),
    ("(a NOT IN (SELECT b FROM yn)) IS FALSE", "1"),
    ("(a NOT IN (SELECT b FROM yn)) IS NOT FALSE", "2; null"),
    ("CASE WHEN a IN (SELECT b FROM yn) THEN false ELSE true END", "2; null"),
    ("NOT CASE WHEN a IN (SELECT b FROM yn) THEN false ELSE true END", "1"),
    ("CASE WHEN a = 1 THEN true ELSE a IN (SELECT b FROM yn) END", "1"),
    ("CASE WHEN a IN (SELECT b FROM yn) THEN NULL ELSE true END", "2; null"),
    (
        "CASE WHEN a = 2 OR a IN (SELECT b FROM yn) THEN false ELSE true END",
        "null",
    ),
    (
        "a NOT IN (SELECT b FROM ynn WHERE b NOT IN (SELECT a FROM x))",
        "1; 2; null",
    ),
    ("a NOT IN (SELECT NULL)", ""),
    ("a NOT IN (SELECT max(b) FROM e)", ""),
    ("a NOT IN (SELECT b FROM yn UNION ALL SELECT 7)", ""),
    ("a NOT IN (1, NULL)", ""),
    ("a = 2 OR a NOT IN (1, NULL)", "2"),
    ("(a IN (1, NULL)) IS NULL", "2; null"),
    ("a <> ALL (SELECT b FROM yn)", ""),
    ("a <> ALL (SELECT b FROM ynn)", "2"),
    ("2 <> ALL (SELECT b FROM yn)", ""),
    ("a = 1 OR a <> ALL (SELECT b FROM yn)", "1"),
    ("(a = ANY (SELECT b FROM yn)) IS NULL", "2; null"),
    ("(a <> ALL (SELECT b FROM yn)) IS NOT FALSE", "2; null"),
    ("coalesce(a = ANY (SELECT b FROM yn), true)", "1; 2; null"),
    ("NOT (a > ANY (SELECT b FROM yn))", ""),
    ("a > ALL (SELECT b FROM e)", "1; 2; null"),
    ("a = 7 OR NOT EXISTS (SELECT 1 FROM yn WHERE b = a)", "2; null"),
    ("EXISTS (SELECT 1 FROM yn WHERE b = a) IS NULL", ""),
    // What the messages advise.
    (
        "a = 1 OR NOT EXISTS (SELECT 1 FROM yn WHERE b = a OR b IS NULL OR a IS NULL)",
        "1",
    ),
    (
        "a = 1 OR NOT EXISTS (SELECT 1 FROM ynn WHERE b = a OR b IS NULL OR a IS NULL)",
        "1; 2",
    ),
    (
        "SELECT a FROM (SELECT a, nullif(a, 1) AS v FROM nx) t WHERE v NOT IN (SELECT b FROM nn) ORDER BY a",
        "2",
    ),
    ("SELECT v FROM (SELECT 2 AS v) t WHERE v NOT IN (SELECT b FROM yn)", ""),
    (
        "SELECT a FROM (SELECT a, coalesce(2, a) AS v FROM x) t WHERE v NOT IN (SELECT b FROM yn)",
        "",
    ),
    (
        "SELECT a, (SELECT count(*) FROM yn WHERE b = a) > 0 FROM x ORDER BY a",
        "1,true; 2,false; null,false",
    ),
    // Columns that are NULL although the column of the table is not.
    ("SELECT a FROM nx WHERE a NOT IN (SELECT b FROM nn) ORDER BY a", "2"),
    (
        "SELECT a FROM nx WHERE a NOT IN (SELECT nullif(b, 3) FROM nn) ORDER BY a",
        "",
    ),
    (
        "SELECT a FROM nx WHERE a NOT IN (SELECT b FROM nn GROUP BY ROLLUP (b)) ORDER BY a",
        "",
    ),
    (
        "SELECT a FROM nx WHERE a NOT IN (SELECT max(b) FROM nn WHERE b > 9) ORDER BY a",
        "",
    ),
    (
        "SELECT a FROM nx WHERE a NOT IN (SELECT lag(b) OVER (ORDER BY b) FROM nn) ORDER BY a",
        "",
    ),
    (
        "SELECT a FROM nx WHERE a NOT IN (SELECT n.b FROM nx LEFT JOIN nn n ON nx.a = n.b) ORDER BY a",
        "",
    ),
    (
        "SELECT v FROM (SELECT a AS v FROM nx GROUP BY ROLLUP (a)) t WHERE v NOT IN (SELECT b FROM nn)",
        "2",
    ),
    // Other places of a predicate.
    (
        "SELECT a FROM x GROUP BY a HAVING a NOT IN (SELECT b FROM ynn) ORDER BY a",
        "2",
    ),
    (
        "SELECT x.a, t.b FROM x JOIN ynn t ON x.a NOT IN (SELECT b FROM ynn) ORDER BY 1, 2",
        "2,1; 2,3",
    ),
    (
        "SELECT x.a, t.b FROM x LEFT JOIN ynn t ON x.a = t.b AND t.b NOT IN (SELECT b FROM yn) ORDER BY 1",
        "1,null; 2,null; null,null",
    ),
    (
        "SELECT t.a, s.b FROM x t LEFT JOIN ynn s ON t.a = s.b WHERE s.b NOT IN (SELECT b + 7 FROM ynn)",
        "1,1",
    ),
    (
        "SELECT k, a FROM xk WHERE a IN (SELECT b FROM c WHERE c.k = xk.k) ORDER BY k, a",
        "1,1; 2,5",
    ),
    (
        "SELECT k, a FROM xk WHERE a = 7 OR a IN (SELECT b FROM c WHERE c.k = xk.k) ORDER BY k, a",
        "1,1; 2,5; 3,7",
    ),
    (
        "SELECT k, a FROM xk WHERE a <> ALL (SELECT b FROM c WHERE c.k = xk.k) ORDER BY k, a",
        "2,6; 3,7; 3,null",
    ),
];

/// Right in the bare engine by luck, or an error of it; refused here in words.
const REFUSED: &[(&str, &str)] = &[
    ("(a IN (SELECT b FROM yn)) = false", "as an operand of anything but"),
    ("(a IN (SELECT b FROM ynn)) = (a = 1)", "as an operand of anything but"),
    (
        "CASE a IN (SELECT b FROM yn) WHEN true THEN false ELSE true END",
        "as an operand of anything but",
    ),
    ("a IS NULL OR a NOT IN (SELECT b FROM ynn)", "write NOT EXISTS"),
    ("2 NOT IN (SELECT b FROM ynn)", "of anything but a column"),
    ("a + 0 NOT IN (SELECT b FROM ynn)", "of anything but a column"),
    (
        "TRY_CAST(a AS INT) NOT IN (SELECT b FROM ynn)",
        "of anything but a column",
    ),
    (
        "(SELECT max(b) FROM yn) NOT IN (SELECT b FROM yn)",
        "of anything but a column",
    ),
    (
        "EXISTS (SELECT 1 FROM ynn WHERE x.a NOT IN (SELECT b FROM yn))",
        "of anything but a column",
    ),
    (
        "SELECT k FROM xk WHERE a NOT IN (SELECT b FROM c WHERE c.k = xk.k)",
        "refers to the outer query",
    ),
    (
        "SELECT k FROM xk WHERE NOT (a IN (SELECT b FROM c WHERE c.k = xk.k))",
        "refers to the outer query",
    ),
    (
        "SELECT a, a IN (SELECT b FROM yn) FROM x",
        "IN (SELECT …) outside of WHERE",
    ),
    (
        "SELECT sum(CASE WHEN a IN (SELECT b FROM ynn) THEN 1 ELSE 0 END) FROM x",
        "IN (SELECT …) outside of WHERE",
    ),
    (
        "SELECT count(*) FILTER (WHERE a IN (SELECT b FROM ynn)) FROM x",
        "IN (SELECT …) outside of WHERE",
    ),
    ("SELECT EXISTS (SELECT 1 FROM yn)", "EXISTS (SELECT …) outside of WHERE"),
    (
        "SELECT a, a = ANY (SELECT b FROM yn) FROM x",
        "ANY or ALL of a query outside of WHERE",
    ),
];

#[tokio::test]
async fn what_the_bare_engine_gets_wrong_is_refused_here() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    for (text, wrong, right) in WRONG {
        assert_ne!(wrong, right, "{text}");
        let sql = query(text);
        let outcome = match bare_rows(&sql).await {
            Ok(rows) if rows == *wrong => refusal(&owlet, &sql, ErrorCode::NotSupported, "is not supported").await,
            other => Err(format!("the bare engine has changed: {other:?}")),
        };
        failures.note(text, outcome);
    }
    failures.assert_none();
}

#[tokio::test]
async fn what_the_bare_engine_gets_right_is_answered_here() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    for (text, right) in RIGHT {
        let sql = query(text);
        let outcome = match (bare_rows(&sql).await, our_rows(&owlet, &sql).await) {
            (Ok(theirs), Ok(ours)) if theirs == *right && ours == *right => Ok(()),
            (theirs, ours) => Err(format!("the bare engine: {theirs:?}, ours: {ours:?}, right: {right}")),
        };
        failures.note(text, outcome);
    }
    failures.assert_none();
}

#[tokio::test]
async fn what_is_right_by_luck_or_not_at_all_is_refused_in_words() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    for (text, part) in REFUSED {
        failures.note(text, refusal(&owlet, &query(text), ErrorCode::NotSupported, part).await);
    }
    failures.assert_none();
}

#[tokio::test]
async fn an_explanation_is_refused_as_its_query_is_and_the_error_points_at_the_operand() {
    let owlet = TestEngine::local().await;
    let sql = "SELECT n FROM (VALUES (1)) t(n)\nWHERE n = 1 OR n NOT IN (SELECT 1)";
    let error = our_rows(&owlet, sql).await.unwrap_err();
    let position = error.position().unwrap();
    assert_eq!((position.line, position.column), (2, 16), "{error}");
    let error = our_rows(&owlet, &format!("EXPLAIN {sql}")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotSupported, "{error}");
}
