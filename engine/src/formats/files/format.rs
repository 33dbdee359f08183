//! What a file format is to the engine.

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::Statistics;
use datafusion::datasource::physical_plan::FileSource;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::object_store::{ObjectMeta, ObjectStore, path::Path};
use std::fmt::Debug;
use std::sync::Arc;

use super::options::OptionRule;
use crate::error::Result;
use crate::formats::{Format, Formats};
use crate::storage::Location;

/// A way to write rows into files: one of [`FORMATS`](super::FORMATS).
pub trait TableFormat: Debug + Send + Sync {
    /// Its name, lower case.
    fn name(&self) -> &'static str;

    /// How names of its files end, lower case, without the dot and without the ending of a compression.
    fn endings(&self) -> &'static [&'static str];

    /// The options that it takes.
    fn options(&self) -> &'static [OptionRule];

    /// What reads the files of one table for one query. `format` is of this format, its options checked.
    fn reader(&self, format: &Format, formats: &Formats) -> Result<Arc<dyn TableReader>>;
}

/// Reads the files of one table for one query.
///
/// Nothing is kept beyond the query. Dropping a future cancels its requests; whoever asked asks again.
#[async_trait]
pub trait TableReader: Debug + Send + Sync {
    /// The schema that every one of `sample` can be read under. Columns that are in some of them alone are nullable.
    ///
    /// # Errors
    /// `BAD_DATA` that names the file, and the column if there is one; the storage's own.
    async fn infer(&self, sample: &[TableFile]) -> Result<SchemaRef>;

    /// Reads what [`Self::statistics`] needs of `files`, where that costs less than reading the rows and is of use to the scan
    /// itself.
    ///
    /// # Errors
    /// As [`Self::infer`].
    async fn look_at(&self, files: &[TableFile]) -> Result<()>;

    /// What is known of the rows of `file` for the columns of `table` without reading any: nothing, or exact counts.
    fn statistics(&self, file: &TableFile, table: &SchemaRef) -> Option<Statistics>;

    /// What makes batches of the files at one place.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` for a column whose type the format cannot hold.
    fn source(&self, scan: Scan<'_>) -> Result<Arc<dyn FileSource>>;
}

/// What a source must know of the scan that it is made for.
pub struct Scan<'a> {
    /// The store that the files are in.
    pub place: &'a Arc<Place>,
    /// The columns of the files, then those of the paths.
    pub columns: &'a TableSchema,
    /// Which of them are read, by their places; all if it is nothing.
    pub projection: Option<&'a [usize]>,
    /// Where the columns of the files come from.
    pub origin: Origin,
    /// The options of the session.
    pub session: &'a dyn datafusion::catalog::Session,
    /// Whether a filter that will be pushed down looks at floating-point numbers.
    pub filters_floats: bool,
}

/// Where the columns of a table come from, which decides what a file with other columns is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody wrote them down: what is not among them is left out.
    Declared,
    /// Every file was looked at.
    AllFiles,
    /// Some files were looked at: what the others have beyond is an error, not left out.
    SomeFiles,
}

/// The store of a part of a table's files, and how messages name them.
#[derive(Debug)]
pub struct Place {
    /// What the user wrote: another object of the same store is named after it.
    pub location: Location,
    /// The query's own store.
    pub store: Arc<dyn ObjectStore>,
    /// Its name in scans.
    pub store_url: ObjectStoreUrl,
}

impl Place {
    /// The object at `path` as messages name it.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        self.location.object(path).to_string()
    }
}

/// One file of a table, as the listing saw it.
#[derive(Clone, Debug)]
pub struct TableFile {
    /// Where it lies.
    pub place: Arc<Place>,
    /// Its path in the store, size in bytes, and `ETag` where the store gives one.
    pub object: ObjectMeta,
}

impl TableFile {
    /// The file as messages name it.
    #[must_use]
    pub fn shown(&self) -> String {
        self.place.shown(&self.object.location)
    }
}
