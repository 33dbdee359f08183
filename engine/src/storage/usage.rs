//! What a query asked of its stores: requests by kind, retries, bytes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Requests by kind, as a server counts them: each attempt, each page of a listing and each part of an upload is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Reads of an object or of a range of one.
    pub get: u64,
    /// Questions for an object's size and version.
    pub head: u64,
    /// Pages of listings.
    pub list: u64,
    /// Uploads: whole objects, parts, and copies made by the server.
    pub put: u64,
    /// Starts and ends of uploads in parts, and deletions of many objects at once.
    pub post: u64,
    /// Deletions of one object, and uploads given up.
    pub delete: u64,
}

impl Requests {
    /// Requests of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.get + self.head + self.list + self.put + self.post + self.delete
    }
}

/// What one query has asked of all its stores so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests by kind, retries included.
    pub requests: Requests,
    /// How many of the requests repeated one that had failed.
    pub retries: u64,
    /// Bytes of the bodies that were received, listings and error documents included.
    pub bytes_read: u64,
    /// Bytes of the bodies that were sent, repeated ones included.
    pub bytes_written: u64,
}

/// What a request does, for the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum RequestKind {
    Get,
    Head,
    List,
    Put,
    Post,
    Delete,
}

impl RequestKind {
    const COUNT: usize = 6;
}

/// The counters of one query.
#[derive(Debug, Default)]
pub(super) struct Meter {
    requests: [AtomicU64; RequestKind::COUNT],
    retries: AtomicU64,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
    /// Requests that failed and were not sent again so far, with how often.
    failed: Mutex<HashMap<String, u64>>,
}

impl Meter {
    pub(super) fn count(&self, kind: RequestKind) {
        self.requests[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Takes back a `count` and a `wrote`: the request never left this machine.
    pub(super) fn uncount(&self, kind: RequestKind, bytes: u64) {
        self.requests[kind as usize].fetch_sub(1, Ordering::Relaxed);
        self.bytes_written.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts a repetition that storage itself makes.
    pub(super) fn retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// `object_store` does not say that a request is a repetition, so failures are remembered: see [`Self::started`].
    pub(super) fn failed(&self, request: &str) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed.entry(request.to_owned()).or_default() += 1;
    }

    /// A request goes out. If the same one has failed, this is its repetition.
    pub(super) fn started(&self, request: &str) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(times) = failed.get_mut(request) else { return };
        *times -= 1;
        if *times == 0 {
            failed.remove(request);
        }
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, bytes: u64) {
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, bytes: u64) {
        self.bytes_written.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn usage(&self) -> Usage {
        let count = |kind: RequestKind| self.requests[kind as usize].load(Ordering::Relaxed);
        Usage {
            requests: Requests {
                get: count(RequestKind::Get),
                head: count(RequestKind::Head),
                list: count(RequestKind::List),
                put: count(RequestKind::Put),
                post: count(RequestKind::Post),
                delete: count(RequestKind::Delete),
            },
            retries: self.retries.load(Ordering::Relaxed),
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            bytes_written: self.bytes_written.load(Ordering::Relaxed),
        }
    }
}
