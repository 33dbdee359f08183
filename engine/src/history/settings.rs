//! What a user may set about the history.

use serde::Deserialize;

use crate::error::{Error, ErrorCode, Result};

/// How much is kept, and for how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Days after which a query execution is forgotten. 45, as in Athena.
    pub retention_days: u32,
    /// The most query executions that one clean-up deletes, so that none takes long.
    pub retention_batch_rows: u32,
    /// The most bytes of a statement's text that are kept. 256 KiB, Athena's limit for a statement.
    pub sql_length_bytes: usize,
    /// The most bytes of an error's message that are kept.
    pub error_length_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retention_days: 45,
            retention_batch_rows: 1_000,
            sql_length_bytes: 262_144,
            error_length_bytes: 8_192,
        }
    }
}

impl Settings {
    /// Refuses what would keep nothing or delete nothing.
    pub(super) fn check(&self) -> Result<()> {
        for (name, value) in [
            ("retention_days", self.retention_days),
            ("retention_batch_rows", self.retention_batch_rows),
        ] {
            if value == 0 {
                let message = format!("the setting \"{name}\" of the history is 0: it must be at least 1");
                return Err(Error::new(ErrorCode::InvalidSetting, message));
            }
        }
        Ok(())
    }
}
