//! What all statements of an engine share of the formats.

use std::fmt;
use std::sync::Arc;

use super::Settings;
use super::files::parquet::FooterCache;

/// How the files of an engine's tables are read: its settings, and what is remembered of the files from one statement to the next.
pub struct Formats {
    /// The limits of listing, inferring, reading and writing.
    pub settings: Arc<Settings>,
    pub(super) footers: Arc<FooterCache>,
}

impl Formats {
    /// Formats with these settings, and nothing remembered. `clock` gives the microseconds since the Unix epoch.
    #[must_use]
    pub fn new(settings: Settings, clock: Arc<dyn Fn() -> i64 + Send + Sync>) -> Self {
        let footers = FooterCache::new(settings.footers_kept_bytes, clock);
        Self {
            settings: Arc::new(settings),
            footers: Arc::new(footers),
        }
    }
}

impl fmt::Debug for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Formats")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
