//! The limits of listing, inferring and reading files.

use serde::Deserialize;

/// Limits of listing, of finding out what files hold, and of reading them.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most objects that one location may hold.
    pub listing_limit_objects: usize,
    /// The most directories of one table that are listed at once.
    pub listings_in_flight: usize,
    /// The most files that are looked at to find the schema of a table; of more, so many are taken evenly.
    pub inference_files: usize,
    /// The most records of one text file that are looked at to find its schema; of each of many files, fewer.
    pub inference_records: usize,
    /// The most bytes of one text file, decompressed, that are looked at to find its schema; of each of many files, fewer.
    pub inference_bytes: usize,
    /// The most columns that a schema may be found to have.
    pub inference_columns: usize,
    /// The most footers, or beginnings of text files, read at once.
    pub footers_in_flight: usize,
    /// The memory that the footers of one table may take while a query reads it, in bytes; further ones are read again when scanned.
    pub footer_cache_bytes: usize,
    /// The memory that the footers may take which are kept from one statement to the next, of all tables together, in bytes;
    /// nought keeps none. Those that were used least recently go first.
    pub footers_kept_bytes: usize,
    /// The longest record of a text file, in bytes.
    pub record_limit_bytes: usize,
    /// How many times larger than the file its decompressed text may be. Below [`Self::expansion_floor_bytes`], anything goes.
    pub expansion_limit_times: u64,
    /// The size of decompressed text, in bytes, up to which its ratio to the file does not matter.
    pub expansion_floor_bytes: u64,
    /// How files are written.
    pub write: super::write::WriteSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            write: super::write::WriteSettings::default(),
            listing_limit_objects: 1_000_000,
            listings_in_flight: 32,
            inference_files: 1_000,
            inference_records: 20_480,
            inference_bytes: 8 << 20,
            inference_columns: 10_000,
            footers_in_flight: 32,
            footer_cache_bytes: 256 << 20,
            footers_kept_bytes: 64 << 20,
            record_limit_bytes: 16 << 20,
            expansion_limit_times: 1_000,
            expansion_floor_bytes: 1 << 30,
        }
    }
}

/// How much is looked at in all, as a multiple of what is looked at in one file.
const FILES_IN_FULL: usize = 8;

/// What is looked at in each file at least, unless the settings say less: records, and bytes.
const LEAST: (usize, usize) = (128, 64 << 10);

impl Settings {
    /// How many records and bytes of each of `files` text files are looked at: a thousand files are not read to find what the first
    /// ten show.
    pub(super) fn inference_share(&self, files: usize) -> (usize, usize) {
        let share = |all: usize, least: usize| {
            let own = all.saturating_mul(FILES_IN_FULL) / files.max(1);
            own.max(least).min(all)
        };
        (
            share(self.inference_records, LEAST.0),
            share(self.inference_bytes, LEAST.1),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_files_each_is_looked_at_less() {
        let settings = Settings::default();
        assert_eq!(settings.inference_share(1), (20_480, 8 << 20));
        assert_eq!(settings.inference_share(80), (2_048, (8 << 20) / 10));
        assert_eq!(settings.inference_share(100_000), LEAST);
        let few = Settings {
            inference_records: 10,
            ..settings
        };
        assert_eq!(few.inference_share(1_000).0, 10);
    }
}
