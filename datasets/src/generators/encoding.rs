//! How rows become the bytes of a file.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::parquet_file;
use super::text_file;
use super::wishes::Refusal;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Json,
}

/// How files are compressed: Parquet inside, text as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Zstandard: what Parquet is compressed with unless something else is said.
    Zstd,
    /// Snappy, for Parquet.
    Snappy,
    /// Gzip: what text is compressed with unless something else is said.
    Gzip,
    /// Not at all.
    None,
}

impl FileFormat {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Parquet, Self::Csv, Self::Json];

    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

impl Compression {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Zstd, Self::Snappy, Self::Gzip, Self::None];

    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
            Self::Gzip => "gzip",
            Self::None => "none",
        }
    }
}

/// A format with a compression that it can have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    format: FileFormat,
    compression: Compression,
}

impl Encoding {
    /// What was wished; Parquet with zstd and text with gzip unless something else was.
    ///
    /// # Errors
    /// The format cannot be compressed that way.
    pub(super) fn choose(format: Option<FileFormat>, compression: Option<Compression>) -> Result<Self, Refusal> {
        let format = format.unwrap_or(FileFormat::Parquet);
        let possible: &[Compression] = match format {
            FileFormat::Parquet => Compression::ALL,
            FileFormat::Csv | FileFormat::Json => &[Compression::Gzip, Compression::None],
        };
        let compression = compression.unwrap_or(possible[0]);
        if possible.contains(&compression) {
            return Ok(Self { format, compression });
        }
        let names: Vec<&str> = possible.iter().map(|compression| compression.name()).collect();
        Err(Refusal(format!(
            "files of the format \"{}\" cannot be compressed with \"{}\": choose {}",
            format.name(),
            compression.name(),
            names.join(", ")
        )))
    }

    /// How names of files end, without the dot.
    pub(super) fn ending(self) -> &'static str {
        match (self.format, self.compression) {
            (FileFormat::Parquet, _) => "parquet",
            (FileFormat::Csv, Compression::Gzip) => "csv.gz",
            (FileFormat::Csv, _) => "csv",
            (FileFormat::Json, Compression::Gzip) => "json.gz",
            (FileFormat::Json, _) => "json",
        }
    }

    /// Begins a file of these columns.
    pub(super) fn begin(self, schema: &SchemaRef) -> Result<Box<dyn Encoder>, ArrowError> {
        match self.format {
            FileFormat::Parquet => parquet_file::begin(schema, self.compression),
            FileFormat::Csv => Ok(text_file::begin(text_file::csv_rows, self.compression)),
            FileFormat::Json => Ok(text_file::begin(text_file::json_rows, self.compression)),
        }
    }
}

/// A file on its way to bytes.
pub(super) trait Encoder {
    /// Adds rows.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError>;

    /// The bytes that are ready and have not been taken. May be none for long: Parquet is ready in row groups.
    fn take(&mut self) -> Vec<u8>;

    /// Ends the file; the last bytes can be taken then.
    fn finish(&mut self) -> Result<(), ArrowError>;
}
