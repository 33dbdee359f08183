//! From the queue to a slot.

use datafusion::execution::disk_manager::{DiskManager, DiskManagerMode};
use datafusion::execution::memory_pool::MemoryPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::memory::{GrantedPool, Total};
use super::{Machine, Settings, SpillDirectory};
use crate::error::{Error, ErrorCode, Result};

/// The limits of one engine, and who holds how much of them.
#[derive(Debug)]
pub struct WorkGroup {
    settings: Settings,
    running: Arc<Semaphore>,
    planning: Arc<Semaphore>,
    waiting: AtomicUsize,
    memory: Arc<Total>,
    grant_bytes: usize,
    target_partitions: usize,
    disk: Arc<DiskManager>,
    _spill: SpillDirectory,
}

/// The right to run one query: a place among those that run, and memory. Dropping it gives both back.
#[derive(Debug)]
pub struct Slot {
    _place: OwnedSemaphorePermit,
    memory: Arc<GrantedPool>,
    disk: Arc<DiskManager>,
    time_limit: Duration,
}

impl Slot {
    /// The pool that the query reserves from.
    #[must_use]
    pub fn memory(&self) -> Arc<dyn MemoryPool> {
        Arc::clone(&self.memory) as Arc<dyn MemoryPool>
    }

    /// Where the query spills to.
    #[must_use]
    pub fn disk(&self) -> &Arc<DiskManager> {
        &self.disk
    }

    /// How long the query may run.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        self.time_limit
    }
}

/// Counts one who waits, until dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl WorkGroup {
    /// A workgroup on `machine` that spills to `spill`.
    ///
    /// # Errors
    /// `INVALID_SETTING` if the spill directory cannot be used.
    pub fn new(settings: Settings, machine: Machine, spill: SpillDirectory) -> Result<Self> {
        let or = |value: usize, otherwise: usize| if value == 0 { otherwise } else { value };
        let limit_bytes = or(settings.memory_limit_bytes, machine.memory_bytes / 10 * 6);
        let disk = DiskManager::builder()
            .with_mode(DiskManagerMode::Directories(vec![spill.path().to_owned()]))
            .with_max_temp_directory_size(settings.spill_limit_bytes)
            .build()
            .map_err(|error| {
                Error::new(
                    ErrorCode::InvalidSetting,
                    format!("workgroup.spill_directory cannot be used: {error}"),
                )
            })?;
        Ok(Self {
            running: Arc::new(Semaphore::new(or(
                settings.concurrent_statements,
                2 * machine.processors,
            ))),
            planning: Arc::new(Semaphore::new(or(settings.concurrent_planning, 2 * machine.processors))),
            waiting: AtomicUsize::new(0),
            grant_bytes: or(settings.query_memory_limit_bytes, limit_bytes).min(limit_bytes),
            memory: Arc::new(Total::new(limit_bytes)),
            target_partitions: or(settings.target_partitions, machine.processors),
            disk: Arc::new(disk),
            _spill: spill,
            settings,
        })
    }

    /// Waits for a place among those that run, in the order of arrival.
    ///
    /// # Errors
    /// `QUERY_QUEUE_FULL` if too many wait already, or after waiting too long.
    pub async fn admit(&self) -> Result<Slot> {
        let place = self.place(&self.running, "run").await?;
        Ok(Slot {
            _place: place,
            memory: Arc::new(GrantedPool::new(self.grant_bytes, Arc::clone(&self.memory))),
            disk: Arc::clone(&self.disk),
            time_limit: Duration::from_secs(self.settings.execution_timeout_seconds),
        })
    }

    /// Waits for a place among the statements that are planned: planning takes a processor and cannot be interrupted there.
    ///
    /// # Errors
    /// As [`WorkGroup::admit`].
    pub async fn permit_planning(&self) -> Result<OwnedSemaphorePermit> {
        self.place(&self.planning, "be planned").await
    }

    /// How long planning may take.
    #[must_use]
    pub fn planning_time_limit(&self) -> Duration {
        Duration::from_secs(self.settings.planning_timeout_seconds)
    }

    /// Into how many parts a scan is split.
    #[must_use]
    pub fn target_partitions(&self) -> usize {
        self.target_partitions
    }

    /// The bytes that one call of a function may give: nobody reserves them, and all parts of a query may call at once, with
    /// as much again for what the function needs while it works.
    #[must_use]
    pub fn call_limit_bytes(&self) -> usize {
        self.grant_bytes / (2 * self.target_partitions.max(1))
    }

    /// The bytes that all queries together hold now.
    #[must_use]
    pub fn reserved_bytes(&self) -> usize {
        self.memory.reserved_bytes()
    }

    /// The bytes that all queries together have spilled and not yet given back.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.disk.used_disk_space()
    }

    async fn place(&self, places: &Arc<Semaphore>, what: &str) -> Result<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Ok(place);
        }
        let ahead = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        if ahead >= self.settings.queue_limit {
            return Err(full(format!(
                "{ahead} statements wait already, the limit is {}",
                self.settings.queue_limit
            )));
        }
        let limit = Duration::from_secs(self.settings.queue_timeout_seconds);
        match tokio::time::timeout(limit, Arc::clone(places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(Error::new(ErrorCode::Cancelled, "the engine is closing")),
            Err(_) => Err(full(format!("the statement waited {} s to {what}", limit.as_secs()))),
        }
    }
}

fn full(why: String) -> Error {
    Error::new(ErrorCode::QueryQueueFull, why + "; try again later")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(settings: Settings) -> WorkGroup {
        let directory = tempfile::tempdir().unwrap();
        let machine = Machine {
            processors: 1,
            memory_bytes: 1000,
        };
        WorkGroup::new(settings, machine, SpillDirectory::open(directory.path()).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn whoever_comes_when_the_queue_is_full_is_refused_and_a_freed_slot_is_given_on() {
        let group = group(Settings {
            concurrent_statements: 1,
            queue_limit: 1,
            ..Settings::default()
        });
        let first = group.admit().await.unwrap();
        let waits = group.admit();
        let refused = async {
            tokio::task::yield_now().await;
            let error = group.admit().await.unwrap_err();
            drop(first);
            error
        };
        let (second, error) = tokio::join!(waits, refused);
        assert_eq!(error.code(), ErrorCode::QueryQueueFull);
        assert!(second.is_ok());
    }

    #[tokio::test]
    async fn whoever_waits_too_long_is_refused() {
        let group = group(Settings {
            concurrent_statements: 1,
            queue_timeout_seconds: 0,
            ..Settings::default()
        });
        let _held = group.admit().await.unwrap();
        assert_eq!(group.admit().await.unwrap_err().code(), ErrorCode::QueryQueueFull);
    }
}
