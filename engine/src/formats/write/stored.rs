//! Columns as a format stores them: the same values, in types that it has.

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

use super::encoding::{Encoding, Unstorable};
use crate::error::{Error, ErrorCode, Result};

/// Turns batches of a table's columns into batches of the columns that stand in its files.
#[derive(Debug)]
pub(super) struct Stored {
    columns: SchemaRef,
}

impl Stored {
    /// For `columns`, stored by `encoding`.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` that names the first column that the format cannot hold.
    pub(super) fn new(columns: &Schema, encoding: &dyn Encoding) -> Result<Self> {
        let stored = |field: &FieldRef| match encoding.stored(field.data_type()) {
            Ok(data_type) => Ok(Field::new(field.name(), data_type, field.is_nullable())),
            Err(Unstorable(why)) => {
                let message = format!(
                    "column \"{}\" of type {} cannot be written as {}: {why}",
                    field.name(),
                    field.data_type(),
                    encoding.name()
                );
                Err(Error::new(ErrorCode::NotSupported, message))
            }
        };
        let fields = columns.fields().iter().map(stored).collect::<Result<Fields>>()?;
        Ok(Self {
            columns: Arc::new(Schema::new(fields)),
        })
    }

    /// The columns of the files.
    pub(super) fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    /// The first columns of `batch` as they are stored.
    ///
    /// # Errors
    /// `INVALID_VALUE` for a value that its stored type cannot hold; `INTERNAL` for a batch of other columns.
    pub(super) fn convert(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let columns = self.columns.fields().iter().zip(batch.columns());
        let columns = columns.map(|(field, column)| convert(field, column));
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.columns), columns, &options).map_err(|cause| {
            let message = format!("what is to be written is not what was announced: {cause}");
            Error::new(ErrorCode::Internal, message).caused_by(cause)
        })
    }
}

fn convert(field: &Field, column: &ArrayRef) -> Result<ArrayRef> {
    if column.data_type() == field.data_type() {
        return Ok(Arc::clone(column));
    }
    // A cast that fails must say so: by default it would write NULL.
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(column, field.data_type(), &options).map_err(|cause| {
        let message = format!("a value of column \"{}\" cannot be written: {cause}", field.name());
        Error::new(ErrorCode::InvalidValue, message)
    })
}

/// `data_type` with each type in it that is not made of others replaced by what `leaf` says.
pub(super) fn each_leaf(
    data_type: &DataType,
    leaf: &dyn Fn(&DataType) -> Result<DataType, Unstorable>,
) -> Result<DataType, Unstorable> {
    let field = |field: &FieldRef| -> Result<FieldRef, Unstorable> {
        let data_type = each_leaf(field.data_type(), leaf)?;
        Ok(Arc::new(Field::clone(field).with_data_type(data_type)))
    };
    Ok(match data_type {
        DataType::List(item) | DataType::ListView(item) => DataType::List(field(item)?),
        DataType::LargeList(item) | DataType::LargeListView(item) => DataType::LargeList(field(item)?),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(item)?, *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect::<Result<_, _>>()?),
        DataType::Map(entries, sorted) => DataType::Map(field(entries)?, *sorted),
        DataType::Dictionary(_, values) => each_leaf(values, leaf)?,
        DataType::RunEndEncoded(_, values) => each_leaf(values.data_type(), leaf)?,
        other => leaf(other)?,
    })
}

/// What no file format has a type for that others would read.
pub(super) fn common_leaf(data_type: &DataType) -> Result<DataType, Unstorable> {
    match data_type {
        DataType::Null => Err(Unstorable("it has no type: give it one with CAST")),
        DataType::Interval(_) => Err(Unstorable(
            "an interval has no stored form: write it as a number of units, or as text",
        )),
        DataType::Duration(_) => Err(Unstorable(
            "a duration has no stored form: write it as a number of units",
        )),
        DataType::Union(..) => Err(Unstorable("its values have several types")),
        DataType::Date64 => Ok(DataType::Timestamp(TimeUnit::Millisecond, None)),
        other => Ok(other.clone()),
    }
}

/// Whether a type is made of others.
pub(super) fn is_nested(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_nested(values),
        DataType::RunEndEncoded(_, values) => is_nested(values.data_type()),
        other => other.is_nested(),
    }
}
