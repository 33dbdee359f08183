//! Parquet: footers, statistics, and reading a file under the schema of its table.
//!
//! Must hold: a footer is known by its store, path and version, never by its path alone (`DataFusion`'s own cache confuses
//! buckets), and one that was read by another statement serves only those who have listed the same version. A column is found by its name in any case. A statistic that the library
//! could get wrong (nested, renamed or widened columns) is left unknown.

mod adapter;
mod exact;
mod footer_cache;
mod footers;
mod intervals;
mod named;
mod page_index;
mod reader;
mod statistics;
mod table_reader;

pub use adapter::AnyCaseAdapterFactory;
pub use footer_cache::FooterCache;
use footers::{Footers, schema_of};
use reader::ReaderFactory;
use statistics::file_statistics;
pub use table_reader::Parquet;

use parquet::errors::ParquetError;

use super::TableFile;
use crate::error::{Error, ErrorCode};
use crate::storage;

/// What is wrong with a file: the store's failure if it is one, else bad data. Our own errors pass as they are.
fn footer_error(error: ParquetError, file: &TableFile) -> Error {
    if let ParquetError::External(cause) = &error
        // downcast: an error of ours that went through the decoder.
        && let Some(own) = cause.downcast_ref::<Error>()
    {
        return Error::new(own.code(), own.message());
    }
    storage::from_chain(&error).unwrap_or_else(|| {
        let message = format!("\"{}\" is not a readable Parquet file: {error}", file.shown());
        Error::new(ErrorCode::BadData, message).caused_by(error)
    })
}
