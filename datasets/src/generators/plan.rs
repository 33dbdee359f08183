//! The files of a data set, before they are written.

use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use chrono::{NaiveDate, NaiveTime};

use super::encoding::Encoding;

/// The rows of a file, made one batch after another.
pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

/// What is to be written.
#[derive(Debug)]
pub struct Plan {
    /// The files, those that take longest first.
    pub files: Vec<PlannedFile>,
    /// How many rows they have together: exactly, or within a thousandth where the rows themselves decide.
    pub expected_rows: u64,
    /// How they are written.
    pub(super) encoding: Encoding,
}

impl Plan {
    /// The tables that have files, in the order of their first file.
    #[must_use]
    pub fn tables(&self) -> Vec<&'static str> {
        let mut tables = Vec::new();
        for file in &self.files {
            if !tables.contains(&file.table) {
                tables.push(file.table);
            }
        }
        tables
    }
}

/// A file that is to be written.
pub struct PlannedFile {
    /// The table that it belongs to, which is the first step of its path.
    pub table: &'static str,
    /// Its place below the target, such as `requests/dt=2026-01-01/part-00000.parquet`.
    pub path: String,
    pub(super) schema: SchemaRef,
    /// Begins its rows. Called on the thread that writes the file, since beginning may take seconds.
    pub(super) begin: Box<dyn FnOnce() -> Batches + Send>,
}

impl PlannedFile {
    /// The `number`th file of `table`, in the directory `partition` (`dt=2026-01-01/`, or nothing).
    pub(super) fn numbered(
        (table, partition): (&'static str, &str),
        number: u64,
        encoding: Encoding,
        schema: SchemaRef,
        begin: impl FnOnce() -> Batches + Send + 'static,
    ) -> Self {
        Self {
            table,
            path: format!("{table}/{partition}part-{number:05}.{}", encoding.ending()),
            schema,
            begin: Box::new(begin),
        }
    }
}

impl fmt::Debug for PlannedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlannedFile({})", self.path)
    }
}

/// `rows` cut into as few slices of at most `most` as there can be, all of about one length: the bounds of each.
pub(super) fn slices(rows: u64, most: u64) -> impl Iterator<Item = (u64, u64)> {
    let count = rows.div_ceil(most);
    (0..count).map(move |slice| (rows * slice / count, rows * (slice + 1) / count))
}

/// Microseconds since 1970 of the beginning of `date`.
pub(super) fn midnight(date: NaiveDate) -> i64 {
    date.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}
