//! Parquet files that any engine reads.

use std::mem;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression as Codec, GzipLevel, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::encoding::{Compression, Encoder};

/// A row group ends at the first of these, so that a file of millions of rows can be read in parallel and in parts.
const ROW_GROUP_ROWS: usize = 1 << 20;
const ROW_GROUP_BYTES: usize = 128 << 20;

/// Begins a file with dictionaries, and with statistics of every page.
pub(super) fn begin(schema: &SchemaRef, compression: Compression) -> Result<Box<dyn Encoder>, ArrowError> {
    let codec = match compression {
        Compression::Zstd => Codec::ZSTD(ZstdLevel::try_new(3)?),
        Compression::Snappy => Codec::SNAPPY,
        Compression::Gzip => Codec::GZIP(GzipLevel::default()),
        Compression::None => Codec::UNCOMPRESSED,
    };
    let properties = WriterProperties::builder()
        // Without a version: the bytes would change with every release.
        .set_created_by("owlet datasets".to_owned())
        .set_compression(codec)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_statistics_enabled(EnabledStatistics::Page)
        .build();
    // Arrow's own note of its types says nothing that Parquet's does not, and ties the bytes to Arrow's encoding of it.
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    let writer = ArrowWriter::try_new_with_options(Vec::new(), SchemaRef::clone(schema), options)?;
    Ok(Box::new(ParquetEncoder(writer)))
}

struct ParquetEncoder(ArrowWriter<Vec<u8>>);

impl Encoder for ParquetEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        Ok(self.0.write(batch)?)
    }

    fn take(&mut self) -> Vec<u8> {
        // The writer counts what it has written by itself.
        mem::take(self.0.inner_mut())
    }

    fn finish(&mut self) -> Result<(), ArrowError> {
        self.0.finish()?;
        Ok(())
    }
}
