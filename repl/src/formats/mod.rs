//! How a result is written: one format, one file, one line in [`FORMATS`].
//!
//! A writer is opened for one schema, takes batches as they come and never holds a whole result. [`open`] stands before
//! all of them and makes every batch plain (see [`columns`]), so no writer meets a dictionary, a view or a run of
//! values. A format knows neither statements nor where its bytes go.

mod aligned;
mod arrow;
mod cells;
mod columns;
#[cfg(test)]
mod contract;
mod csv;
mod delimited;
mod fit;
mod json;
mod json_values;
mod markdown;
mod ndjson;
mod parquet;
mod table;
mod tsv;
mod vertical;

use std::io::{self, Write};
use std::path::Path;

use ::arrow::array::RecordBatch;
use ::arrow::datatypes::{Schema, SchemaRef};
use ::arrow::error::ArrowError;
use ::parquet::errors::ParquetError;
use owlet_engine::{Error, ErrorCode};

/// Every format, in the order in which help shows them. The first is the default.
pub const FORMATS: &[Format] = &[
    table::FORMAT,
    csv::FORMAT,
    tsv::FORMAT,
    json::FORMAT,
    ndjson::FORMAT,
    markdown::FORMAT,
    vertical::FORMAT,
    parquet::FORMAT,
    arrow::FORMAT,
];

/// Where the bytes of a result go.
pub type Sink = Box<dyn Write + Send>;

/// A writer that is ready for batches.
type Opened = Result<Box<dyn ResultWriter>, WriteError>;

/// One way to write a result.
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// One line for help: what comes out, and what is special about it.
    pub summary: &'static str,
    /// The ends of file names that mean this format, without the dot.
    pub extensions: &'static [&'static str],
    /// Who reads it.
    pub reader: Reader,
    /// Whether its readers find a column by its name, so that two columns may not share one.
    pub names_are_keys: bool,
    /// Whether it can show both ends of a result and say that the middle is left out.
    pub shows_some_rows: bool,
    open: fn(&Page, Sink) -> Opened,
}

/// Who reads a format; it decides what may stand in one file, and on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// People: several results may stand below each other.
    Person,
    /// Programs, line by line: several results may follow each other in a pipe, a file holds one table.
    TextProgram,
    /// Programs: a file or a pipe holds one table, and no terminal may get it.
    BinaryProgram,
}

/// What a writer is opened for.
pub struct Page {
    /// The columns of every batch that will come.
    pub schema: SchemaRef,
    /// The most rows to show, half of them from the end; `None` is all. Only for a format that `shows_some_rows`.
    pub shown_rows: Option<usize>,
    /// The columns of the terminal that shows the result; `None` has room for any.
    pub terminal_columns: Option<usize>,
    /// Whether the bytes become a file that is read at random, or a pipe that is read once from its start.
    pub is_file: bool,
}

/// A result in the making. Dropping it without [`ResultWriter::finish`] leaves the result cut off.
pub trait ResultWriter: Send {
    /// Adds `batch`. When this returns, its rows have left for the sink, unless the format must hold a bounded number
    /// of rows back.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError>;

    /// Writes what was held back and what ends the format. A result without rows is written here, too.
    fn finish(self: Box<Self>) -> Result<(), WriteError>;
}

/// Why a result could not be written.
#[derive(Debug)]
pub enum WriteError {
    /// The sink refused the bytes.
    Sink(io::Error),
    /// The format cannot carry this type or this value.
    Value(Error),
}

/// Opens `format` on `sink` for `page`.
///
/// # Errors
/// The format cannot carry a type of the schema, or the sink refuses the first bytes.
pub fn open(format: &Format, page: &Page, sink: Sink) -> Opened {
    let mut schema = columns::plain(&page.schema);
    if format.names_are_keys {
        schema = columns::with_unique_names(&schema);
    }
    let page = Page {
        schema: schema.clone(),
        ..*page
    };
    let writer = (format.open)(&page, sink)?;
    Ok(Box::new(PlainBatches { schema, writer }))
}

/// The format called `name`.
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format that the end of a file's name means.
pub fn of_file(path: &Path) -> Option<&'static Format> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    FORMATS
        .iter()
        .find(|format| format.extensions.contains(&extension.as_str()))
}

/// Whether results of these two schemas can be one table: the same names and types in the same order.
pub fn are_one_table(first: &Schema, second: &Schema) -> bool {
    let (first, second) = (columns::plain(first), columns::plain(second));
    let columns = |schema: &Schema| -> Vec<_> {
        schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect()
    };
    columns(&first) == columns(&second)
}

/// Makes every batch plain before the writer sees it.
struct PlainBatches {
    schema: SchemaRef,
    writer: Box<dyn ResultWriter>,
}

impl ResultWriter for PlainBatches {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.writer.write(&columns::fit(batch, &self.schema)?)
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        self.writer.finish()
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Sink(error)
    }
}

impl From<ArrowError> for WriteError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Self::Sink(error),
            ArrowError::NotYetImplemented(message) => Self::Value(Error::new(ErrorCode::NotSupported, message)),
            other => Self::Value(Error::new(ErrorCode::InvalidValue, other.to_string())),
        }
    }
}

impl From<ParquetError> for WriteError {
    // downcast: the library carries what its sink failed with as a `dyn Error`.
    fn from(error: ParquetError) -> Self {
        let source = match error {
            ParquetError::External(source) => source,
            ParquetError::NYI(message) => return Self::Value(Error::new(ErrorCode::NotSupported, message)),
            other => return Self::Value(Error::new(ErrorCode::InvalidValue, other.to_string())),
        };
        match source.downcast::<io::Error>() {
            Ok(error) => Self::Sink(*error),
            Err(source) => match source.downcast::<ArrowError>() {
                Ok(error) => Self::from(*error),
                Err(source) => Self::Value(Error::new(ErrorCode::Internal, source.to_string()).caused_by(source)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_an_extension_mean_one_format_at_most() {
        for (index, format) in FORMATS.iter().enumerate() {
            assert_eq!(named(format.name).unwrap().name, format.name);
            for other in &FORMATS[index + 1..] {
                assert_ne!(format.name, other.name);
                assert!(format.extensions.iter().all(|end| !other.extensions.contains(end)));
            }
        }
    }

    #[test]
    fn the_end_of_a_file_name_means_a_format() {
        for (path, name) in [
            ("a/b.CSV", Some("csv")),
            ("x.jsonl", Some("ndjson")),
            ("x.y.md", Some("markdown")),
            ("x", None),
            ("x.gz", None),
        ] {
            assert_eq!(of_file(Path::new(path)).map(|format| format.name), name, "{path}");
        }
    }
}
