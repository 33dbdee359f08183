//! What a name stands for.

use datafusion::catalog::TableProvider;
use std::sync::Arc;

/// A table that a query may scan.
#[derive(Clone, Debug)]
pub struct Table {
    provider: Arc<dyn TableProvider>,
}

impl Table {
    /// The table that `provider` scans.
    pub fn new(provider: Arc<dyn TableProvider>) -> Self {
        Self { provider }
    }

    /// What scans it.
    #[must_use]
    pub fn provider(&self) -> &Arc<dyn TableProvider> {
        &self.provider
    }
}
