//! The runner can fail: whatever a suite says that is not so is in its report, and blessing writes down what is so.

use owlet_sql_tests::{Names, Report, bless, run};
use std::fs;

use crate::lake::Lake;

async fn report(text: &str) -> Report {
    let directory = tempfile::tempdir().unwrap();
    let suite = directory.path().join("some.slt");
    fs::write(&suite, text).unwrap();
    let lake = Lake::on_file().await;
    run(&suite, lake.names(), || lake.connect()).await
}

/// A suite whose only record, on line 1, fails; `parts` of the message.
async fn fails(text: &str, parts: &[&str]) {
    let report = report(text).await;
    assert!(!report.is_success(), "{text}\n{report}");
    let message = report.to_string();
    for part in parts {
        assert!(message.contains(part), "\"{part}\" is not in: {message}");
    }
}

#[tokio::test]
async fn what_is_as_written_passes() {
    let text = "\
# A comment.
query ITRBDPT?
SELECT 1, 'a b', 1.5, true, DATE '2024-02-29', TIMESTAMP '2024-02-29 12:00:00', '', [1, NULL]
----
1 \"a b\" 1.5 true 2024-02-29 2024-02-29T12:00:00 (empty) [1,null]

query I rowsort
SELECT * FROM (VALUES (3), (1), (2)) t(n)
----
1
2
3

statement ok
CREATE TEMPORARY TABLE t AS SELECT 1 AS a

statement count 2
INSERT INTO t VALUES (2), (3)

connection other
statement error ^TABLE_NOT_FOUND: .*\"lake.default.t\"
SELECT * FROM t

query error .*zero
SELECT 1 / 0
";
    // The last record has no code: the one thing in it that fails.
    let report = report(text).await;
    assert_eq!((report.passed, report.failures.len()), (5, 1), "{report}");
    assert!(report.failures[0].place.ends_with("some.slt:24"), "{report}");
    assert!(report.failures[0].message.contains("begins with its code"), "{report}");
}

#[tokio::test]
async fn a_wrong_row_type_order_or_number_of_rows_fails() {
    fails(
        "query I\nSELECT 1\n----\n2\n",
        &["some.slt:1", "-   2", "+   1", "1 failed"],
    )
    .await;
    fails("query T\nSELECT 1\n----\n1\n", &["columns mismatch"]).await;
    fails("query\nSELECT 1\n----\n1\n", &["columns mismatch"]).await;
    fails("query I\nSELECT 1\n----\n1\n1\n", &["result mismatch"]).await;
    fails("query I\nSELECT 1\n----\n", &["result mismatch"]).await;
    fails("query I\nSELECT 1\n", &["result mismatch"]).await;
    fails("query T\nSELECT 'a  b'\n----\n\"a b\"\n", &["result mismatch"]).await;
    fails("query TT\nSELECT 'a b', 'c'\n----\na \"b c\"\n", &["result mismatch"]).await;
    fails("query T\nSELECT 'NULL'\n----\nNULL\n", &["result mismatch"]).await;
    fails("query T\nSELECT 'any'\n----\n<slt:ignore>\n", &["result mismatch"]).await;
    let unordered = "query I\nSELECT * FROM (VALUES (2), (1)) t(n) ORDER BY n\n----\n2\n1\n";
    fails(unordered, &["result mismatch"]).await;
    fails(
        "statement count 3\nCREATE TEMPORARY TABLE t AS SELECT 1 AS a\n",
        &["affect 3 rows"],
    )
    .await;
}

#[tokio::test]
async fn a_missing_error_an_unexpected_one_and_another_one_fail() {
    fails("statement error INTERNAL\nSELECT 1\n", &["actually succeed"]).await;
    fails("query error INTERNAL\nSELECT 1\n", &["actually succeed"]).await;
    fails("query I\nSELECT a\n----\n1\n", &["COLUMN_NOT_FOUND"]).await;
    fails("statement ok\nSELECT a\n", &["COLUMN_NOT_FOUND"]).await;
    fails(
        "statement error TABLE_NOT_FOUND\nSELECT a\n",
        &["COLUMN_NOT_FOUND", "TABLE_NOT_FOUND"],
    )
    .await;
    fails("statement error\nSELECT a\n", &["begins with its code"]).await;
    fails("statement error .*\nSELECT a\n", &["begins with its code"]).await;
}

