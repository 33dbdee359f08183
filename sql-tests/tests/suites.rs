//! Every suite of `suites/`, once on `file://` and once on `s3://`, each with an engine, a lake and a warehouse of its own.
//!
//! With `OWLET_TEST_BLESS=1` the runs on `file://` write what the engine gives into the suites first (README.md).

use owlet_sql_tests::{Report, bless, run};
use std::fs;
use std::path::{Path, PathBuf};

use crate::lake::Lake;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/suites");
/// Set, and not empty: bless.
const BLESS: &str = "OWLET_TEST_BLESS";

/// Makes two tests of each suite, and the list of them all.
macro_rules! suites {
    ($($name:ident),* $(,)?) => {
        const SUITES: &[&str] = &[$(stringify!($name)),*];

        mod on_file {
            $(
                #[tokio::test]
                async fn $name() {
                    super::on_file(stringify!($name)).await;
                }
            )*
        }

        mod on_s3 {
            $(
                #[tokio::test]
                async fn $name() {
                    super::on_s3(stringify!($name)).await;
                }
            )*
        }
    };
}

suites!(
    aggregates,
    dates,
    ddl,
    errors,
    expressions,
    files,
    formats,
    hazards,
    information_schema,
    joins,
    nested,
    nulls,
    numbers,
    partitions,
    prepared,
    sample,
    sessions,
    sets,
    strings,
    subqueries,
    windows,
);

#[test]
fn no_suite_is_forgotten() {
    let names = fs::read_dir(DIRECTORY).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = names
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let run: Vec<String> = SUITES.iter().map(|name| format!("{name}.slt")).collect();
    assert_eq!(names, run, "left: the files of suites/, right: what is run");
}

async fn on_file(name: &str) {
    let suite = path(name);
    if std::env::var(BLESS).is_ok_and(|value| !value.is_empty()) {
        let lake = Lake::on_file().await;
        bless(&suite, lake.names(), || lake.connect()).await.unwrap();
    }
    check(&suite, &Lake::on_file().await).await.unwrap();
}

async fn on_s3(name: &str) {
    check(&path(name), &Lake::on_s3().await).await.unwrap();
}

fn path(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(format!("{name}.slt"))
}

async fn check(suite: &Path, lake: &Lake) -> Result<(), Failed> {
    let report = run(suite, lake.names(), || lake.connect()).await;
    verdict(&report, &fs::read_to_string(suite).unwrap(), lake.gets())
}

/// What a test prints: a report is for people.
struct Failed(String);

impl std::fmt::Debug for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A suite has to run whole and pass; and on a server that counts, the server has to have seen it read, if there is something that
/// it reads. A suite that reads nothing must not read: otherwise the rule that tells them apart is wrong.
fn verdict(report: &Report, text: &str, gets: Option<u64>) -> Result<(), Failed> {
    if !report.is_success() || report.skipped > 0 {
        return Err(Failed(report.to_string()));
    }
    match (names_a_table(text), gets) {
        (true, Some(0)) => Err(Failed(format!(
            "{}: names a table, and the S3 server has counted no GET",
            report.suite
        ))),
        (false, Some(gets @ 1..)) => Err(Failed(format!(
            "{}: names no table, and the S3 server has counted {gets} GETs",
            report.suite
        ))),
        _ => Ok(()),
    }
}

/// Whether a suite reads files: it names the lake, or makes a table that is not temporary.
fn names_a_table(text: &str) -> bool {
    let text = text.to_lowercase();
    ["{lake}", "{warehouse}", "create table ", "create external table "]
        .iter()
        .any(|sign| text.contains(sign))
}

/// Runs `text` as a suite on S3.
async fn on_s3_as_written(text: &str) -> Result<(), Failed> {
    let directory = tempfile::tempdir().unwrap();
    let suite = directory.path().join("some.slt");
    fs::write(&suite, text).unwrap();
    check(&suite, &Lake::on_s3().await).await
}

#[tokio::test]
async fn a_suite_that_names_a_table_and_reads_none_fails_on_s3() {
    let reads = "query I\nSELECT count(*) FROM '{lake}/customers/'\n----\n6\n";
    on_s3_as_written(reads).await.unwrap();
    let error = on_s3_as_written("query I\nSELECT 1 -- FROM '{lake}/customers/'\n----\n1\n").await;
    let Failed(message) = error.unwrap_err();
    assert!(message.contains("has counted no GET"), "{message}");
    let error = on_s3_as_written("statement ok\nCREATE TABLE t (a INT)\n").await;
    assert!(error.unwrap_err().0.contains("has counted no GET"));
    on_s3_as_written("query I\nSELECT 1\n----\n1\n").await.unwrap();
}

#[tokio::test]
async fn a_suite_that_leaves_out_a_record_fails() {
    let halted = "query I\nSELECT 1\n----\n1\n\nhalt\n\nquery I\nSELECT 1\n----\n2\n";
    let skipped = "query I\nSELECT 1\n----\n1\n\nskipif owlet\nquery I\nSELECT 1\n----\n2\n";
    for text in [halted, skipped] {
        let Failed(message) = on_s3_as_written(text).await.unwrap_err();
        assert!(message.contains("1 passed, 0 failed, 1 skipped"), "{message}");
    }
}
