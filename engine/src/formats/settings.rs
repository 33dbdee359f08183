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
    /// The most records of one text file that are looked at to find its schema.
    pub inference_records: usize,
    /// The most bytes of one text file, decompressed, that are looked at to find its schema.
    pub inference_bytes: usize,
    /// The most columns that a schema may be found to have.
    pub inference_columns: usize,
    /// The most footers, or beginnings of text files, read at once.
    pub footers_in_flight: usize,
    /// The memory that the footers of one table may take, in bytes; further ones are read again when scanned.
    pub footer_cache_bytes: usize,
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
            record_limit_bytes: 16 << 20,
            expansion_limit_times: 1_000,
            expansion_floor_bytes: 1 << 30,
        }
    }
}
