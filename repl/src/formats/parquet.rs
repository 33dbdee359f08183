//! An Apache Parquet file, compressed with zstd.

use ::arrow::array::RecordBatch;
use ::arrow::datatypes::{DataType, IntervalUnit, Schema, SchemaRef, TimeUnit};
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use owlet_engine::{Error, ErrorCode};

use super::{Format, Opened, Page, Reader, ResultWriter, Sink, WriteError, columns};

pub const FORMAT: Format = Format {
    name: "parquet",
    summary: "an Apache Parquet file (zstd)",
    extensions: &["parquet"],
    reader: Reader::BinaryProgram,
    names_are_keys: true,
    shows_some_rows: false,
    open,
};

/// A row group is held in memory, encoded, until it is whole. Both limits end it.
const ROW_GROUP_ROWS: usize = 1024 * 1024;
const ROW_GROUP_BYTES: usize = 128 * 1024 * 1024;

struct Parquet {
    schema: SchemaRef,
    writer: ArrowWriter<Sink>,
}

fn open(page: &Page, sink: Sink) -> Opened {
    refuse_what_parquet_lacks(&page.schema).map_err(WriteError::Value)?;
    let schema = columns::with_types(&page.schema, stored_type);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_created_by(concat!("owlet ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let writer = ArrowWriter::try_new(sink, SchemaRef::clone(&schema), Some(properties))?;
    Ok(Box::new(Parquet { schema, writer }))
}

impl ResultWriter for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        Ok(self.writer.write(&columns::fit(batch, &self.schema)?)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        // `into_inner` would do, too, but of a closed pipe it tells only in words.
        self.writer.finish()?;
        Ok(())
    }
}

/// The type that stands in the file. Parquet counts no seconds and keeps no dates in milliseconds: the `parquet` crate
/// writes both as plain integers, which readers other than Arrow's would take for numbers.
fn stored_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(TimeUnit::Second, zone) => DataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        DataType::Time32(TimeUnit::Second) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Date64 => DataType::Date32,
        other => other.clone(),
    }
}

fn refuse_what_parquet_lacks(schema: &Schema) -> Result<(), Error> {
    let refused = |message| Err(Error::new(ErrorCode::NotSupported, message));
    if schema.fields().is_empty() {
        return refused("a parquet file needs at least one column; choose another format".to_owned());
    }
    match schema.fields().iter().find(|field| is_lacking(field.data_type())) {
        None => Ok(()),
        Some(field) => refused(format!(
            "parquet has no type for the column \"{}\", {}; cast it to another type or choose another format",
            field.name(),
            field.data_type()
        )),
    }
}

/// Whether Parquet has no such type. The `parquet` crate panics on the first of these.
fn is_lacking(data_type: &DataType) -> bool {
    match data_type {
        DataType::Union(_, _) | DataType::Interval(IntervalUnit::MonthDayNano) => true,
        DataType::Struct(fields) => fields.is_empty() || fields.iter().any(|field| is_lacking(field.data_type())),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => is_lacking(item.data_type()),
        _ => false,
    }
}
