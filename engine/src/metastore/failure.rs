//! What a failure of the database is called, and what a user can do about it.

use sqlx::error::DatabaseError;

use super::location::{Kind, Location};
use crate::error::{Error, ErrorCode};

/// The engine's error for `error`, met while doing `action` (such as "record a query") on the metastore at `location`.
pub(super) fn explain(location: &Location, action: &str, error: &sqlx::Error) -> Error {
    let (code, reason) = match error {
        sqlx::Error::Database(database) => match location.kind {
            Kind::Sqlite | Kind::Memory => sqlite(location, database.as_ref()),
            Kind::PostgreSql => postgresql(database.as_ref()),
        },
        sqlx::Error::Configuration(reason) => (ErrorCode::InvalidSetting, format!("{reason}: correct its url")),
        sqlx::Error::Io(reason) => (
            ErrorCode::StorageUnavailable,
            format!("{}: check that the server runs and is reachable", reason.kind()),
        ),
        sqlx::Error::Tls(reason) => (
            ErrorCode::StorageUnavailable,
            format!("{reason}: check its certificate and sslmode"),
        ),
        sqlx::Error::PoolTimedOut => (
            ErrorCode::StorageUnavailable,
            "no connection in time: check that it runs and is not overloaded".to_owned(),
        ),
        sqlx::Error::PoolClosed => (ErrorCode::Internal, "it is closed".to_owned()),
        other => (ErrorCode::Internal, other.to_string()),
    };
    let shown = &location.shown;
    // The source is kept as scrubbed text, since a driver's error may quote what it was given.
    let source = location.scrub(&error.to_string());
    Error::new(
        code,
        location.scrub(&format!("cannot {action} in the metastore \"{shown}\": {reason}")),
    )
    .caused_by(source)
}

/// Whether the statement may succeed if it is tried again: another connection was in the way.
pub(super) fn is_transient(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    match sqlite_code(error.as_ref()) {
        // SQLITE_BUSY with its kinds (RECOVERY, SNAPSHOT), LOCKED, PROTOCOL.
        Some(code) => matches!(code & 0xff, 5 | 6 | 15),
        // serialization_failure, deadlock_detected.
        None => matches!(error.code().as_deref(), Some("40001" | "40P01")),
    }
}

/// Whether a table that the statement names does not exist.
pub(super) fn is_missing_table(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    match sqlite_code(error.as_ref()) {
        Some(code) => code == 1 && error.message().starts_with("no such table"),
        None => error.code().as_deref() == Some("42P01"),
    }
}

/// SQLite's extended result code. PostgreSQL's SQLSTATEs have five characters, none of SQLite's codes has.
fn sqlite_code(error: &dyn DatabaseError) -> Option<u32> {
    error
        .code()
        .filter(|code| code.len() < 5)
        .and_then(|code| code.parse().ok())
}

/// <https://sqlite.org/rescode.html>
fn sqlite(location: &Location, error: &dyn DatabaseError) -> (ErrorCode, String) {
    let (code, reason) = match sqlite_code(error).map(|code| code & 0xff) {
        Some(5 | 6 | 15) => (
            ErrorCode::StorageUnavailable,
            "another process kept it locked: try again, or raise busy_timeout_ms",
        ),
        Some(8) => (
            ErrorCode::InvalidSetting,
            "it is read-only: make it writable or choose another data directory",
        ),
        Some(3 | 14 | 23) if location.file().is_some_and(|file| file.is_dir()) => (
            ErrorCode::InvalidSetting,
            "a directory is in its place: move it away or choose another data directory",
        ),
        Some(3 | 14 | 23) => (
            ErrorCode::InvalidSetting,
            "it cannot be opened to read and write: check its owner and mode, or choose another data directory",
        ),
        Some(11 | 26) => (
            ErrorCode::BadData,
            "the file is damaged or no database: restore a copy, or move it away to start with an empty one",
        ),
        Some(13) => (ErrorCode::StorageUnavailable, "the disk is full: free some space"),
        Some(10) => (
            ErrorCode::StorageUnavailable,
            "the disk failed to read or write: check it and its free space",
        ),
        _ => (ErrorCode::Internal, error.message()),
    };
    (code, reason.to_owned())
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn postgresql(error: &dyn DatabaseError) -> (ErrorCode, String) {
    let (code, advice) = match error.code().as_deref() {
        Some("28P01" | "28000") => (ErrorCode::InvalidSetting, ": correct the user or password of its url"),
        Some("3D000") => (ErrorCode::InvalidSetting, ": create the database or correct its url"),
        Some("42501") => (
            ErrorCode::InvalidSetting,
            ": grant the user the right to create and change tables",
        ),
        Some("40001" | "40P01") => (
            ErrorCode::StorageUnavailable,
            ": other writers were in the way: try again",
        ),
        Some("55P03") => (
            ErrorCode::StorageUnavailable,
            ": another process kept it locked: try again, or raise busy_timeout_ms",
        ),
        Some(code) if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => {
            (ErrorCode::StorageUnavailable, ": try again later")
        }
        _ => (ErrorCode::Internal, ""),
    };
    (code, format!("{}{advice}", error.message()))
}
