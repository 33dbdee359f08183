//! The limits of writing.

use serde::Deserialize;

/// How large files and their parts become, and how many are written at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WriteSettings {
    /// The size, in bytes, at which a file is ended and the next one begun, where a statement may write several.
    pub target_file_bytes: u64,
    /// The most rows of a row group (Parquet) or record batch (Arrow).
    pub row_group_rows: usize,
    /// The most bytes of a row group, encoded.
    pub row_group_bytes: usize,
    /// The most partitions that a statement may have open at once; each keeps a file in memory. Athena has the same limit.
    pub writers_open: usize,
    /// The size of a part of an upload, in bytes; S3 takes no less than 5 MiB. A smaller file is one request. S3 takes at most
    /// 10,000 parts.
    pub upload_part_bytes: usize,
    /// The most parts of one file that are on their way at once.
    pub upload_parts_in_flight: usize,
}

impl Default for WriteSettings {
    fn default() -> Self {
        Self {
            target_file_bytes: 512 << 20,
            row_group_rows: 1 << 20,
            row_group_bytes: 128 << 20,
            writers_open: 100,
            upload_part_bytes: 8 << 20,
            upload_parts_in_flight: 4,
        }
    }
}
