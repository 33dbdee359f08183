//! Arrow values as JSON: arrow-json's encoders, and our own where those lose or refuse a value.
//!
//! Numbers keep all their digits, also integers above 2^53 and decimals of any precision: JSON sets no limit, and a
//! reader that has one can be told to read text. Dates and times are ISO 8601 strings, intervals are words, binary is
//! hexadecimal. JSON has no NaN and no infinity: they become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as
//! PostgreSQL and Trino write them, since `null` would be another answer.

use std::sync::Arc;

use arrow::array::{Array, AsArray, MapArray, RecordBatch, StructArray};
use arrow::datatypes::{ArrowNativeType, DataType, Field, FieldRef};
use arrow::error::ArrowError;
use arrow::json::writer::{Encoder, EncoderFactory, EncoderOptions, NullableEncoder, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// How values become JSON: nulls are written, and [`ExactValues`] comes before arrow-json's own encoders.
pub fn options() -> EncoderOptions {
    EncoderOptions::default()
        .with_explicit_nulls(true)
        .with_encoder_factory(Arc::new(ExactValues))
}

/// Appends every row of `batch` to `json` as one object, with `separator` between them.
///
/// # Errors
/// A value has no JSON form, or a date lies outside of the calendar.
pub fn push_objects(batch: &RecordBatch, separator: &[u8], json: &mut Vec<u8>) -> Result<(), ArrowError> {
    let options = options();
    let rows = StructArray::from(batch.clone());
    let field: FieldRef = Arc::new(Field::new("row", rows.data_type().clone(), false));
    let mut encoder = make_encoder(&field, &rows, &options)?;
    for row in 0..rows.len() {
        if row > 0 {
            json.extend_from_slice(separator);
        }
        encoder.encode(row, json);
    }
    Ok(())
}

/// Encoders for what arrow-json 59 writes as `null` (NaN), refuses (maps whose keys are not text, unions), or replaces
/// by an error message inside the data (dates outside of the calendar).
#[derive(Debug)]
struct ExactValues;

impl EncoderFactory for ExactValues {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let encoder: Box<dyn Encoder + 'a> = match array.data_type() {
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Box::new(Floats::of(array)?),
            DataType::Map(_, _) => Box::new(Maps::of(field, array.as_map(), options)?),
            DataType::Union(_, _) => Box::new(Texts::of(array)?),
            temporal if temporal.is_temporal() => Box::new(Texts::of(array)?),
            _ => return Ok(None),
        };
        Ok(Some(NullableEncoder::new(encoder, array.logical_nulls())))
    }
}

/// Floating-point numbers, shortest text that reads back as the same number.
struct Floats<'a> {
    numbers: ArrayFormatter<'a>,
    text: String,
}

impl<'a> Floats<'a> {
    fn of(array: &'a dyn Array) -> Result<Self, ArrowError> {
        let numbers = ArrayFormatter::try_new(array, &FormatOptions::new())?;
        Ok(Self {
            numbers,
            text: String::new(),
        })
    }
}

impl Encoder for Floats<'_> {
    fn encode(&mut self, row: usize, json: &mut Vec<u8>) {
        self.text.clear();
        // Writing a number into a string cannot fail.
        let _ = self.numbers.value(row).write(&mut self.text);
        json.extend_from_slice(match self.text.as_str() {
            "NaN" => b"\"NaN\"",
            "inf" => b"\"Infinity\"",
            "-inf" => b"\"-Infinity\"",
            number => number.as_bytes(),
        });
    }
}

/// Values as strings, made when the batch arrives, because an [`Encoder`] cannot say that a value failed.
struct Texts(Vec<String>);

impl Texts {
    fn of(array: &dyn Array) -> Result<Self, ArrowError> {
        let formatter = ArrayFormatter::try_new(array, &FormatOptions::new())?;
        let text = |row| formatter.value(row).try_to_string();
        Ok(Self((0..array.len()).map(text).collect::<Result<_, _>>()?))
    }
}

impl Encoder for Texts {
    fn encode(&mut self, row: usize, json: &mut Vec<u8>) {
        push_string(&self.0[row], json);
    }
}

/// Maps as objects whose keys are the texts of the map's keys.
struct Maps<'a> {
    map: &'a MapArray,
    keys: Texts,
    values: NullableEncoder<'a>,
}

impl<'a> Maps<'a> {
    fn of(field: &'a FieldRef, map: &'a MapArray, options: &'a EncoderOptions) -> Result<Self, ArrowError> {
        let keys = Texts::of(map.keys())?;
        Ok(Self {
            map,
            keys,
            values: make_encoder(field, map.values(), options)?,
        })
    }
}

impl Encoder for Maps<'_> {
    fn encode(&mut self, row: usize, json: &mut Vec<u8>) {
        let offsets = self.map.offsets();
        let (start, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
        json.push(b'{');
        for entry in start..end {
            if entry > start {
                json.push(b',');
            }
            self.keys.encode(entry, json);
            json.push(b':');
            if self.values.is_null(entry) {
                json.extend_from_slice(b"null");
            } else {
                self.values.encode(entry, json);
            }
        }
        json.push(b'}');
    }
}

fn push_string(text: &str, json: &mut Vec<u8>) {
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(json, text);
}
