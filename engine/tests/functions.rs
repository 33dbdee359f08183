//! Functions whose result is as large as an argument says.

use owlet_engine::ErrorCode;
use std::time::{Duration, Instant};

use crate::support::TestEngine;

/// Calls that ask for gigabytes, and the name that the refusal must have.
const HOSTILE: &[(&str, &str)] = &[
    ("repeat('x', 2000000000)", "repeat"),
    ("repeat('xy', 9223372036854775807)", "repeat"),
    ("lpad('x', 2000000000)", "lpad"),
    ("rpad('x', 2000000000, 'ab')", "rpad"),
    ("array_repeat(1, 1000000000)", "array_repeat"),
    ("list_repeat('x', 1000000000)", "array_repeat"),
    ("array_repeat([1, 2, 3], 100000000)", "array_repeat"),
    ("array_resize([1], 1000000000)", "array_resize"),
    ("list_resize(['a'], 1000000000, 'b')", "array_resize"),
    ("range(2000000000)", "range"),
    ("range(0, 2000000000, 2)", "range"),
    ("generate_series(1, 2000000000)", "generate_series"),
    ("generate_series(2000000000, 1, -1)", "generate_series"),
    (
        "generate_series(DATE '0001-01-01', DATE '2262-01-01', INTERVAL '1' DAY)[1], \
         generate_series(TIMESTAMP '1970-01-01 00:00:00', TIMESTAMP '2200-01-01 00:00:00', INTERVAL '1' SECOND)",
        "generate_series",
    ),
    (
        "generate_series(DATE '2000-01-01', DATE '2001-01-01', INTERVAL '1 month -30 days')",
        "generate_series",
    ),
    ("replace(repeat('x', 100000), 'x', repeat('y', 1000000))", "replace"),
    (
        "regexp_replace(repeat('x', 100000), 'x', repeat('y', 1000000), 'g')",
        "regexp_replace",
    ),
    (
        "array_to_string(array_repeat('x', 100000), repeat(',', 1000000))",
        "array_to_string",
    ),
];

/// Types and sketches of gigabytes.
const HOSTILE_NUMBERS: &[&str] = &[
    "SELECT CAST(NULL AS INT[1000000000])",
    "SELECT TRY_CAST(NULL AS INT[1000000000])",
    "SELECT arrow_cast(NULL, 'FixedSizeList(1000000000, Int64)')",
    "SELECT arrow_try_cast(NULL, 'FixedSizeBinary(2000000000)')",
    "SELECT approx_percentile_cont(value, 0.5, 2000000000) FROM generate_series(1, 10)",
    "SELECT concat(repeat('x', 4000000), CAST(value AS VARCHAR)) FROM generate_series(1, 8192)",
    "SELECT concat_ws(repeat('x', 4000000), CAST(value AS VARCHAR), 'y') FROM generate_series(1, 8192)",
    "SELECT concat_ws(repeat('x', 4000000), 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n')",
    "SELECT concat_ws('', repeat('x', 4000000), CAST(value AS VARCHAR)) FROM generate_series(1, 8192)",
];

async fn small() -> TestEngine {
    TestEngine::open(&[("OWLET_WORKGROUP_MEMORY_LIMIT_BYTES", "200000000")]).await
}

#[tokio::test]
async fn a_call_that_asks_for_gigabytes_is_refused_at_once() {
    let owlet = small().await;
    for (call, name) in HOSTILE {
        let started = Instant::now();
        let error = owlet.run(&format!("SELECT {call}")).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ExceededMemoryLimit, "{call}: {error}");
        assert!(
            error.message().starts_with(&format!("\"{name}\" would give ")),
            "{call}: {error}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{call}: {:?}",
            started.elapsed()
        );
    }
    assert_eq!(owlet.engine.reserved_bytes(), 0);
}

#[tokio::test]
async fn a_number_that_asks_for_gigabytes_is_refused_at_once() {
    let owlet = small().await;
    for sql in HOSTILE_NUMBERS {
        let started = Instant::now();
        let error = owlet.run(sql).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ExceededMemoryLimit, "{sql}: {error}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{sql}: {:?}",
            started.elapsed()
        );
    }
    let sql = "SELECT approx_percentile_cont(value, 0.5, 1000) FROM generate_series(1, 11)";
    assert_eq!(owlet.value(sql).await, "6.0");
    assert_eq!(owlet.value("SELECT CAST([1, 2] AS INT[2])").await, "[1, 2]");
}

