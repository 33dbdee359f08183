//! The right to write to a place, held for as long as a statement writes there.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;

use crate::catalog::{WriteClaim, WriteClaims, Writer};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::write;
use crate::history::History;
use crate::storage::{Location, QueryStorage, next_object};

/// Takes claims for the statements of one process.
#[derive(Clone)]
pub struct Claims {
    /// Those of all processes.
    pub all: WriteClaims,
    /// What tells of processes, this one and others.
    pub history: History,
    /// Microseconds since the Unix epoch.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// A claim that is held. Dropped, it counts as abandoned: whoever takes the place next removes what was written there.
pub struct Held {
    claims: WriteClaims,
    claim: Option<WriteClaim>,
}

impl Claims {
    /// Takes `claim`, and removes what dead statements have left in its place.
    ///
    /// # Errors
    /// `ALREADY_EXISTS` if another statement writes there; those of the metastore and of the store.
    pub async fn take(&self, claim: &WriteClaim, storage: &Arc<QueryStorage>) -> Result<Held> {
        let writer = Writer {
            query_id: &claim.query_id,
            process_id: self.history.process_id(),
            now: (self.clock)(),
        };
        let liveness = |process_id: &str| self.history.liveness(process_id);
        let taken = self.all.claim(&claim.location, writer, &liveness).await?;
        let held = Held {
            claims: self.all.clone(),
            claim: Some(taken.claim),
        };
        for abandoned in &taken.abandoned {
            remove_leftovers(abandoned, storage).await?;
            self.all.release(abandoned).await?;
        }
        Ok(held)
    }

    /// Whether a claim still stands. It does not once the change is made that it was taken for.
    ///
    /// # Errors
    /// Those of the metastore.
    pub async fn is_held(&self, held: &Held) -> Result<bool> {
        match &held.claim {
            Some(claim) => self.all.is_held(claim).await,
            None => Ok(false),
        }
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("all", &self.all).finish_non_exhaustive()
    }
}

impl Held {
    /// The change was made that the claim was taken for, and has given it back.
    pub fn spent(mut self) {
        self.claim = None;
    }

    /// Gives the claim back, with nothing left in its place.
    pub async fn release(mut self) {
        let Some(claim) = self.claim.take() else { return };
        if let Err(error) = self.claims.release(&claim).await {
            // It stands as abandoned then, at the latest when this process ends.
            tracing::warn!(%error, location = claim.location, "a claim could not be given back");
            self.claim = Some(claim);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(claim) = self.claim.take() else { return };
        // Without a runtime the process ends, and its claims with it.
        let Ok(runtime) = Handle::try_current() else { return };
        let claims = self.claims.clone();
        runtime.spawn(async move {
            if let Err(error) = claims.abandon(&claim).await {
                tracing::warn!(%error, location = claim.location, "a claim could not be given up");
            }
        });
    }
}

/// Removes the files that a dead statement wrote: those whose names begin with its query's identifier.
async fn remove_leftovers(abandoned: &WriteClaim, storage: &Arc<QueryStorage>) -> Result<()> {
    let directory = Location::parse(&abandoned.location, Path::new("/"))?;
    storage.permit(&directory);
    let written = |location: &Location| {
        let path = location.path();
        path.filename().is_some_and(|name| name.contains(&abandoned.query_id))
    };
    let files: Vec<Location> = objects(storage, &directory)
        .await?
        .into_iter()
        .filter(written)
        .collect();
    write::remove(storage, &files).await
}

/// Every object below `directory`.
///
/// # Errors
/// Those of the store.
pub async fn objects(storage: &Arc<QueryStorage>, directory: &Location) -> Result<Vec<Location>> {
    let store = storage.store(directory)?;
    let mut listing = store.list(Some(directory.path()));
    let mut objects = Vec::new();
    while let Some(object) = next_object(&mut listing, directory).await? {
        objects.push(directory.object(&object.location));
    }
    Ok(objects)
}

/// Refuses a directory for a new table that holds files already.
///
/// # Errors
/// `ALREADY_EXISTS` that names one of them; those of the store.
pub async fn refuse_occupied(storage: &Arc<QueryStorage>, directory: &Location) -> Result<()> {
    let store = storage.store(directory)?;
    let mut listing = store.list(Some(directory.path()));
    let Some(object) = next_object(&mut listing, directory).await? else {
        return Ok(());
    };
    let file = directory.object(&object.location);
    let message = format!(
        "the place of the new table is not empty: \"{file}\" is there; choose another LOCATION, or remove what is there"
    );
    Err(Error::new(ErrorCode::AlreadyExists, message))
}
