//! What a user may set about the catalogue.

use serde::Deserialize;

/// How long the claims of statements that write are honoured.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Hours after which the claim of a process that left no trace in this data directory counts as abandoned. That concerns a
    /// metastore that several machines share alone: no statement on it may write for longer, and what a machine that is lost
    /// was writing can be written again after that time.
    pub unknown_claim_limit_hours: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unknown_claim_limit_hours: 24,
        }
    }
}
