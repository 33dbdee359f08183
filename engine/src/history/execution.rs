//! One query execution: what is known when it is submitted, what is added when it ends, and all of it as it is read back.

use std::fmt;

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::{Error, ErrorCode};
use crate::storage::Requests;

/// Where a query execution stands. Athena's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryState {
    /// Submitted; not yet admitted.
    Queued,
    /// Admitted; its plan runs.
    Running,
    /// Ended with a result.
    Succeeded,
    /// Ended with an error, or its process ended.
    Failed,
    /// Stopped by its caller.
    Cancelled,
}

impl QueryState {
    const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name that users see and scripts compare, such as `SUCCEEDED`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for QueryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A statement as it is submitted.
#[derive(Clone, Debug)]
pub struct Submission {
    /// A UUID version 7, as text. Unique over all processes.
    pub query_id: String,
    /// What the user wrote. It is stored redacted and cut to length.
    pub sql: String,
    /// Who submitted it.
    pub principal: String,
    /// The statement's kind, in the words of the front end, such as `SELECT`.
    pub statement_type: String,
}

/// What a query execution did and cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Rows delivered to the caller, or written.
    pub rows: u64,
    /// Bytes read from storage.
    pub bytes_scanned: u64,
    /// Bytes written to storage.
    pub bytes_written: u64,
    /// Bytes written to the spill directory.
    pub spilled_bytes: u64,
    /// Requests to storage.
    pub requests: Requests,
}

/// How a query execution ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With its whole result.
    Succeeded,
    /// With an error.
    Failed {
        /// What kind of error.
        code: ErrorCode,
        /// In words. It is stored redacted and cut to length.
        message: String,
    },
    /// By its caller's wish, or because the caller went away.
    Cancelled,
}

impl From<&Error> for Outcome {
    fn from(error: &Error) -> Self {
        match error.code() {
            ErrorCode::Cancelled => Self::Cancelled,
            code => Self::Failed {
                code,
                message: error.message().to_owned(),
            },
        }
    }
}

impl Outcome {
    pub(super) fn state(&self) -> QueryState {
        match self {
            Self::Succeeded => QueryState::Succeeded,
            Self::Failed { .. } => QueryState::Failed,
            Self::Cancelled => QueryState::Cancelled,
        }
    }
}

/// A query execution as it stands in the history. Times are microseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryExecution {
    /// Its id.
    pub query_id: String,
    /// The statement, redacted, and cut (with `…` at its end) if it was too long.
    pub sql: String,
    /// Who submitted it.
    pub principal: String,
    /// The statement's kind.
    pub statement_type: String,
    /// Where it stands.
    pub state: QueryState,
    /// When it was submitted.
    pub submitted_at: i64,
    /// When it was admitted. None before that, and for one that was refused.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// What it did and cost. Zeros until it has ended.
    pub statistics: Statistics,
    /// The name of the error's code, such as `TABLE_NOT_FOUND`, if it failed.
    pub error_code: Option<String>,
    /// The error's message, redacted, if it failed.
    pub error_message: Option<String>,
}

/// Which query executions to list. The default lists none, since its limit is 0.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this principal.
    pub principal: Option<String>,
    /// Only those in this state.
    pub state: Option<QueryState>,
    /// At most so many, the newest.
    pub limit: u32,
}

/// Reads what [`QueryExecution::read`] takes, by place. Bound: principal and state, each or NULL, and the limit.
pub(super) const SELECT: &str = "SELECT query_id, sql_text, principal, statement_type, state, submitted_at, started_at, \
     ended_at, row_count, bytes_scanned, bytes_written, spilled_bytes, get_requests, head_requests, list_requests, \
     put_requests, post_requests, delete_requests, error_code, error_message FROM owlet_query_executions \
     WHERE ($1 IS NULL OR principal = $1) AND ($2 IS NULL OR state = $2) \
     ORDER BY submitted_at DESC, query_id DESC LIMIT $3";

impl QueryExecution {
    pub(super) fn read(row: &AnyRow) -> sqlx::Result<Self> {
        let count = |column: usize| {
            row.try_get::<i64, _>(column)
                .map(|count| u64::try_from(count).unwrap_or(0))
        };
        let state: String = row.try_get(4)?;
        let state = QueryState::named(&state).ok_or_else(|| {
            sqlx::Error::Decode(format!("a query execution has the unknown state \"{state}\"").into())
        })?;
        Ok(Self {
            query_id: row.try_get(0)?,
            sql: row.try_get(1)?,
            principal: row.try_get(2)?,
            statement_type: row.try_get(3)?,
            state,
            submitted_at: row.try_get(5)?,
            started_at: row.try_get(6)?,
            ended_at: row.try_get(7)?,
            statistics: Statistics {
                rows: count(8)?,
                bytes_scanned: count(9)?,
                bytes_written: count(10)?,
                spilled_bytes: count(11)?,
                requests: Requests {
                    get: count(12)?,
                    head: count(13)?,
                    list: count(14)?,
                    put: count(15)?,
                    post: count(16)?,
                    delete: count(17)?,
                },
            },
            error_code: row.try_get(18)?,
            error_message: row.try_get(19)?,
        })
    }
}
