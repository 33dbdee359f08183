//! Where rows go.

use arrow::datatypes::SchemaRef;
use std::sync::Arc;

use crate::formats::Format;
use crate::storage::{Location, QueryStorage};

/// Where rows go, and as what.
#[derive(Clone, Debug)]
pub struct Target {
    /// The stores of the query: what is written is counted there.
    pub storage: Arc<QueryStorage>,
    /// The directory of the table.
    pub directory: Location,
    /// How files are encoded.
    pub format: Format,
    /// The columns of the batches; the partition columns last.
    pub columns: SchemaRef,
    /// The columns whose values become directories (`dt=2024-01-01/`) and are not in the files, outermost first.
    pub partition_columns: Vec<String>,
    /// How names of files begin: the query's id. What follows is a number and the format's ending: `<stem>-00000.parquet`.
    pub file_stem: String,
}

/// How many files a statement may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// One, whole or not at all: it counts as soon as it is visible.
    One,
    /// As many as it takes: something else makes them count together.
    Many,
}
