//! What a user may set about the catalogue.

use serde::Deserialize;

/// Which databases there are from the start, where tables are put, and how long the claims of statements that write are honoured.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether there is the database `sample`, over files that are part of the program. A database of that name that somebody
    /// made wins over it.
    pub sample: bool,
    /// Hours after which the claim of a process that left no trace in this data directory counts as abandoned. That concerns a
    /// metastore that several machines share alone: no statement on it may write for longer, and what a machine that is lost
    /// was writing can be written again after that time.
    pub unknown_claim_limit_hours: u32,
    /// Where tables are put that name no place of their own: a URL such as `s3://bucket/warehouse/`, or a directory. Unset, it is
    /// `warehouse` in the data directory.
    pub warehouse: Option<String>,
    /// The most bytes of rows that one temporary table of a session may keep in memory.
    pub temporary_table_limit_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sample: true,
            unknown_claim_limit_hours: 24,
            warehouse: None,
            temporary_table_limit_bytes: 256 << 20,
        }
    }
}
