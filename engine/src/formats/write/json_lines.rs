//! JSON lines: one object a line.

use arrow::array::{Array, AsArray, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float16Type, Float32Type, Float64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::writer::{Encoder as ValueEncoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use std::sync::Arc;

use super::WriteSettings;
use super::compressed::{Compression, TextStream};
use super::encoding::{Encoder, Encoding, Unstorable};
use super::stored::{common_leaf, each_leaf};
use super::text::{Texts, formats};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;

/// JSON lines, with nested values; every column stands in every line, NULL as `null`.
#[derive(Debug)]
pub(super) struct JsonLines;

impl Encoding for JsonLines {
    fn name(&self) -> &'static str {
        "json"
    }

    fn ending(&self, format: &Format) -> Result<String> {
        Ok(Compression::of(format)?.ending("json"))
    }

    fn stored(&self, data_type: &DataType) -> Result<DataType, Unstorable> {
        check_maps(data_type)?;
        each_leaf(data_type, &leaf)
    }

    fn begin(&self, format: &Format, columns: &SchemaRef, _: &WriteSettings) -> Result<Box<dyn Encoder>> {
        let fields = columns.fields().clone();
        Ok(Box::new(JsonEncoder {
            row: Arc::new(Field::new("row", DataType::Struct(fields), false)),
            options: EncoderOptions::default()
                .with_explicit_nulls(true)
                .with_encoder_factory(Arc::new(ExactValues)),
            stream: TextStream::new(Compression::of(format)?)?,
        }))
    }
}

/// JSON has neither bytes nor times of day, and as text they would be read back as text.
fn leaf(data_type: &DataType) -> Result<DataType, Unstorable> {
    if data_type.is_binary() {
        return Err(Unstorable(
            "JSON has no bytes: turn them into text, with encode(…, 'base64') say",
        ));
    }
    match common_leaf(data_type)? {
        DataType::Time32(_) | DataType::Time64(_) => {
            Err(Unstorable("no JSON is read back as a time of day: turn it into text"))
        }
        other => Ok(other),
    }
}

/// Names of an object are text.
fn check_maps(data_type: &DataType) -> Result<(), Unstorable> {
    match data_type {
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.first().is_some_and(|key| key.data_type().is_string()) => {
                fields.iter().try_for_each(|field| check_maps(field.data_type()))
            }
            _ => Err(Unstorable(
                "the names in an object are text: make the keys of the map text",
            )),
        },
        DataType::Struct(fields) => fields.iter().try_for_each(|field| check_maps(field.data_type())),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            check_maps(item.data_type())
        }
        _ => Ok(()),
    }
}

struct JsonEncoder {
    row: FieldRef,
    options: EncoderOptions,
    stream: TextStream,
}

impl Encoder for JsonEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = StructArray::from(batch.clone());
        let bad = |cause: ArrowError| match cause {
            ArrowError::InvalidArgumentError(message) => Error::new(ErrorCode::InvalidValue, message),
            other => super::encoding::broken("JSON", other),
        };
        let mut values = make_encoder(&self.row, &rows, &self.options).map_err(bad)?;
        let mut text = Vec::with_capacity(rows.len() * 64);
        for row in 0..rows.len() {
            values.encode(row, &mut text);
            text.push(b'\n');
        }
        drop(values);
        self.stream.write(&text)
    }

    fn take(&mut self) -> Vec<u8> {
        self.stream.take()
    }

    fn held_bytes(&self) -> usize {
        self.stream.held_bytes()
    }

    fn finish(&mut self) -> Result<()> {
        self.stream.finish()
    }
}

/// Every decimal of so many digits comes back from a DOUBLE.
const DOUBLE_DIGITS: u8 = 15;

/// What arrow-json 59 would write as `null` (NaN and the infinities) is refused, and what it replaces by the words of an error
/// inside the data (dates outside of the calendar) is one. A decimal of more digits than a DOUBLE has is text: most readers,
/// `DuckDB` among them, make a DOUBLE of every number.
#[derive(Debug)]
struct ExactValues;

impl EncoderFactory for ExactValues {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let finite = match array.data_type() {
            DataType::Float16 => array
                .as_primitive::<Float16Type>()
                .iter()
                .flatten()
                .all(|value| f32::from(value).is_finite()),
            DataType::Float32 => array.as_primitive::<Float32Type>().iter().flatten().all(f32::is_finite),
            DataType::Float64 => array.as_primitive::<Float64Type>().iter().flatten().all(f64::is_finite),
            DataType::Decimal128(precision, _) | DataType::Decimal256(precision, _) if *precision > DOUBLE_DIGITS => {
                return Ok(Some(quoted(array)?));
            }
            temporal if temporal.is_temporal() => return Ok(Some(quoted(array)?)),
            _ => return Ok(None),
        };
        if finite {
            return Ok(None);
        }
        let message = format!(
            "column \"{}\" has a value that is no number (NaN or infinite), which JSON cannot hold: write NULL in its place, \
             or text",
            field.name()
        );
        Err(ArrowError::InvalidArgumentError(message))
    }
}

fn quoted(array: &dyn Array) -> Result<NullableEncoder<'_>, ArrowError> {
    let texts = Quoted(Texts::of(array, &formats())?);
    Ok(NullableEncoder::new(Box::new(texts), array.logical_nulls()))
}

/// Texts without a character that JSON escapes.
struct Quoted(Texts);

impl ValueEncoder for Quoted {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.0.value(row).as_bytes());
        out.push(b'"');
    }
}
