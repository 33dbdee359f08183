//! The footer of an IPC file, and where its batches are.

use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::{Block, root_as_footer};
use bytes::Bytes;
use datafusion::object_store::{ObjectStoreExt, Result as StoreResult};
use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::formats::files::TableFile;
use crate::storage;

/// The length of the footer and the name of the format, at the end of a file.
const TRAILER_BYTES: u64 = 10;

/// How much of the end of a file is read at first.
const FOOTER_GUESS_BYTES: u64 = 64 << 10;

/// How many bytes of neighbouring batches are asked for at once.
const WINDOW_BYTES: u64 = 8 << 20;

/// What the footer of an IPC file says.
#[derive(Debug)]
pub struct Footer {
    pub schema: SchemaRef,
    pub batches: Vec<Block>,
    dictionaries: Vec<Block>,
    version: arrow::ipc::MetadataVersion,
}

/// Reads the footer of `file`, by one request if it is not larger than most.
///
/// # Errors
/// `BAD_DATA` that names the file if there is none; the storage's.
pub async fn footer(file: &TableFile) -> Result<Footer> {
    let size = file.object.size;
    let guess = range(file, size.saturating_sub(FOOTER_GUESS_BYTES)..size).await?;
    let trailer: Option<[u8; 10]> = guess.len().checked_sub(10).and_then(|at| guess[at..].try_into().ok());
    let trailer = trailer.ok_or_else(|| broken(file, "it is too short"))?;
    let length = read_footer_length(trailer).map_err(|error| broken(file, &error.to_string()))? as u64;
    let end = size - TRAILER_BYTES;
    let start = end
        .checked_sub(length)
        .ok_or_else(|| broken(file, "its footer is longer than the file"))?;
    let bytes = match usize::try_from(length + TRAILER_BYTES) {
        Ok(known) if known <= guess.len() => guess.slice(guess.len() - known..guess.len() - 10),
        _ => range(file, start..end).await?,
    };
    parse(file, &bytes, start)
}

fn parse(file: &TableFile, bytes: &[u8], footer_start: u64) -> Result<Footer> {
    let footer = root_as_footer(bytes).map_err(|error| broken(file, &format!("its footer cannot be read: {error}")))?;
    let schema = footer
        .schema()
        .ok_or_else(|| broken(file, "its footer has no schema"))?;
    if !schema.endianness().equals_to_target_endianness() {
        return Err(broken(file, "its numbers have the other byte order"));
    }
    let batches: Vec<Block> = footer.recordBatches().iter().flatten().copied().collect();
    let dictionaries: Vec<Block> = footer.dictionaries().iter().flatten().copied().collect();
    let inside = |block: &Block| block_range(block).is_some_and(|range| range.end <= footer_start);
    if !batches.iter().chain(&dictionaries).all(inside) {
        return Err(broken(file, "its footer names bytes that it does not have"));
    }
    Ok(Footer {
        schema: Arc::new(fb_to_schema(schema)),
        batches,
        dictionaries,
        version: footer.version(),
    })
}

impl Footer {
    /// What decodes the batches, with all dictionaries read.
    ///
    /// # Errors
    /// `BAD_DATA` that names the file; the storage's.
    pub async fn decoder(&self, file: &TableFile) -> Result<FileDecoder> {
        let mut decoder = FileDecoder::new(Arc::clone(&self.schema), self.version);
        for block in &self.dictionaries {
            let bytes = range(file, block_range(block).unwrap_or_default()).await?;
            let read = decoder.read_dictionary(block, &Buffer::from(bytes));
            read.map_err(|error| undecodable(file, &error))?;
        }
        Ok(decoder)
    }

    /// The batches from the one at `first` on that are asked for at once: how many, and their bytes in one piece.
    pub fn window(&self, first: usize) -> (usize, Range<u64>) {
        let mut window = self.batches.get(first).and_then(block_range).unwrap_or_default();
        let mut count = 1;
        for block in self.batches.iter().skip(first + 1) {
            let next = block_range(block).unwrap_or_default();
            let near = next.start >= window.end && next.end - window.start <= WINDOW_BYTES;
            if !near {
                break;
            }
            window.end = next.end;
            count += 1;
        }
        (count, window)
    }
}

/// Where the bytes of a block are in its file.
pub fn block_range(block: &Block) -> Option<Range<u64>> {
    let start = u64::try_from(block.offset()).ok()?;
    let head = u64::try_from(block.metaDataLength()).ok()?;
    let body = u64::try_from(block.bodyLength()).ok()?;
    Some(start..start.checked_add(head)?.checked_add(body)?)
}

/// Bytes of `file`.
///
/// # Errors
/// The storage's.
pub async fn range(file: &TableFile, range: Range<u64>) -> Result<Bytes> {
    let bytes: StoreResult<Bytes> = file.place.store.get_range(&file.object.location, range).await;
    bytes.map_err(|error| storage::from_object_store(error, file.shown()))
}

/// The error of a file that is not what its format demands.
pub fn broken(file: &TableFile, why: &str) -> Error {
    let message = format!("\"{}\" is not a readable Arrow file: {why}", file.shown());
    Error::new(ErrorCode::BadData, message)
}

/// The error of a batch that cannot be decoded.
pub fn undecodable(file: &TableFile, error: &ArrowError) -> Error {
    storage::from_chain(error).unwrap_or_else(|| broken(file, &error.to_string()))
}
