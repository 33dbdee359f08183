//! The storage of a process: what is made once and shared by all queries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use super::access::{Access, RemotePrefixes};
use super::environment::Environment;
use super::location::Location;
use super::network::Network;
use super::query::QueryStorage;
use super::schemes::{self, Kept};
use super::settings::Settings;
use crate::error::{Error, ErrorCode, Result};

/// How many buckets are kept ready. Beyond, they are resolved anew.
const KEPT_BUCKETS: usize = 1024;

/// The object stores of a process. Buckets are resolved when first used, and no connection is made before.
#[derive(Clone)]
pub struct Storage(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) network: Arc<Network>,
    /// The runtime that all requests run on.
    pub(super) io: Handle,
    kept: Mutex<HashMap<String, Arc<OnceCell<Kept>>>>,
}

impl Storage {
    /// Storage with these settings, seeing this environment. Its requests run on the runtime `io`, whichever runtime waits for
    /// them. Fails with `INVALID_SETTING` if a setting contradicts itself.
    pub fn new(settings: Settings, environment: Environment, io: Handle) -> Result<Self> {
        let settings = settings.checked()?;
        let remote = RemotePrefixes::parse(&settings.remote_prefixes)?;
        Ok(Self(Arc::new(Shared {
            network: Arc::new(Network::new(settings, environment, remote)),
            io,
            kept: Mutex::default(),
        })))
    }

    /// The stores of one query, with counters and pins of its own.
    #[must_use]
    pub fn query(&self, access: Access) -> Arc<QueryStorage> {
        Arc::new(QueryStorage::new(Arc::clone(&self.0), access))
    }
}

impl Shared {
    /// What is kept of the location's bucket, resolved now if it is not there. A failure is not kept.
    pub(super) async fn kept(&self, location: &Location) -> Result<Kept> {
        let cell = self.cell(location.store_name());
        let open = || async {
            let scheme = schemes::by_name(location.scheme())
                .ok_or_else(|| Error::new(ErrorCode::Internal, format!("\"{location}\" has no scheme")))?;
            (scheme.open)(&self.network, location).await
        };
        cell.get_or_try_init(open).await.cloned()
    }

    fn cell(&self, store: String) -> Arc<OnceCell<Kept>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_BUCKETS && !kept.contains_key(&store) {
            kept.clear();
        }
        Arc::clone(kept.entry(store).or_default())
    }
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Storage")
            .field("settings", &self.0.network.settings)
            .finish_non_exhaustive()
    }
}
