//! Parquet files, in the types and with the compression that other engines read.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::mem;

use super::WriteSettings;
use super::encoding::{Encoder, Encoding, Unstorable, broken};
use super::stored::{common_leaf, each_leaf};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;

/// The level that zstd itself has by default. What a table's files weigh is paid with every scan, and written once: zstd takes a
/// quarter to a half off what snappy leaves, and reads about as fast.
const ZSTD_LEVEL: i32 = 3;

/// Parquet files, as every reader of the last years reads them: 64-bit timestamps, data pages of version 1.
#[derive(Debug)]
pub(super) struct Parquet;

impl Encoding for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn ending(&self, _: &Format) -> Result<String> {
        Ok("parquet".to_owned())
    }

    fn stored(&self, data_type: &DataType) -> Result<DataType, Unstorable> {
        each_leaf(data_type, &|leaf| match common_leaf(leaf)? {
            // Seconds have no type in Parquet and would be read as bare numbers; microseconds hold them and milliseconds, and are
            // what the other engines expect. Nanoseconds stay: nothing coarser holds their values.
            DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, zone) => {
                Ok(DataType::Timestamp(TimeUnit::Microsecond, zone))
            }
            DataType::Time32(_) => Ok(DataType::Time64(TimeUnit::Microsecond)),
            other => Ok(other),
        })
    }

    fn begin(&self, format: &Format, columns: &SchemaRef, settings: &WriteSettings) -> Result<Box<dyn Encoder>> {
        let properties = WriterProperties::builder()
            .set_created_by(concat!("owlet version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(compression(format)?)
            .set_max_row_group_row_count(Some(settings.row_group_rows))
            .set_max_row_group_bytes(Some(settings.row_group_bytes))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), SchemaRef::clone(columns), Some(properties))
            .map_err(|cause| broken("Parquet", cause))?;
        Ok(Box::new(ParquetEncoder { writer }))
    }
}

fn compression(format: &Format) -> Result<Compression> {
    let written = format.option("compression_level");
    let level: Option<i32> = written.parse().ok();
    let bad_level = |cause| {
        let message = format!("Parquet cannot be written with the compression_level {written}: {cause}");
        Error::new(ErrorCode::InvalidValue, message)
    };
    Ok(match format.option("compression") {
        "zstd" => Compression::ZSTD(ZstdLevel::try_new(level.unwrap_or(ZSTD_LEVEL)).map_err(bad_level)?),
        "snappy" => Compression::SNAPPY,
        "gzip" => Compression::GZIP(match level {
            None => GzipLevel::default(),
            Some(level) => GzipLevel::try_new(level.try_into().unwrap_or(u32::MAX)).map_err(bad_level)?,
        }),
        "lz4" => Compression::LZ4_RAW,
        "none" => Compression::UNCOMPRESSED,
        other => {
            let message = format!("Parquet cannot be written with the compression \"{other}\"");
            return Err(Error::new(ErrorCode::InvalidValue, message));
        }
    })
}

struct ParquetEncoder {
    writer: ArrowWriter<Vec<u8>>,
}

impl Encoder for ParquetEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch).map_err(|cause| broken("Parquet", cause))
    }

    fn take(&mut self) -> Vec<u8> {
        // The writer counts what it has written by itself.
        mem::take(self.writer.inner_mut())
    }

    fn held_bytes(&self) -> usize {
        self.writer.memory_size()
    }

    fn coming_bytes(&self) -> usize {
        self.writer.in_progress_size()
    }

    fn end_group(&mut self) -> Result<()> {
        let ended = self.writer.flush().and_then(|()| Ok(self.writer.sync()?));
        ended.map_err(|cause| broken("Parquet", cause))
    }

    fn finish(&mut self) -> Result<()> {
        self.writer.finish().map(drop).map_err(|cause| broken("Parquet", cause))
    }
}
