//! On whose behalf a statement runs.

use crate::storage::Access;

/// The person or program that a session belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    name: String,
    access: Access,
}

impl Principal {
    /// The person at this machine: may do whatever the process may, its files among it.
    #[must_use]
    pub fn local() -> Self {
        Self {
            name: "local".to_owned(),
            access: Access::Local,
        }
    }

    /// Somebody who came over the network: reaches only what the configuration allows, and never this machine's files.
    #[must_use]
    pub fn remote(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            access: Access::Remote,
        }
    }

    /// The name that the history keeps.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What storage it reaches.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }
}
