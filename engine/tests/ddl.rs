//! Statements of the catalogue, end to end: databases, tables, views, partitions, and what a session remembers.

mod databases;
mod partitions;
mod remote;
mod sessions;
mod tables;
mod views;

use crate::support::{Answer, TestEngine, run};
use owlet_engine::{ErrorCode, Session};

/// Runs `sql`, which must succeed.
async fn ok(session: &Session, sql: &str) -> Answer {
    run(session, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The rows of `sql`, each as its values with `|` between them.
async fn rows(session: &Session, sql: &str) -> Vec<String> {
    ok(session, sql).await.lines()
}

/// The one value of `sql`.
async fn value(session: &Session, sql: &str) -> String {
    ok(session, sql).await.value()
}

/// Runs `sql`, which must fail with `code` and say all of `words`.
async fn refused(session: &Session, sql: &str, code: ErrorCode, words: &[&str]) {
    let error = run(session, sql)
        .await
        .err()
        .unwrap_or_else(|| panic!("{sql} succeeds"));
    assert_eq!(error.code(), code, "{sql}: {error}");
    for word in words {
        assert!(error.message().contains(word), "{sql}: \"{word}\" is not in: {error}");
    }
}

/// How many files lie below `directory`, hidden ones too.
fn files_below(directory: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let below = entries.map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path) } else { 1 }
    });
    below.sum()
}

/// How many directories lie below `directory`.
fn directories_below(directory: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let below = entries.map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { 1 + directories_below(&path) } else { 0 }
    });
    below.sum()
}

fn warehouse(engine: &TestEngine) -> std::path::PathBuf {
    engine.directory.path().join("warehouse")
}

/// The keys of the bucket `lake` that begin with `prefix`.
fn keys(fixture: &owlet_s3_fixture::S3Fixture, prefix: &str) -> Vec<String> {
    fn walk(directory: &std::path::Path, key: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{key}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else if !name.starts_with('.') {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    walk(&fixture.bucket_directory("lake"), "", &mut found);
    found.retain(|key| key.starts_with(prefix));
    found.sort();
    found
}
