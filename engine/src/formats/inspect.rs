//! What lies at a location, for a table that is declared without columns.

use arrow::datatypes::{FieldRef, SchemaRef};
use std::sync::Arc;

use super::{FileTable, Format, Formats};
use crate::error::Result;
use crate::storage::{Location, QueryStorage};

/// What the files at some locations are.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Their format: the one that was asked for, or the one that their endings say.
    pub format: Format,
    /// Their own columns, from at most `formats.inference_files` of them.
    pub columns: SchemaRef,
    /// The columns that their paths spell, outermost directory first.
    pub partition_columns: Vec<FieldRef>,
    /// How many there are.
    pub files: usize,
    /// How large they are together, in bytes.
    pub bytes: u64,
}

/// Lists the files at `locations` and finds out what they hold. Without `format`, their endings say it.
///
/// # Errors
/// `TABLE_NOT_FOUND` for a location with no file; `NOT_SUPPORTED` for files of several formats, or of none that is known, or a
/// table with a log of its own; `BAD_DATA` for files that are not of their format or clash; the storage's own.
pub async fn inspect(
    storage: &Arc<QueryStorage>,
    locations: &[Location],
    format: Option<&Format>,
    formats: &Formats,
) -> Result<Inspected> {
    let table = FileTable::open_as(storage, locations, format, formats).await?;
    let (files, bytes) = table.size();
    Ok(Inspected {
        format: table.format().clone(),
        columns: Arc::clone(table.columns().file_schema()),
        partition_columns: table.columns().table_partition_cols().iter().cloned().collect(),
        files,
        bytes,
    })
}