#[tokio::test]
async fn sizes_from_a_column_are_added_up_over_its_rows() {
    let owlet = small().await;
    let error = owlet
        .run("SELECT max(length(repeat('x', value * 1000))) FROM generate_series(1, 8192)")
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::ExceededMemoryLimit, "{error}");
    let sql = "SELECT sum(length(repeat('x', value))) FROM generate_series(1, 8192)";
    assert_eq!(owlet.value(sql).await, (8192 * 8193 / 2).to_string());
}

/// What might be too large by its bound, and is not, is computed in parts.
#[tokio::test]
async fn a_result_is_judged_by_its_size_and_not_by_what_it_might_have_been() {
    let owlet = small().await;
    let sql = "SELECT count(*), sum(length(regexp_replace(t, 'b', repeat('c', 100)))) \
               FROM (SELECT concat(repeat('a', 100), CAST(value AS VARCHAR)) AS t FROM generate_series(10000, 18191))";
    let answer = owlet.table(sql).await;
    assert!(answer.contains(&format!("| {} ", 8192 * 105)), "{answer}");
}

#[tokio::test]
async fn a_call_in_a_branch_that_no_row_takes_is_not_made() {
    let owlet = small().await;
    let sql = "SELECT CASE WHEN value > 1 THEN repeat('x', 2000000000) ELSE 'small' END FROM generate_series(1, 1)";
    assert_eq!(owlet.value(sql).await, "small");
}

#[tokio::test]
async fn what_the_library_calls_its_own_defect_is_the_statements_mistake() {
    let owlet = TestEngine::local().await;
    for (sql, code) in [
        ("SELECT array_resize([1, 2, 3], -5, 2)", ErrorCode::InvalidValue),
        (
            "SELECT arrow_typeof(unnest(s)) FROM (SELECT named_struct('a', 1) AS s)",
            ErrorCode::NotSupported,
        ),
    ] {
        let error = owlet.run(sql).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[tokio::test]
async fn ordinary_calls_answer_as_ever() {
    let owlet = TestEngine::local().await;
    for (call, expected) in [
        ("repeat('ab', 3)", "ababab"),
        ("repeat('ab', -1)", ""),
        ("repeat(NULL, 3)", ""),
        ("lpad('é', 3, 'ü')", "üüé"),
        ("rpad('abc', 2)", "ab"),
        ("array_repeat('a', 2)", "[a, a]"),
        ("array_repeat([1, NULL], 2)", "[[1, ], [1, ]]"),
        ("array_repeat(NULL, 2)", "[, ]"),
        ("array_resize([1, 2], 3, 0)", "[1, 2, 0]"),
        ("array_resize([1, 2], 1)", "[1]"),
        ("range(3)", "[0, 1, 2]"),
        ("range(5, 1, -2)", "[5, 3]"),
        ("generate_series(1, 3)", "[1, 2, 3]"),
        ("generate_series(NULL, 3)", ""),
        (
            "generate_series(DATE '2024-01-31', DATE '2024-03-31', INTERVAL '1' MONTH)",
            "[2024-01-31, 2024-02-29, 2024-03-29]",
        ),
        ("replace('aXbX', 'X', '--')", "a--b--"),
        ("regexp_replace('a1b2', '[0-9]', '#', 'g')", "a#b#"),
        ("array_to_string([1, NULL, 3], '+', '?')", "1+?+3"),
        ("concat('a', NULL, 1)", "a1"),
        ("concat_ws('-', 'a', NULL, 'b')", "a-b"),
        ("concat_ws('', 'a', upper('b'))", "aB"),
        ("array_to_string([[1, 2], [3]], ',')", "1,2,3"),
        ("length(repeat('x', 50000000))", "50000000"),
    ] {
        assert_eq!(owlet.value(&format!("SELECT {call}")).await, expected, "{call}");
    }
}