#[tokio::test]
async fn a_suite_that_asks_nothing_fails() {
    fails("", &["no record ran"]).await;
    fails("# nothing\n", &["no record ran"]).await;
    fails("halt\n\nquery I\nSELECT 1\n----\n2\n", &["no record ran", "1 skipped"]).await;
    fails(
        "skipif owlet\nquery I\nSELECT 1\n----\n2\n",
        &["no record ran", "1 skipped"],
    )
    .await;
    fails(
        "onlyif sqlite\nquery I\nSELECT 1\n----\n2\n",
        &["no record ran", "1 skipped"],
    )
    .await;
}

#[tokio::test]
async fn a_directive_that_is_unknown_or_not_for_suites_fails() {
    fails("querry I\nSELECT 1\n----\n1\n", &["some.slt:1", "invalid line"]).await;
    fails("query Z\nSELECT 1\n----\n1\n", &["some.slt:1", "'Z'"]).await;
    fails("statement okay\nSELECT 1\n", &["some.slt:1"]).await;
    let one = "query I\nSELECT 1\n----\n1\n\n";
    for (record, name) in [
        ("system ok\ntouch /tmp/owlet-suite-ran-a-command\n", "\"system\""),
        ("sleep 1s\n", "\"sleep\""),
        ("hash-threshold 1\n", "\"hash-threshold\""),
        ("control substitution on\n", "control substitution"),
        ("let x\nSELECT 1\n", "\"let"),
        ("statement ok retry 2 backoff 1s\nSELECT 1\n", "\"retry\""),
    ] {
        fails(&format!("{one}{record}"), &[name, "1 passed, 1 failed"]).await;
    }
    let missing = Lake::on_file().await;
    let report = run("no/such.slt".as_ref(), &Names::default(), || missing.connect()).await;
    assert!(
        report.to_string().contains("no/such.slt: the suite cannot be read"),
        "{report}"
    );
}

#[tokio::test]
async fn every_failure_is_in_the_report_and_later_records_run() {
    let text = "query I\nSELECT 1\n----\n2\n\nquery I\nSELECT 3\n----\n3\n\nstatement ok\nSELECT a\n";
    let report = report(text).await;
    let places: Vec<&str> = report
        .failures
        .iter()
        .map(|failure| failure.place.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        (report.passed, places),
        (1, vec!["some.slt:1", "some.slt:11"]),
        "{report}"
    );
}

#[tokio::test]
async fn blessing_writes_what_the_engine_gives_and_leaves_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let suite = directory.path().join("some.slt");
    let text = "\
# Why.
query I rowsort
SELECT * FROM (VALUES (2), (1)) t(n)
----

# Right already, with a pattern.
statement error COLUMN_NOT_FOUND: .*
SELECT a

query error INTERNAL
SELECT * FROM '{lake}/none/'

query T
SELECT 'a b' FROM '{lake}/cities/' LIMIT 1
----
wrong
";
    fs::write(&suite, text).unwrap();
    let lake = Lake::on_file().await;
    bless(&suite, lake.names(), || lake.connect()).await.unwrap();
    let blessed = fs::read_to_string(&suite).unwrap();
    for kept in [
        "# Why.",
        "# Right already",
        "COLUMN_NOT_FOUND: .*\n",
        "query I rowsort\n",
    ] {
        assert!(blessed.contains(kept), "{blessed}");
    }
    for written in ["----\n1\n2\n", "query T\n", "\"a b\"\n", "error TABLE_NOT_FOUND: "] {
        assert!(blessed.contains(written), "{blessed}");
    }
    assert!(blessed.contains("\\{lake\\}/none/"), "a place has its name: {blessed}");
    let report = run(&suite, lake.names(), || lake.connect()).await;
    assert!(report.is_success(), "{report}\n{blessed}");

    fs::write(&suite, "query I\nSELECT 1\n----\n2\n\nsleep 1s\n").unwrap();
    let error = bless(&suite, lake.names(), || lake.connect()).await.unwrap_err();
    assert!(error.to_string().contains("\"sleep\""), "{error}");
    assert!(fs::read_to_string(&suite).unwrap().contains("----\n2\n"));
}
