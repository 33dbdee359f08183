//! What a statement has written, and its removal.

use futures::StreamExt;
use futures::stream;
use std::mem;
use std::sync::Arc;

use crate::error::Result;
use crate::storage::{self, Location, QueryStorage};
use datafusion::object_store::{self, ObjectStoreExt};

/// How many files are removed at once.
const REMOVALS_IN_FLIGHT: usize = 8;

/// Files that are visible, and that are removed when this is dropped without [`Self::keep`].
#[derive(Debug)]
#[must_use = "what was written is removed unless it is kept"]
pub struct Written {
    /// Rows in all files.
    pub rows: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// The files, in the order in which they were ended.
    pub files: Vec<WrittenFile>,
    undo: Undo,
}

/// One file.
#[derive(Clone, Debug)]
pub struct WrittenFile {
    /// Where it is.
    pub location: Location,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// The value of each partition column, in their order, as text; `None` is NULL.
    pub partition: Vec<Option<String>>,
}

impl Written {
    pub(super) fn nothing(storage: &Arc<QueryStorage>) -> Self {
        Self {
            rows: 0,
            bytes: 0,
            files: Vec::new(),
            undo: Undo {
                storage: Arc::clone(storage),
                locations: Vec::new(),
            },
        }
    }

    /// The files count: they stay. To be called when what makes them count has happened, or when it is not known whether it
    /// has.
    pub fn keep(&mut self) {
        self.undo.locations.clear();
    }

    /// Removes the files, and waits for it.
    ///
    /// # Errors
    /// As [`remove`].
    pub async fn discard(mut self) -> Result<()> {
        self.undo.run().await
    }

    /// A file may become visible at `location` from now on.
    pub(super) fn expect(&mut self, location: &Location) {
        self.undo.locations.push(location.clone());
    }

    pub(super) fn add(&mut self, file: WrittenFile) {
        let partition = file.partition.iter().map(|value| value.as_deref().unwrap_or("NULL"));
        let partition = partition.collect::<Vec<_>>().join("/");
        tracing::debug!(location = %file.location, file.bytes, file.rows, partition, "a file is written");
        self.rows += file.rows;
        self.bytes += file.bytes;
        self.files.push(file);
    }
}

/// What must go unless somebody says otherwise.
#[derive(Debug)]
struct Undo {
    storage: Arc<QueryStorage>,
    locations: Vec<Location>,
}

impl Undo {
    async fn run(&mut self) -> Result<()> {
        let removed = remove(&self.storage, &self.locations).await;
        // Still there while it waits, so that whoever drops it half way leaves the rest to the background.
        self.locations.clear();
        removed
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        let locations = mem::take(&mut self.locations);
        if locations.is_empty() {
            return;
        }
        let storage = Arc::clone(&self.storage);
        let removal = async move {
            if let Err(failure) = remove(&storage, &locations).await {
                tracing::warn!(%failure, "files of a statement that failed could not be removed");
            }
        };
        // Nobody waits for it: whoever drops does not wait for anything.
        drop(self.storage.runtime().spawn(removal));
    }
}

/// Removes `files`. One that is not there is as good as removed.
///
/// # Errors
/// The storage's, of the first file that could not be removed; the others are removed all the same.
pub async fn remove(storage: &QueryStorage, files: &[Location]) -> Result<()> {
    let removals: Vec<_> = files.iter().map(|file| remove_one(storage, file)).collect();
    let removed: Vec<Result<()>> = stream::iter(removals).buffered(REMOVALS_IN_FLIGHT).collect().await;
    removed.into_iter().collect()
}

async fn remove_one(storage: &QueryStorage, file: &Location) -> Result<()> {
    match storage.store(file)?.delete(file.path()).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(failure) => Err(storage::from_object_store(failure, file)),
    }
}
