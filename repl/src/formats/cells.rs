//! The text of single cells, for the formats that put text into places of their own.
//!
//! A value has the same text in all of them: numbers with all their digits, dates and times as ISO 8601, binary as
//! hexadecimal, and nested values as the JSON that the format `json` would hold.

use arrow::array::{Array, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, NullableEncoder, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// The rows of `batch` in turn: `row` gets each as a [`Row`].
///
/// # Errors
/// A type that has no text, a value that has none (a date outside of the calendar), or an error of `row`.
pub fn for_each_row<E: From<ArrowError>>(
    batch: &RecordBatch,
    options: &EncoderOptions,
    mut row: impl FnMut(&mut Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let schema = batch.schema_ref();
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(array, field)| Column::of(array, field, options));
    let mut cells = Row {
        columns: columns.collect::<Result<_, _>>()?,
        number: 0,
        text: String::new(),
        json: Vec::new(),
    };
    for number in 0..batch.num_rows() {
        cells.number = number;
        row(&mut cells)?;
    }
    Ok(())
}

/// Whether people compare the values of a column by their last digits, so that these should stand below each other.
pub fn is_right_aligned(schema: &Schema) -> Vec<bool> {
    schema
        .fields()
        .iter()
        .map(|field| field.data_type().is_numeric())
        .collect()
}

/// One row of a batch.
pub struct Row<'a> {
    columns: Vec<Column<'a>>,
    number: usize,
    text: String,
    json: Vec<u8>,
}

impl Row<'_> {
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The text of the cell in `column`, or `None` where it is null.
    pub fn text(&mut self, column: usize) -> Result<Option<&str>, ArrowError> {
        let Column { nulls, values } = &mut self.columns[column];
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(self.number)) {
            return Ok(None);
        }
        self.text.clear();
        match values {
            Values::Plain(formatter) => formatter.value(self.number).write(&mut self.text)?,
            Values::Nested(encoder) => {
                self.json.clear();
                encoder.encode(self.number, &mut self.json);
                self.text.push_str(&String::from_utf8_lossy(&self.json));
            }
        }
        Ok(Some(&self.text))
    }
}

struct Column<'a> {
    /// Where the column has no value; also for types that keep no such bits themselves.
    nulls: Option<NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Plain(ArrayFormatter<'a>),
    Nested(NullableEncoder<'a>),
}

impl<'a> Column<'a> {
    fn of(array: &'a dyn Array, field: &'a FieldRef, options: &'a EncoderOptions) -> Result<Self, ArrowError> {
        let values = match array.data_type() {
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(_, _)
            | DataType::Struct(_)
            | DataType::Map(_, _) => Values::Nested(make_encoder(field, array, options)?),
            _ => Values::Plain(ArrayFormatter::try_new(array, &FormatOptions::new())?),
        };
        Ok(Self {
            nulls: array.logical_nulls(),
            values,
        })
    }
}
