//! The history as a whole: opened once in each process, appended to, listed.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::execution::{Filter, QueryExecution, SELECT, Submission};
use super::presence::{self, Presence};
use super::record::OpenRecord;
use super::retention;
use super::settings::Settings;
use crate::catalog::Liveness;
use crate::error::{Error, ErrorCode, Result};
use crate::metastore::Metastore;

/// The time now, in microseconds since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How long [`History::close`] waits for records that are being closed.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// The history of queries in one metastore, as one process writes it. Clones share it.
#[derive(Clone)]
pub struct History(Arc<Shared>);

pub(super) struct Shared {
    pub(super) metastore: Metastore,
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) process_id: String,
    /// How many records are open.
    pub(super) open: watch::Sender<usize>,
    /// Whether the row of some record stays open, because it could not be closed.
    pub(super) gave_up: AtomicBool,
    /// When to clean up next.
    pub(super) next_upkeep: AtomicI64,
    /// None in memory, where no other process sees the rows, and once the history is closed.
    presence: Mutex<Option<Presence>>,
}

impl History {
    /// The history in `metastore`. Closes, as FAILED, the rows that dead processes left open, and forgets old ones.
    ///
    /// `process_id` names this process (or this engine, where a process has several) and is never used again: a UUID, as text.
    ///
    /// # Errors
    /// `INVALID_SETTING` for a bad setting, or a data directory that cannot be written or is on a file system without locks;
    /// what the metastore fails with.
    pub async fn open(metastore: Metastore, settings: Settings, process_id: &str, clock: Clock) -> Result<Self> {
        settings.check()?;
        let presence = metastore
            .directory()
            .map(|directory| Presence::enter(directory, process_id))
            .transpose()?;
        let history = Self(Arc::new(Shared {
            metastore,
            settings,
            clock,
            process_id: process_id.to_owned(),
            open: watch::Sender::new(0),
            gave_up: AtomicBool::new(false),
            next_upkeep: AtomicI64::new(i64::MIN),
            presence: Mutex::new(presence),
        }));
        retention::run_if_due(&history.0).await?;
        Ok(history)
    }

    /// Writes the row of a statement that has been submitted: QUEUED. If the future is dropped, the row is closed as CANCELLED.
    ///
    /// # Errors
    /// What the metastore fails with.
    pub async fn begin(&self, submission: Submission) -> Result<OpenRecord> {
        let shared = &self.0;
        if shared.is_closed() {
            return Err(Error::new(
                ErrorCode::Internal,
                "the history is closed: no query can be begun",
            ));
        }
        if retention::is_due(shared) {
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                if let Err(error) = retention::run_if_due(&shared).await {
                    tracing::warn!(%error, "cannot clean up the history");
                }
            });
        }
        OpenRecord::open(shared, submission).await
    }

    /// The query executions that `filter` asks for, the newest first.
    ///
    /// # Errors
    /// What the metastore fails with; `INTERNAL` if a row is not understood.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<QueryExecution>> {
        let select = || {
            let state = filter.state.map(|state| state.as_str().to_owned());
            sqlx::query(SELECT)
                .bind(filter.principal.clone())
                .bind(state)
                .bind(i64::from(filter.limit))
        };
        let rows = self.0.metastore.fetch_all("list the queries", select).await?;
        let executions: sqlx::Result<Vec<_>> = rows.iter().map(QueryExecution::read).collect();
        executions.map_err(|error| {
            Error::new(
                ErrorCode::Internal,
                format!("cannot understand a row of the history: {error}"),
            )
            .caused_by(error)
        })
    }

    /// The id of the process that this history is written by.
    #[must_use]
    pub fn process_id(&self) -> &str {
        &self.0.process_id
    }

    /// Whether the process lives that has opened a history in this metastore under `process_id`.
    #[must_use]
    pub fn liveness(&self, process_id: &str) -> Liveness {
        let shared = &self.0;
        if process_id == shared.process_id {
            return Liveness::Alive;
        }
        let known = match shared.metastore.directory() {
            Some(directory) => presence::liveness(directory, process_id),
            None => Liveness::Unknown,
        };
        match known {
            // All processes on a file share its directory: one without a trace in it has ended.
            Liveness::Unknown if !shared.metastore.is_shared() => Liveness::Ended,
            known => known,
        }
    }

    /// Waits, up to 5 seconds, until every record is closed. If all are, then this process has left nothing that another one
    /// would have to close. After this no query can be begun.
    ///
    /// # Errors
    /// `INTERNAL`, if records are still open. The next process that opens the history closes their rows.
    pub async fn close(&self) -> Result<()> {
        let mut open = self.0.open.subscribe();
        let all_closed = timeout(CLOSE_LIMIT, open.wait_for(|open| *open == 0)).await;
        if all_closed.is_err() {
            let count = *self.0.open.borrow();
            return Err(Error::new(
                ErrorCode::Internal,
                format!("{count} queries are still open in the history"),
            ));
        }
        self.0.leave();
        Ok(())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "History({:?})", self.0.metastore)
    }
}

impl Shared {
    fn is_closed(&self) -> bool {
        self.metastore.directory().is_some() && self.presence.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Takes back this process's file, unless a row of it is open: then the file shows the next process that there is one.
    fn leave(&self) {
        if self.gave_up.load(Ordering::Acquire) || *self.open.borrow() > 0 {
            return;
        }
        let presence = self.presence.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = presence.map(Presence::leave) {
            tracing::warn!(%error, "cannot remove the file of this process from the data directory");
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.leave();
    }
}
