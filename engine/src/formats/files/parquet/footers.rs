//! The footers that one query has read of one table, so that each is read once.

use bytes::Bytes;
use datafusion::object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};
use parquet::DecodeResult;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::Schema;

use crate::formats::files::TableFile;

/// Where footers of one table's files are kept while its query runs, up to a number of bytes.
#[derive(Debug)]
pub struct Footers {
    limit_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    /// By the name of the store and the path in it: two buckets may hold the same path.
    by_file: HashMap<(String, Path), Arc<ParquetMetaData>>,
}

impl Footers {
    /// No footers yet. The stores of the files belong to one query and pin each path to one version of its object.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            kept: Mutex::default(),
        }
    }

    /// The footer of `file`, without its page index: read if it is not at hand, by one request if the guess of its size is
    /// large enough.
    ///
    /// # Errors
    /// The store's error as an external one, or the decoder's for bytes that are no footer.
    pub async fn get(&self, file: &TableFile) -> Result<Arc<ParquetMetaData>, ParquetError> {
        if let Some(footer) = self.at_hand(file) {
            return Ok(footer);
        }
        let footer = Arc::new(read(file.place.store.as_ref(), &file.object).await?);
        let size = footer.memory_size();
        let mut kept = self.kept();
        if kept.bytes + size <= self.limit_bytes {
            kept.bytes += size;
            kept.by_file.insert(key(file), Arc::clone(&footer));
        }
        Ok(footer)
    }

    /// The footer of `file`, if it was read and kept.
    pub fn at_hand(&self, file: &TableFile) -> Option<Arc<ParquetMetaData>> {
        self.kept().by_file.get(&key(file)).map(Arc::clone)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(file: &TableFile) -> (String, Path) {
    (file.place.store_url.as_str().to_owned(), file.object.location.clone())
}

/// The Arrow schema that `footer` declares, with its own names and types.
///
/// # Errors
/// The decoder's, for a schema that Arrow cannot express.
pub fn schema_of(footer: &ParquetMetaData) -> Result<Schema, ParquetError> {
    let file = footer.file_metadata();
    parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())
}

/// How many bytes of the end of a file are read at first: its footer is rarely larger, and a request costs more than bytes.
fn footer_guess_bytes(size: u64) -> u64 {
    (size / 1000).clamp(16 << 10, 512 << 10).min(size)
}

async fn read(store: &dyn ObjectStore, object: &ObjectMeta) -> Result<ParquetMetaData, ParquetError> {
    let mut decoder = ParquetMetaDataPushDecoder::try_new(object.size)?.with_page_index_policy(PageIndexPolicy::Skip);
    let guess = object.size - footer_guess_bytes(object.size)..object.size;
    let mut wanted = vec![guess];
    loop {
        let mut buffers: Vec<Bytes> = Vec::with_capacity(wanted.len());
        for range in &wanted {
            check_within(object, range)?;
            let bytes = store.get_range(&object.location, range.clone()).await;
            buffers.push(bytes.map_err(|error| ParquetError::External(Box::new(error)))?);
        }
        check_length(object.size, &wanted, &buffers)?;
        decoder.push_ranges(wanted, buffers)?;
        match decoder.try_decode()? {
            DecodeResult::Data(footer) => return Ok(footer),
            DecodeResult::NeedsData(ranges) => wanted = ranges,
            DecodeResult::Finished => return Err(ParquetError::General("the footer ends too early".to_owned())),
        }
    }
}

/// Refuses a footer that says it is longer than its file: the decoder subtracts the one from the other.
fn check_length(size: u64, ranges: &[Range<u64>], buffers: &[Bytes]) -> Result<(), ParquetError> {
    let end = ranges.iter().position(|range| range.end == size);
    let Some(tail) = end.and_then(|index| buffers[index].last_chunk::<8>()) else {
        return Ok(());
    };
    let said = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    if u64::from(said) + tail.len() as u64 <= size {
        return Ok(());
    }
    let message = format!("its footer says that it is {said} bytes long, and the file has {size}");
    Err(ParquetError::General(message))
}

/// Checks that `object` has the bytes which its own footer speaks of: asked for others, a store has an error of its own.
///
/// # Errors
/// The decoder's kind of error.
pub fn check_within(object: &ObjectMeta, range: &Range<u64>) -> Result<(), ParquetError> {
    if range.start <= range.end && range.end <= object.size {
        return Ok(());
    }
    let message = format!(
        "its footer speaks of the bytes {} to {}, and it has {}",
        range.start, range.end, object.size
    );
    Err(ParquetError::EOF(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_longer_than_its_file_is_refused() {
        for (length, fits) in [(92_u32, true), (93, false), (u32::MAX, false)] {
            let tail = [length.to_le_bytes(), *b"PAR1"].concat();
            let checked = check_length(
                100,
                std::slice::from_ref(&(50..100)),
                &[Bytes::from([vec![0; 42], tail].concat())],
            );
            assert_eq!(checked.is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn the_first_read_is_bounded_and_never_longer_than_the_file() {
        for (size, guess) in [
            (100, 100),
            (20_000, 16_384),
            (100_000_000, 100_000),
            (u64::MAX / 2, 524_288),
        ] {
            assert_eq!(footer_guess_bytes(size), guess);
        }
    }
}
