//! What a statement has cost so far.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::history;
use crate::storage::{QueryStorage, Requests};

/// What a statement has cost. Final once its stream has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Rows of the result that were handed over.
    pub rows: u64,
    /// Bytes read from stores, listings among them.
    pub bytes_scanned: u64,
    /// Bytes sent to stores.
    pub bytes_written: u64,
    /// Requests to stores by kind, retried ones included.
    pub requests: Requests,
    /// Bytes that operators wrote to the spill directory.
    pub spilled_bytes: u64,
    /// The time spent waiting for a slot.
    pub queued: Duration,
    /// The time spent planning, with listing and reading footers in it.
    pub planning: Duration,
    /// The time from the statement's arrival to its end, or until now.
    pub elapsed: Duration,
}

impl From<Statistics> for history::Statistics {
    fn from(statistics: Statistics) -> Self {
        Self {
            rows: statistics.rows,
            bytes_scanned: statistics.bytes_scanned,
            bytes_written: statistics.bytes_written,
            spilled_bytes: statistics.spilled_bytes,
            requests: statistics.requests,
        }
    }
}

/// The running account of one statement, shared by those who run it and those who watch it.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    rows: AtomicU64,
    account: Mutex<Account>,
}

#[derive(Debug, Default)]
struct Account {
    /// One for each attempt: a statement whose objects changed is run again with new stores, and pays for both.
    storages: Vec<Arc<QueryStorage>>,
    spilled_bytes: u64,
    queued: Duration,
    planning: Duration,
    elapsed: Option<Duration>,
}

impl Progress {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            rows: AtomicU64::new(0),
            account: Mutex::default(),
        }
    }

    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Acquire)
    }

    pub fn add_rows(&self, rows: usize) {
        self.rows.fetch_add(rows as u64, Ordering::AcqRel);
    }

    pub fn watch(&self, storage: &Arc<QueryStorage>) {
        self.account().storages.push(Arc::clone(storage));
    }

    pub fn add_planning(&self, time: Duration) {
        self.account().planning += time;
    }

    pub fn add_queued(&self, time: Duration) {
        self.account().queued += time;
    }

    pub fn add_spilled(&self, bytes: u64) {
        self.account().spilled_bytes += bytes;
    }

    /// The error of the latest attempt's stores, if an object of theirs changed under it.
    pub fn object_changed(&self) -> Option<Error> {
        self.account().storages.last()?.object_changed()
    }

    /// Stops the clock.
    pub fn end(&self) {
        let elapsed = self.started.elapsed();
        self.account().elapsed.get_or_insert(elapsed);
    }

    pub fn statistics(&self) -> Statistics {
        let account = self.account();
        let mut statistics = Statistics {
            rows: self.rows(),
            spilled_bytes: account.spilled_bytes,
            queued: account.queued,
            planning: account.planning,
            elapsed: account.elapsed.unwrap_or_else(|| self.started.elapsed()),
            ..Statistics::default()
        };
        for usage in account.storages.iter().map(|storage| storage.usage()) {
            statistics.bytes_scanned += usage.bytes_read;
            statistics.bytes_written += usage.bytes_written;
            add(&mut statistics.requests, usage.requests);
        }
        statistics
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(sum: &mut Requests, more: Requests) {
    sum.get += more.get;
    sum.head += more.head;
    sum.list += more.list;
    sum.put += more.put;
    sum.post += more.post;
    sum.delete += more.delete;
}
