//! What a format is to a writer.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use std::fmt::Debug;

use super::{WriteSettings, arrow_file, delimited, json_lines, parquet_file};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;

/// Every format that can be written.
pub(super) const ENCODINGS: &[&dyn Encoding] = &[
    &parquet_file::Parquet,
    &delimited::CSV,
    &delimited::TSV,
    &json_lines::JsonLines,
    &arrow_file::ArrowFile,
];

/// How the files of one format are written.
pub(super) trait Encoding: Debug + Send + Sync {
    /// The format's name.
    fn name(&self) -> &'static str;

    /// How names of its files end, without the dot: `csv.gz`.
    fn ending(&self, format: &Format) -> Result<String>;

    /// The type that values of `data_type` are stored as, or what the format says to them.
    ///
    /// What is stored must be the same values, exactly.
    fn stored(&self, data_type: &DataType) -> Result<DataType, Unstorable>;

    /// Begins a file of `columns`, whose types are as [`Self::stored`] has them.
    ///
    /// # Errors
    /// `INVALID_VALUE` for an option that cannot be written.
    fn begin(&self, format: &Format, columns: &SchemaRef, settings: &WriteSettings) -> Result<Box<dyn Encoder>>;
}

/// Why a column cannot be stored, in words that follow `column "x": `.
#[derive(Debug)]
pub(super) struct Unstorable(pub(super) &'static str);

/// One file while it is encoded. It computes and does not wait.
pub(super) trait Encoder: Send {
    /// Encodes `batch`.
    ///
    /// # Errors
    /// `INVALID_VALUE` for a value that the format cannot hold.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Gives out the bytes that are ready. They follow those given out before.
    fn take(&mut self) -> Vec<u8>;

    /// The memory that is held for what is not ready, in bytes.
    fn held_bytes(&self) -> usize;

    /// How many bytes what is not ready will come to, roughly: none where every batch is ready at once.
    fn coming_bytes(&self) -> usize {
        0
    }

    /// Makes ready as much as can be, at the price of a file that is harder to read.
    ///
    /// # Errors
    /// `INTERNAL` if the library fails.
    fn end_group(&mut self) -> Result<()> {
        Ok(())
    }

    /// Ends the file: what [`Self::take`] gives then is the last of it.
    ///
    /// # Errors
    /// `INTERNAL` if the library fails.
    fn finish(&mut self) -> Result<()>;
}

/// The encoding of `format`.
///
/// # Errors
/// `NOT_SUPPORTED` if files of it can only be read.
pub(super) fn of(format: &Format) -> Result<&'static dyn Encoding> {
    let found = ENCODINGS
        .iter()
        .copied()
        .find(|encoding| encoding.name() == format.name());
    found.ok_or_else(|| {
        let names: Vec<&str> = ENCODINGS.iter().map(|encoding| encoding.name()).collect();
        let message = format!(
            "files of the format {} cannot be written, only read: choose from {}",
            format.name(),
            names.join(", ")
        );
        Error::new(ErrorCode::NotSupported, message)
    })
}

/// A failure of the library that encodes.
pub(super) fn broken(what: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorCode::Internal,
        format!("a file could not be encoded as {what}: {cause}"),
    )
    .caused_by(cause)
}
