//! The limits of writing.

use serde::de::{Deserialize, Deserializer, Error};

/// How large files and their parts become, and how many are written at once.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WriteSettings {
    /// The size, in bytes, at which a file is ended and the next one begun, where a statement may write several.
    #[serde(deserialize_with = "positive")]
    pub target_file_bytes: u64,
    /// The most rows of a row group (Parquet) or record batch (Arrow).
    #[serde(deserialize_with = "positive")]
    pub row_group_rows: usize,
    /// The most bytes of a row group, encoded.
    #[serde(deserialize_with = "positive")]
    pub row_group_bytes: usize,
    /// The most partitions that a statement may have open at once; each keeps a file in memory. Athena has the same limit.
    #[serde(deserialize_with = "positive")]
    pub writers_open: usize,
    /// The size of a part of an upload, in bytes; S3 takes no less than 5 MiB. A smaller file is one request. S3 takes at most
    /// 10,000 parts.
    #[serde(deserialize_with = "part_bytes")]
    pub upload_part_bytes: usize,
    /// The most parts of one file that are on their way at once.
    #[serde(deserialize_with = "positive")]
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

/// What S3 takes at least, except for the last part.
const LEAST_PART_BYTES: usize = 5 << 20;

fn positive<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default + PartialOrd,
{
    let number = T::deserialize(deserializer)?;
    if number > T::default() {
        return Ok(number);
    }
    Err(D::Error::custom("it must be 1 at least"))
}

fn part_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let bytes = usize::deserialize(deserializer)?;
    if bytes >= LEAST_PART_BYTES {
        return Ok(bytes);
    }
    Err(D::Error::custom(format!(
        "it must be {LEAST_PART_BYTES} at least, which S3 demands"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_could_not_be_worked_with_is_refused() {
        for text in [
            "writers_open = 0",
            "target_file_bytes = 0",
            "upload_part_bytes = 1000000",
            "part = 1",
        ] {
            assert!(toml::from_str::<WriteSettings>(text).is_err(), "{text}");
        }
        let settings: WriteSettings = toml::from_str("upload_part_bytes = 6000000").unwrap();
        assert_eq!((settings.upload_part_bytes, settings.writers_open), (6_000_000, 100));
    }
}
