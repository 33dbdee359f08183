//! The stores of one query, and DataFusion's registry of them.

use std::collections::HashMap;
use std::fs;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use object_store::ObjectStore;
use tokio::runtime::Handle;
use url::{Position, Url};

use super::access::Access;
use super::dispatched::DispatchedStore;
use super::failure::object_changed;
use super::location::Location;
use super::pinned::{Changes, PinnedStore};
use super::process::Shared;
use super::schemes::FILE;
use super::service::QueryService;
use super::usage::{Meter, Usage};
use crate::error::{Error, Result};

/// The stores that one query has opened. They count into one [`Usage`] and read one version of each object.
pub struct QueryStorage {
    shared: Arc<Shared>,
    service: QueryService,
    changes: Arc<Changes>,
    stores: Mutex<HashMap<String, Arc<dyn ObjectStore>>>,
}

impl QueryStorage {
    pub(super) fn new(shared: Arc<Shared>, access: Access) -> Self {
        let service = QueryService {
            network: Arc::clone(&shared.network),
            access,
            meter: Arc::new(Meter::default()),
            permitted: Arc::default(),
        };
        Self {
            shared,
            service,
            changes: Arc::default(),
            stores: Mutex::default(),
        }
    }

    /// Lets this query reach all that lies under `prefix`, whatever its principal may reach: for what somebody else vouches
    /// for, as the catalogue does for the files of its own tables.
    pub fn permit(&self, prefix: &Location) {
        let mut permitted = self.service.permitted.lock().unwrap_or_else(PoisonError::into_inner);
        permitted.push(prefix.clone());
    }

    /// The store that `location` is in. It is the same one for all locations of a bucket.
    ///
    /// Nothing is read yet: address and credentials of the bucket are found at the first request, and what is wrong with
    /// them is that request's error. Fails with `PERMISSION_DENIED` if this query may not reach the location.
    pub fn store(&self, location: &Location) -> Result<Arc<dyn ObjectStore>> {
        self.service.check(location)?;
        let name = location.store_name();
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || -> Arc<dyn ObjectStore> {
            let pinned = Arc::new(PinnedStore::new(&self.shared, &self.service, &self.changes, location));
            // Files are read on threads for that alone already.
            if location.scheme() == FILE {
                return pinned;
            }
            Arc::new(DispatchedStore::new(pinned, self.shared.io.clone()))
        };
        Ok(Arc::clone(stores.entry(name).or_insert_with(open)))
    }

    /// Removes the directory at `location`, and those below it, as far as they are empty. Only a local file system has such; of
    /// one that cannot be removed nothing is said: it is no file of any table.
    pub async fn remove_empty_directories(&self, location: &Location) {
        if location.scheme() != FILE || self.service.check(location).is_err() {
            return;
        }
        let path = FilePath::new("/").join(location.path().as_ref());
        let removal = self.shared.io.spawn_blocking(move || remove_empty(&path));
        // Whoever waits has nothing to learn from a panic in it.
        drop(removal.await);
    }

    /// The name of the location's store for DataFusion's scans. Opens the store as [`Self::store`] does, with its errors,
    /// so that the registry knows it.
    pub fn store_url(&self, location: &Location) -> Result<ObjectStoreUrl> {
        self.store(location)?;
        location.store_url()
    }

    /// The failure to report if this query met an object that had changed, however the libraries in between have worded
    /// it: Arrow turns some errors into text.
    #[must_use]
    pub fn object_changed(&self) -> Option<Error> {
        self.changes.first().map(|location| object_changed(&location))
    }

    /// The runtime that requests run on: for work on the stores that comes to its end whoever waits for it.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.shared.io
    }

    /// What the query has asked of its stores so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.service.meter.usage()
    }
}

/// DataFusion finds only what this query has opened through [`QueryStorage::store`], and registers nothing.
impl ObjectStoreRegistry for QueryStorage {
    /// Refuses, silently as the signature demands: the store is not kept, and a later `get_store` says so.
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn deregister_store(&self, url: &Url) -> DataFusionResult<Arc<dyn ObjectStore>> {
        Err(DataFusionError::Plan(format!(
            "the store \"{}\" cannot be taken from a query",
            store_name(url)
        )))
    }

    fn get_store(&self, url: &Url) -> DataFusionResult<Arc<dyn ObjectStore>> {
        let name = store_name(url);
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores
            .get(&name)
            .cloned()
            .ok_or_else(|| DataFusionError::Plan(format!("this query has not opened the store \"{name}\"")))
    }
}

impl std::fmt::Debug for QueryStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("QueryStorage")
            .field("access", &self.service.access)
            .field("stores", &stores.keys())
            .finish_non_exhaustive()
    }
}

fn remove_empty(directory: &FilePath) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        // A link to a directory is no directory here.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    drop(fs::remove_dir(directory));
}

fn store_name(url: &Url) -> String {
    format!(
        "{}://{}",
        url.scheme(),
        &url[Position::BeforeUsername..Position::AfterPort]
    )
}
