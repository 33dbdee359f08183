//! The HTTP service of one query.

use std::sync::Arc;

use super::network::Network;
use super::usage::Meter;

#[derive(Clone, Debug)]
pub(super) struct QueryService {
    pub(super) network: Arc<Network>,
    pub(super) meter: Arc<Meter>,
}
