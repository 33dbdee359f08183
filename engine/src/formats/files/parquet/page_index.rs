//! The page index of a file: where each page of each column lies, and what its least and greatest values are.
//!
//! `DataFusion` reads it behind the footer's back, byte range by byte range, anew for each part of a file that it opens, unless the
//! footer has it already.

use bytes::Bytes;
use datafusion::object_store::ObjectStoreExt;
use parquet::DecodeResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, RowGroupMetaData};
use std::ops::Range;

use super::footers::check_within;
use crate::formats::files::TableFile;

/// The bytes that the page index of a file lies in, as `footer` has it, if there is one: those that a reader of the whole page
/// index asks for.
pub fn range(footer: &ParquetMetaData) -> Option<Range<u64>> {
    let columns = footer.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let parts = columns.flat_map(|column| {
        [
            (column.column_index_offset(), column.column_index_length()),
            (column.offset_index_offset(), column.offset_index_length()),
        ]
    });
    let ranges = parts.filter_map(|(offset, length)| {
        let start = u64::try_from(offset?).ok()?;
        Some(start..start.checked_add(u64::try_from(length?).ok()?)?)
    });
    ranges.reduce(|all, one| all.start.min(one.start)..all.end.max(one.end))
}

/// The bytes of `range` of `file`.
///
/// # Errors
/// The store's, as an external one; the decoder's for a range that the file has not.
pub async fn read(file: &TableFile, range: Range<u64>) -> Result<Bytes, ParquetError> {
    check_within(&file.object, &range)?;
    let bytes = file.place.store.get_range(&file.object.location, range).await;
    bytes.map_err(|error| ParquetError::External(Box::new(error)))
}

/// `footer` with its page index, whose `bytes` are those of [`range`].
///
/// # Errors
/// The decoder's, for bytes that are no page index.
pub fn with_page_index(footer: &ParquetMetaData, bytes: &Bytes) -> Result<ParquetMetaData, ParquetError> {
    let none = || ParquetError::General("the file has no page index".to_owned());
    let range = range(footer).ok_or_else(none)?;
    // The decoder asks how long the file is, to find the footer, which it has already.
    let mut decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(range.end, footer.clone())?
        .with_page_index_policy(PageIndexPolicy::Optional);
    decoder.push_ranges(vec![range], vec![bytes.clone()])?;
    match decoder.try_decode()? {
        DecodeResult::Data(footer) => Ok(footer),
        DecodeResult::NeedsData(_) | DecodeResult::Finished => Err(none()),
    }
}
