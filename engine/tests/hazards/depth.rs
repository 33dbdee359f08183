//! Statements at the limits of depth and width end in an answer or a typed error, never in an exhausted stack, from the text
//! to the last batch. The tests' threads have the stack of a tokio worker, 2 MB.

use super::{Failures, our_rows};
use crate::support::TestEngine;
use owlet_engine::ErrorCode;

const ONE_ROW: &str = "FROM (VALUES (1, true, 'x', CAST(0.5 AS DOUBLE))) t(a, b, s, d)";

/// `part` for each number up to `n`, with the number in the place of `#` and the one before it in the place of `@`.
fn numbered(part: &str, n: usize) -> String {
    (1..=n)
        .map(|i| part.replace('#', &i.to_string()).replace('@', &(i - 1).to_string()))
        .collect()
}

async fn check(failures: &mut Failures, owlet: &TestEngine, shape: &str, sql: &str, expected: Result<&str, ErrorCode>) {
    let outcome = match (our_rows(owlet, sql).await, expected) {
        (Ok(rows), Ok(expected)) if rows == expected => Ok(()),
        (Err(error), Err(code)) if error.code() == code => Ok(()),
        (other, expected) => Err(format!("{other:?}, expected {expected:?}")),
    };
    failures.note(shape, outcome);
}

#[tokio::test]
async fn chains_up_to_the_limit_are_answered() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    let n = 490;
    for (shape, first, part, answer) in [
        ("integers", "a", " + a", "491"),
        ("floats", "d", " + d", "245.5"),
        ("decimals", "CAST(a AS DECIMAL(10, 0))", " - a", "-489"),
        ("or", "NOT b", " OR a = 1", "true"),
        ("and", "b", " AND a <> 2", "true"),
        ("equal", "b", " = true", "true"),
    ] {
        let sql = format!("SELECT {first}{} {ONE_ROW}", part.repeat(n));
        check(&mut failures, &owlet, shape, &sql, Ok(answer)).await;
    }
    let sql = format!("SELECT length(s{}) {ONE_ROW}", " || s".repeat(n));
    check(&mut failures, &owlet, "concat", &sql, Ok("491")).await;
    let sql = format!("SELECT a {ONE_ROW} WHERE a = 0{}", numbered(" OR a * a + # = 2", n));
    check(&mut failures, &owlet, "or in WHERE", &sql, Ok("1")).await;
    let sql = format!(
        "SELECT {}a{} {ONE_ROW}",
        "CASE WHEN b THEN ".repeat(20),
        " END".repeat(20)
    );
    check(&mut failures, &owlet, "nested CASE", &sql, Ok("1")).await;
    failures.assert_none();
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a flat table")]
async fn wide_statements_are_answered() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    let table = "FROM (VALUES (1)) t(a)";
    let columns = |n: usize, value: &str| format!("1{}", format!(",{value}").repeat(n));
    for (shape, sql, answer) in [
        (
            "UNION ALL",
            format!("SELECT count(*) FROM (SELECT 1{}) u", " UNION ALL SELECT 1".repeat(400)),
            "401".into(),
        ),
        (
            "UNION",
            format!("SELECT 1{}", " UNION SELECT 1".repeat(400)),
            "1".into(),
        ),
        (
            "INTERSECT",
            format!("SELECT 1{}", " INTERSECT SELECT 1".repeat(60)),
            "1".into(),
        ),
        (
            "joins",
            format!(
                "SELECT count(*) {table}{}",
                numbered(" JOIN (VALUES (1)) u#(b#) ON a = b#", 60)
            ),
            "1".into(),
        ),
        (
            "cross joins",
            format!(
                "SELECT count(*) {table}{}",
                numbered(" CROSS JOIN (VALUES (1)) u#(b#)", 60)
            ),
            "1".into(),
        ),
        (
            "windows",
            format!(
                "SELECT 1{} {table}",
                numbered(", sum(a) OVER (ORDER BY a + #) AS c#", 40)
            ),
            columns(40, "1"),
        ),
        (
            "scalar sub-queries",
            format!(
                "SELECT 1{} {table}",
                numbered(", (SELECT max(b) FROM (VALUES (1)) u(b) WHERE b = a) AS c#", 40)
            ),
            columns(40, "1"),
        ),
        (
            "nested sub-queries",
            format!("{}SELECT 1 AS a{}", "SELECT * FROM (".repeat(15), ") x".repeat(15)),
            "1".into(),
        ),
        (
            "WITH",
            format!(
                "WITH t0(a) AS (VALUES (1)){} SELECT * FROM t40",
                numbered(", t# AS (SELECT sum(a) AS a FROM t@ GROUP BY a)", 40)
            ),
            "1".into(),
        ),
        (
            "IN",
            format!("SELECT 1 {table} WHERE a IN ({}1)", "2, ".repeat(50_000)),
            "1".into(),
        ),
        (
            "VALUES",
            format!("SELECT count(*) FROM (VALUES {}(1)) t(a)", "(1), ".repeat(20_000)),
            "20001".into(),
        ),
        (
            "CASE",
            format!("SELECT CASE a {} END {table}", numbered("WHEN # THEN # ", 300)),
            "1".into(),
        ),
    ] {
        check(&mut failures, &owlet, shape, &sql, Ok(answer.as_str())).await;
    }
    failures.assert_none();
}

#[tokio::test]
async fn plans_that_are_too_deep_to_run_are_refused() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    let table = "FROM (VALUES (1)) t(a)";
    for (shape, sql) in [
        ("INTERSECT", format!("SELECT 1{}", " INTERSECT SELECT 1".repeat(450))),
        (
            "joins",
            format!(
                "SELECT count(*) {table}{}",
                numbered(" JOIN (VALUES (1)) u#(b#) ON a = b#", 190)
            ),
        ),
        (
            "windows",
            format!(
                "SELECT 1{} {table}",
                numbered(", sum(a) OVER (ORDER BY a + #) AS c#", 190)
            ),
        ),
        (
            "scalar sub-queries",
            format!(
                "SELECT 1{} {table}",
                numbered(", (SELECT max(b) FROM (VALUES (1)) u(b) WHERE b = a) AS c#", 190)
            ),
        ),
        (
            "WITH",
            format!(
                "WITH t0(a) AS (VALUES (1)){} SELECT * FROM t190",
                numbered(", t# AS (SELECT sum(a) AS a FROM t@ GROUP BY a)", 190)
            ),
        ),
    ] {
        check(
            &mut failures,
            &owlet,
            shape,
            &sql,
            Err(ErrorCode::ExceededStatementLimit),
        )
        .await;
    }
    failures.assert_none();
}
