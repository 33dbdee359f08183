//! Clauses in calls that the function does not see (H6): DISTINCT, FILTER, OVER and the like where they mean nothing.

use super::{Failures, bare_rows, our_rows, refusal};
use crate::support::TestEngine;
use owlet_engine::ErrorCode;

const TABLE: &str =
    "WITH d(x, y, s) AS (VALUES (1.0, 2.0, 'a'), (1.0, 2.0, 'a'), (2.0, 9.0, 'b'), (5.0, 1.0, 'c'), (5.0, 1.0, 'c'))";

/// The call, the call that the bare engine computes in its place, and what our refusal says.
#[rustfmt::skip]
const DROPPED: &[(&str, &str, &str)] = &[
    ("abs(DISTINCT x)", "abs(x)", "DISTINCT in a call of \"abs\""),
    ("upper(s) FILTER (WHERE false)", "upper(s)", "FILTER in a call of \"upper\""),
    ("abs(x) OVER (PARTITION BY s)", "abs(x)", "OVER in a call of \"abs\""),
    ("abs(x) IGNORE NULLS", "abs(x)", "IGNORE NULLS or RESPECT NULLS in a call of \"abs\""),
    ("abs(x) WITHIN GROUP (ORDER BY y)", "abs(x)", "WITHIN GROUP in a call of \"abs\""),
    ("abs(x ORDER BY y DESC)", "abs(x)", "ORDER BY in a call of \"abs\""),
    ("coalesce(x) OVER (ORDER BY y)", "coalesce(x)", "OVER in a call of \"coalesce\""),
    ("unnest(DISTINCT [1, 1])", "unnest([1, 1])", "DISTINCT in a call of \"unnest\""),
    ("count(DISTINCT *)", "count(DISTINCT 1)", "DISTINCT in a call of \"count\""),
    ("corr(DISTINCT x, y)", "corr(x, y)", "DISTINCT in a call of \"corr\""),
    ("covar_pop(DISTINCT x, y)", "covar_pop(x, y)", "DISTINCT in a call of \"covar_pop\""),
    ("regr_count(DISTINCT x, y)", "regr_count(x, y)", "DISTINCT in a call of \"regr_count\""),
    ("regr_slope(DISTINCT x, y)", "regr_slope(x, y)", "DISTINCT in a call of \"regr_slope\""),
    ("approx_percentile_cont(DISTINCT x, 0.5)", "approx_percentile_cont(x, 0.5)", "DISTINCT in a call of \"approx_percentile_cont\""),
    ("nth_value(DISTINCT x, 2 ORDER BY x)", "nth_value(x, 2 ORDER BY x)", "DISTINCT in a call of \"nth_value\""),
    ("corr(DISTINCT x, y) OVER ()", "corr(x, y) OVER ()", "DISTINCT in a call of \"corr\""),
    ("lag(DISTINCT x) OVER (ORDER BY x)", "lag(x) OVER (ORDER BY x)", "DISTINCT in a call of \"lag\""),
    ("row_number() IGNORE NULLS OVER (ORDER BY x)", "row_number() OVER (ORDER BY x)", "IGNORE NULLS"),
    ("max(x) RESPECT NULLS OVER ()", "max(x) OVER ()", "IGNORE NULLS or RESPECT NULLS in a call of \"max\""),
    ("count(x) IGNORE NULLS OVER ()", "count(x) OVER ()", "IGNORE NULLS or RESPECT NULLS in a call of \"count\""),
];

#[tokio::test]
async fn what_the_bare_engine_drops_is_refused_by_name() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    for (call, without, part) in DROPPED {
        let sql = format!("{TABLE} SELECT {call} FROM d");
        let theirs = (
            bare_rows(&sql).await,
            bare_rows(&format!("{TABLE} SELECT {without} FROM d")).await,
        );
        let outcome = match theirs {
            (Ok(with), Ok(without)) if with == without => refusal(&owlet, &sql, ErrorCode::NotSupported, part).await,
            (with, without) => Err(format!("the bare engine: {with:?}, without the clause: {without:?}")),
        };
        failures.note(call, outcome);
    }
    failures.assert_none();
}

/// Clauses that are seen, with their right answers.
const SEEN: &[(&str, &str)] = &[
    (
        "count(DISTINCT x), sum(DISTINCT x), avg(DISTINCT x), min(DISTINCT x)",
        "3,8.0,2.6666666666666665,1.0",
    ),
    ("sum(ALL x)", "14.0"),
    ("median(DISTINCT x), sum(y)", "2.0,15.0"),
    ("percentile_cont(DISTINCT x, 0.5), sum(y)", "2.0,15.0"),
    ("array_agg(DISTINCT s ORDER BY s)", "[a, b, c]"),
    ("string_agg(DISTINCT s, ',' ORDER BY s)", "a,b,c"),
    ("count(*) FILTER (WHERE x > 1)", "3"),
    ("sum(x) FILTER (WHERE x > 1) OVER () LIMIT 1", "12.0"),
    ("first_value(x) IGNORE NULLS OVER (ORDER BY x) LIMIT 1", "1.0"),
    ("percentile_cont(0.5) WITHIN GROUP (ORDER BY x)", "2.0"),
];

#[tokio::test]
async fn what_a_function_sees_is_answered() {
    let owlet = TestEngine::local().await;
    let mut failures = Failures::default();
    for (calls, right) in SEEN {
        let (calls, limit) = calls
            .split_once(" LIMIT ")
            .map_or((*calls, ""), |(calls, _)| (calls, " LIMIT 1"));
        let table = TABLE.replace(".0", ".0e0");
        let sql = format!("{table} SELECT {calls} FROM d{limit}");
        let outcome = match our_rows(&owlet, &sql).await {
            Ok(rows) if rows == *right => Ok(()),
            other => Err(format!("{other:?}")),
        };
        failures.note(calls, outcome);
    }
    failures.assert_none();
}

#[tokio::test]
async fn a_refusal_points_at_the_call_and_explain_refuses_alike() {
    let owlet = TestEngine::local().await;
    let error = our_rows(&owlet, "EXPLAIN SELECT 1,\n  abs(DISTINCT 1)")
        .await
        .unwrap_err();
    let position = error.position().unwrap();
    assert_eq!((position.line, position.column), (2, 3), "{error}");
    assert_eq!(
        error.message(),
        "DISTINCT in a call of \"abs\" is not supported; leave it out"
    );
}
