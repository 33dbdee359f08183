//! What a user may set about the metastore.

use std::fmt;

use serde::Deserialize;

/// Where the metastore is and how patient it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `postgres://user:password@host:port/database` of a metastore that several machines share. Without it the metastore is
    /// the file `metastore.db` in the data directory.
    pub url: Option<DatabaseUrl>,
    /// How long a statement waits for other writers, and for a connection, before it fails; in milliseconds.
    pub busy_timeout_ms: u32,
    /// The most connections that this process opens. Each one to SQLite is a thread.
    pub connection_limit: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            busy_timeout_ms: 10_000,
            connection_limit: 4,
        }
    }
}

/// A database URL. It may hold a password, so it is never shown, and it is checked when the metastore opens rather than when
/// it is parsed: a parser of configuration files would quote the line.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for DatabaseUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl From<&str> for DatabaseUrl {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(***)")
    }
}
