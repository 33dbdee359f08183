//! The column of values: a dense union of six kinds.

use arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int32Builder, Int64Array, ListBuilder, MapBuilder, MapFieldNames, StringArray,
    StringBuilder, UnionArray,
};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, UnionFields, UnionMode};
use arrow::error::ArrowError;
use std::sync::Arc;

/// One value, in one of the kinds that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Bool(bool),
    /// Lengths, numbers of things, and some enumerations: drivers say which.
    Long(i64),
    /// The bits of an enumeration, or one of its numbers.
    Bits(i32),
    Texts(Vec<String>),
    /// Numbers of an enumeration to numbers of the same.
    Map(Vec<(i32, Vec<i32>)>),
}

impl Value {
    fn type_id(&self) -> i8 {
        match self {
            Self::Text(_) => 0,
            Self::Bool(_) => 1,
            Self::Long(_) => 2,
            Self::Bits(_) => 3,
            Self::Texts(_) => 4,
            Self::Map(_) => 5,
        }
    }
}

/// As the reference implementations in Go and C++ have it. `arrow-flight` 59.3 calls the fields of the map otherwise, and then the
/// driver in Java finds neither its keys nor its values.
pub(super) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("info_name", DataType::UInt32, false),
        Field::new("value", DataType::Union(kinds(), UnionMode::Dense), false),
    ]))
}

pub(super) fn array(values: &[Value]) -> Result<UnionArray, ArrowError> {
    let mut lengths = [0_i32; 6];
    let mut offsets = Vec::with_capacity(values.len());
    let mut type_ids = Vec::with_capacity(values.len());
    for value in values {
        let length = lengths
            .iter_mut()
            .zip(0_i8..)
            .find_map(|(length, id)| (id == value.type_id()).then_some(length));
        if let Some(length) = length {
            type_ids.push(value.type_id());
            offsets.push(*length);
            *length += 1;
        }
    }
    let (type_ids, offsets) = (ScalarBuffer::from(type_ids), ScalarBuffer::from(offsets));
    UnionArray::try_new(kinds(), type_ids, Some(offsets), children(values)?)
}

fn kinds() -> UnionFields {
    let numbers = DataType::List(Arc::new(item(DataType::Int32)));
    let pair = vec![
        Field::new("key", DataType::Int32, false),
        Field::new("value", numbers, true),
    ];
    let entries = Field::new("entries", DataType::Struct(Fields::from(pair)), false);
    let fields = [
        ("string_value", DataType::Utf8),
        ("bool_value", DataType::Boolean),
        ("bigint_value", DataType::Int64),
        ("int32_bitmask", DataType::Int32),
        ("string_list", DataType::List(Arc::new(item(DataType::Utf8)))),
        ("int32_to_int32_list_map", DataType::Map(Arc::new(entries), false)),
    ];
    UnionFields::from_fields(fields.map(|(name, data_type)| Field::new(name, data_type, false)))
}

fn item(data_type: DataType) -> Field {
    Field::new_list_field(data_type, true)
}

/// The values of each kind, in the order of the kinds.
fn children(values: &[Value]) -> Result<Vec<ArrayRef>, ArrowError> {
    let texts = values.iter().filter_map(|value| match value {
        Value::Text(text) => Some(text),
        _ => None,
    });
    let bools = values.iter().filter_map(|value| match value {
        Value::Bool(fact) => Some(Some(*fact)),
        _ => None,
    });
    let longs = values.iter().filter_map(|value| match value {
        Value::Long(number) => Some(*number),
        _ => None,
    });
    let bits = values.iter().filter_map(|value| match value {
        Value::Bits(bits) => Some(*bits),
        _ => None,
    });
    let mut lists = ListBuilder::new(StringBuilder::new());
    let names = MapFieldNames {
        entry: "entries".to_owned(),
        key: "key".to_owned(),
        value: "value".to_owned(),
    };
    let mut maps = MapBuilder::new(Some(names), Int32Builder::new(), ListBuilder::new(Int32Builder::new()));
    for value in values {
        match value {
            Value::Texts(texts) => lists.append_value(texts.iter().map(Some)),
            Value::Map(pairs) => {
                for (key, numbers) in pairs {
                    maps.keys().append_value(*key);
                    maps.values().append_value(numbers.iter().copied().map(Some));
                }
                maps.append(true)?;
            }
            Value::Text(_) | Value::Bool(_) | Value::Long(_) | Value::Bits(_) => {}
        }
    }
    Ok(vec![
        Arc::new(StringArray::from_iter_values(texts)),
        Arc::new(bools.collect::<BooleanArray>()),
        Arc::new(Int64Array::from_iter_values(longs)),
        Arc::new(Int32Array::from_iter_values(bits)),
        Arc::new(lists.finish()),
        Arc::new(maps.finish()),
    ])
}
