//! Intervals, of which the library reads two of three parts.
//!
//! Source: Parquet's `LogicalTypes.md`, "INTERVAL": months, days and milliseconds, four bytes each. parquet 59 has no array that
//! holds all three: without a word of the writer on which of them count, it reads days and milliseconds and drops the months.

use arrow::datatypes::{DataType, Schema};
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::basic::ConvertedType;
use parquet::file::metadata::ParquetMetaData;

use crate::error::{Error, ErrorCode, Result};

/// The columns of `schema` at the places `read`, or all, that hold intervals, on their own or inside.
pub fn columns_of_intervals(schema: &Schema, read: Option<&[usize]>) -> Vec<String> {
    let fields = schema.fields().iter().enumerate();
    fields
        .filter(|(place, field)| read.is_none_or(|read| read.contains(place)) && holds_interval(field.data_type()))
        .map(|(_, field)| field.name().to_lowercase())
        .collect()
}

/// Checks that none of `columns`, in lower case, would lose months in the file that `footer` is of.
///
/// # Errors
/// `NOT_SUPPORTED` that names `file` and the column.
pub fn refuse_months(footer: &ParquetMetaData, file: &str, columns: &[String]) -> Result<()> {
    let description = footer.file_metadata();
    let mut keys = description.key_value_metadata().into_iter().flatten();
    if columns.is_empty() || keys.any(|entry| entry.key == ARROW_SCHEMA_META_KEY) {
        return Ok(());
    }
    let intervals = description.schema_descr().columns().iter();
    let mut names = intervals
        .filter(|leaf| leaf.converted_type() == ConvertedType::INTERVAL)
        .filter_map(|leaf| leaf.path().parts().first().map(|name| name.to_lowercase()));
    match names.find(|name| columns.contains(name)) {
        None => Ok(()),
        Some(column) => Err(Error::new(
            ErrorCode::NotSupported,
            format!(
                "column \"{column}\" of \"{file}\" holds intervals, whose months cannot be read; leave the column out, or write \
                 it as numbers of months, days and seconds"
            ),
        )),
    }
}

fn holds_interval(data_type: &DataType) -> bool {
    match data_type {
        DataType::Interval(_) => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => holds_interval(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_interval(field.data_type())),
        _ => false,
    }
}
