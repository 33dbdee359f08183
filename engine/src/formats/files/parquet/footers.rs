//! The footers that one query has read of one table, so that each is read once, and its page index too.

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

use super::footer_cache::FooterCache;
use super::page_index;
use crate::formats::files::TableFile;

/// Where footers of one table's files are kept while its query runs, up to a number of bytes. Those of a version that the process
/// remembers are not read.
#[derive(Debug)]
pub struct Footers {
    limit_bytes: usize,
    cache: Arc<FooterCache>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    /// By the name of the store and the path in it: two buckets may hold the same path.
    by_file: HashMap<(String, Path), KeptFooter>,
}

#[derive(Clone, Debug)]
struct KeptFooter {
    footer: Arc<ParquetMetaData>,
    /// The bytes of the page index, while there is somebody who may ask for them without knowing that the footer has it by now.
    page_index: Arc<tokio::sync::Mutex<Option<Bytes>>>,
}

impl Footers {
    /// No footers yet. The stores of the files belong to one query and pin each path to one version of its object.
    pub fn new(limit_bytes: usize, cache: &Arc<FooterCache>) -> Self {
        Self {
            limit_bytes,
            cache: Arc::clone(cache),
            kept: Mutex::default(),
        }
    }

    /// The footer of `file`, read if it is not at hand, by one request if the guess of its size is large enough. It has its page
    /// index if somebody has read that before.
    ///
    /// # Errors
    /// The store's error as an external one, or the decoder's for bytes that are no footer.
    pub async fn get(&self, file: &TableFile) -> Result<Arc<ParquetMetaData>, ParquetError> {
        if let Some(footer) = self.at_hand(file) {
            return Ok(footer);
        }
        let sought = self.cache.sought(file);
        let remembered = sought.as_ref().and_then(|sought| self.cache.get(sought));
        let footer = match remembered {
            Some(footer) => footer,
            None => Arc::new(read(file.place.store.as_ref(), &file.object).await?),
        };
        if let Some(sought) = &sought {
            self.cache.keep(sought, &footer);
        }
        self.keep(file, &footer);
        Ok(footer)
    }

    /// The footer of `file`, if it was read and kept.
    pub fn at_hand(&self, file: &TableFile) -> Option<Arc<ParquetMetaData>> {
        self.kept().by_file.get(&key(file)).map(|kept| Arc::clone(&kept.footer))
    }

    /// The bytes of the page index of `file`, which are those of `range`: read once, however many ask. From then on the footer
    /// of the file comes with it.
    ///
    /// # Errors
    /// The store's, as an external one.
    pub async fn page_index(&self, file: &TableFile, range: Range<u64>) -> Result<Bytes, ParquetError> {
        let kept = self.kept().by_file.get(&key(file)).cloned();
        let Some(KeptFooter { footer, page_index }) = kept else {
            return page_index::read(file, range).await;
        };
        let mut bytes = page_index.lock().await;
        if let Some(bytes) = bytes.as_ref() {
            return Ok(bytes.clone());
        }
        let sought = self.cache.sought(file);
        let read = page_index::read(file, range).await?;
        // What is wrong with it is said by whoever has asked for its bytes.
        if let Ok(footer) = page_index::with_page_index(&footer, &read) {
            let footer = Arc::new(footer);
            if let Some(sought) = &sought {
                self.cache.keep(sought, &footer);
            }
            if self.keep(file, &footer) {
                *bytes = Some(read.clone());
            }
        }
        Ok(read)
    }

    /// Keeps `footer`, and whether it did.
    fn keep(&self, file: &TableFile, footer: &Arc<ParquetMetaData>) -> bool {
        let (key, size) = (key(file), size_of_kept(footer));
        let mut kept = self.kept();
        let replaced = kept.by_file.get(&key).map_or(0, |known| size_of_kept(&known.footer));
        let bytes = kept.bytes - replaced + size;
        if bytes > self.limit_bytes {
            return false;
        }
        kept.bytes = bytes;
        let page_index = kept.by_file.remove(&key).map(|known| known.page_index);
        let footer = KeptFooter {
            footer: Arc::clone(footer),
            page_index: page_index.unwrap_or_default(),
        };
        kept.by_file.insert(key, footer);
        true
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(file: &TableFile) -> (String, Path) {
    (file.place.store_url.as_str().to_owned(), file.object.location.clone())
}

/// The memory that a footer takes, and that of the bytes of its page index if it has one.
fn size_of_kept(footer: &ParquetMetaData) -> usize {
    let raw = match footer.offset_index() {
        Some(_) => page_index::range(footer).map_or(0, |range| range.end.saturating_sub(range.start)),
        None => 0,
    };
    footer.memory_size() + usize::try_from(raw).unwrap_or(usize::MAX / 2)
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
