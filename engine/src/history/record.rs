//! The record of one query that is open in the history. Whoever holds it closes it, if need be by dropping it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::batch::stored;
use super::execution::{Outcome, QueryState, Statistics, Submission};
use super::log::Shared;
use super::redaction::storable;
use crate::error::{Error, ErrorCode, Result};

/// A query execution that has not ended. Close it with [`finish`](Self::finish), or with [`finish_later`](Self::finish_later)
/// where nothing can be awaited; a record that is dropped is closed as CANCELLED, without statistics, in the background.
#[must_use = "a record that is dropped closes its query as cancelled"]
pub struct OpenRecord {
    query_id: String,
    /// None once the record is being closed.
    claim: Option<Claim>,
}

impl OpenRecord {
    /// Writes the row of `submission`: QUEUED. In a task of its own, so that a caller who goes away does not leave a row of
    /// which nobody knows: the record is then dropped, and with that the row is closed.
    pub(super) async fn open(shared: &Arc<Shared>, submission: Submission) -> Result<Self> {
        let claim = Claim::new(shared);
        let opening = tokio::spawn(async move {
            insert(&claim.shared, &submission).await?;
            let (query_id, claim) = (submission.query_id, Some(claim));
            Ok(Self { query_id, claim })
        });
        joined(opening).await
    }

    /// The id under which the query stands in the history.
    #[must_use]
    pub fn query_id(&self) -> &str {
        &self.query_id
    }

    /// Notes that the query was admitted: RUNNING.
    ///
    /// # Errors
    /// What the metastore fails with.
    pub async fn running(&self) -> Result<()> {
        let Some(claim) = &self.claim else { return Ok(()) };
        let started_at = (claim.shared.clock)();
        let update = || {
            let sql =
                "UPDATE owlet_query_executions SET state = $2, started_at = $3 WHERE query_id = $1 AND state = $4";
            let (running, queued) = (QueryState::Running.as_str(), QueryState::Queued.as_str());
            sqlx::query(sql)
                .bind(self.query_id.clone())
                .bind(running)
                .bind(started_at)
                .bind(queued)
        };
        claim
            .shared
            .metastore
            .execute("record that a query runs", update)
            .await?;
        Ok(())
    }

    /// Closes the row. It is closed also if the future is dropped.
    ///
    /// # Errors
    /// What the metastore fails with. The row is then closed, as FAILED, after this process has ended.
    pub async fn finish(mut self, outcome: Outcome, statistics: Statistics) -> Result<()> {
        match self.claim.take() {
            Some(claim) => joined(tokio::spawn(close(claim, self.query_id.clone(), outcome, statistics))).await,
            None => Ok(()),
        }
    }

    /// Closes the row in the background: for a drop. [`History::close`](super::History::close) waits for it. A failure is
    /// logged. Must be called within a Tokio runtime.
    pub fn finish_later(mut self, outcome: Outcome, statistics: Statistics) {
        self.spawn_close(outcome, statistics);
    }

    fn spawn_close(&mut self, outcome: Outcome, statistics: Statistics) {
        let (Some(claim), Ok(runtime)) = (self.claim.take(), Handle::try_current()) else {
            return;
        };
        let query_id = self.query_id.clone();
        runtime.spawn(async move {
            if let Err(error) = close(claim, query_id, outcome, statistics).await {
                tracing::error!(%error, "a query stays open in the history until this process ends");
            }
        });
    }
}

impl Drop for OpenRecord {
    fn drop(&mut self) {
        self.spawn_close(Outcome::Cancelled, Statistics::default());
    }
}

impl fmt::Debug for OpenRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenRecord(\"{}\")", self.query_id)
    }
}

/// The duty to close one row. Dropped unfulfilled, it leaves the row to whoever finds this process dead.
struct Claim {
    shared: Arc<Shared>,
    fulfilled: bool,
}

impl Claim {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.open.send_modify(|open| *open += 1);
        Self {
            shared: Arc::clone(shared),
            fulfilled: false,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.fulfilled {
            self.shared.gave_up.store(true, Ordering::Release);
        }
        self.shared.open.send_modify(|open| *open -= 1);
    }
}

async fn insert(shared: &Shared, submission: &Submission) -> Result<()> {
    let sql_text = storable(&submission.sql, shared.settings.sql_length_bytes);
    let submitted_at = (shared.clock)();
    let insert = || {
        let sql = "INSERT INTO owlet_query_executions \
            (query_id, process_id, principal, statement_type, sql_text, state, submitted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(sql)
            .bind(submission.query_id.clone())
            .bind(shared.process_id.clone())
            .bind(submission.principal.clone())
            .bind(submission.statement_type.clone())
            .bind(sql_text.clone())
            .bind(QueryState::Queued.as_str())
            .bind(submitted_at)
    };
    shared.metastore.execute("record a query", insert).await?;
    Ok(())
}

async fn close(mut claim: Claim, query_id: String, outcome: Outcome, statistics: Statistics) -> Result<()> {
    let shared = &claim.shared;
    let ended_at = (shared.clock)();
    let (code, message) = match &outcome {
        Outcome::Failed { code, message } => (
            Some(code.as_str()),
            Some(storable(message, shared.settings.error_length_bytes)),
        ),
        Outcome::Succeeded | Outcome::Cancelled => (None, None),
    };
    let Statistics {
        rows,
        bytes_scanned,
        bytes_written,
        spilled_bytes,
        requests,
    } = statistics;
    let update = || {
        let sql = "UPDATE owlet_query_executions SET state = $2, ended_at = $3, row_count = $4, bytes_scanned = $5, \
            bytes_written = $6, spilled_bytes = $7, get_requests = $8, head_requests = $9, list_requests = $10, \
            put_requests = $11, post_requests = $12, delete_requests = $13, error_code = $14, error_message = $15 \
            WHERE query_id = $1";
        let counts = [
            rows,
            bytes_scanned,
            bytes_written,
            spilled_bytes,
            requests.get,
            requests.head,
            requests.list,
        ];
        let counts = counts.into_iter().chain([requests.put, requests.post, requests.delete]);
        let update = sqlx::query(sql)
            .bind(query_id.clone())
            .bind(outcome.state().as_str())
            .bind(ended_at);
        let update = counts.fold(update, |update, count| update.bind(stored(count)));
        update.bind(code).bind(message.clone())
    };
    let rows = shared.metastore.execute("record the end of a query", update).await?;
    if rows == 0 {
        let message = format!("the query \"{query_id}\" is no longer in the history");
        return Err(Error::new(ErrorCode::Internal, message));
    }
    claim.fulfilled = true;
    Ok(())
}

async fn joined<T>(task: JoinHandle<Result<T>>) -> Result<T> {
    task.await
        .unwrap_or_else(|error| Err(Error::new(ErrorCode::Internal, "cannot write the history").caused_by(error)))
}
