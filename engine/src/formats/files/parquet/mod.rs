//! Parquet: footers, statistics, and reading a file under the schema of its table.
//!
//! Must hold: a footer is known by its store, path and `ETag`, never by its path alone (`DataFusion`'s own cache confuses
//! buckets), and lives no longer than the query. A column is found by its name in any case. A statistic that the library
//! could get wrong (nested, renamed or widened columns) is left unknown.

mod adapter;
mod footers;
mod reader;
mod statistics;

pub use adapter::AnyCaseAdapterFactory;
pub use footers::{Footers, schema_of};
pub use reader::ReaderFactory;
pub use statistics::file_statistics;
