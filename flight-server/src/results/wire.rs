//! The types that drivers read, and the casts to them.
//!
//! The JDBC driver reads no views (before 19), list views, runs, half floats or small decimals; ADBC compares the announced
//! schema with the sent one to the last nullability, which the engine's plan and stream do not always agree on. So every
//! column is announced as nullable, nested ones too, and every batch is made to say so.

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use owlet_engine::{Error, ErrorCode, Result};
use std::sync::Arc;

use crate::metadata;

/// What becomes of columns of `Utf8View` and `BinaryView`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Views {
    /// They are sent as `Utf8` and `Binary`, which every driver reads.
    Cast,
    /// They are sent as they are, to clients that asked for it. Nested ones are cast all the same.
    Keep,
}

/// The schema that a result is announced and sent with.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    schema: SchemaRef,
}

impl Wire {
    /// What a result of the engine with `schema` is sent as.
    pub(crate) fn of(schema: &Schema, views: Views) -> Self {
        let fields: Fields = schema.fields().iter().map(|field| column(field, views)).collect();
        let sent = Schema::new_with_metadata(fields, schema.metadata().clone());
        Self {
            schema: Arc::new(metadata::annotated(&sent)),
        }
    }

    /// What an answer is sent as whose schema the protocol prescribes: as it is.
    pub(crate) fn exactly(schema: SchemaRef) -> Self {
        Self { schema }
    }

    /// What rows of a client with `schema` are given to the engine as: without the encodings of columns, which are the client's affair.
    pub(crate) fn received(schema: &Schema) -> Self {
        let fields = schema.fields().iter().map(|field| {
            let plain = column(field, Views::Cast);
            plain.with_nullable(field.is_nullable())
        });
        Self {
            schema: Arc::new(Schema::new(fields.collect::<Fields>())),
        }
    }

    /// The announced schema.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// `batch` with the announced schema.
    ///
    /// # Errors
    /// `INVALID_VALUE` for a value that the announced type does not have, such as text of more than 2 GiB.
    pub(crate) fn convert(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let fields = self.schema.fields().iter();
        let columns = fields.zip(batch.columns()).map(|(field, array)| cast(field, array));
        let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).map_err(|error| {
            let message = format!("the rows do not fit the columns that were announced: {error}");
            Error::new(ErrorCode::Internal, message).caused_by(error)
        })
    }
}

fn cast(field: &Field, array: &ArrayRef) -> Result<ArrayRef> {
    if array.data_type() == field.data_type() {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, field.data_type(), &options).map_err(|error| {
        let message = format!("the column \"{}\" cannot be sent: {error}", field.name());
        Error::new(ErrorCode::InvalidValue, message).caused_by(error)
    })
}

/// A column as it is sent.
fn column(field: &Field, views: Views) -> Field {
    let data_type = match (field.data_type(), views) {
        (kept @ (DataType::Utf8View | DataType::BinaryView), Views::Keep) => kept.clone(),
        (other, _) => sent(other),
    };
    field.clone().with_data_type(data_type).with_nullable(true)
}

fn nested(field: &FieldRef) -> FieldRef {
    Arc::new(column(field, Views::Cast))
}

/// The type that values of `data_type` are sent as.
fn sent(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(_, values) => sent(values),
        DataType::RunEndEncoded(_, values) => sent(values.data_type()),
        DataType::List(element) | DataType::ListView(element) => DataType::List(nested(element)),
        DataType::LargeList(element) | DataType::LargeListView(element) => DataType::LargeList(nested(element)),
        DataType::FixedSizeList(element, length) => DataType::FixedSizeList(nested(element), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(nested).collect()),
        DataType::Map(entries, sorted) => DataType::Map(map_entries(entries), *sorted),
        other => other.clone(),
    }
}

/// The entries of a map, which have no nulls, and neither have the keys: so the format demands.
fn map_entries(entries: &FieldRef) -> FieldRef {
    let DataType::Struct(fields) = entries.data_type() else {
        return Arc::clone(entries);
    };
    let fields: Fields = fields
        .iter()
        .enumerate()
        .map(|(index, field)| match index {
            0 => Arc::new(column(field, Views::Cast).with_nullable(false)),
            _ => nested(field),
        })
        .collect();
    Arc::new(entries.as_ref().clone().with_data_type(DataType::Struct(fields)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::types::{Int32Type, UInt8Type};
    use arrow::array::{
        Array, BinaryViewArray, Decimal32Array, DictionaryArray, Float16Array, Int32Array, ListViewArray, MapBuilder,
        RunArray, StringArray, StringBuilder, StringViewArray, StructArray,
    };
    use arrow::util::display::array_value_to_string;

    type Half = <arrow::datatypes::Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native;

    /// Sends `array` as a column that the engine says is not nullable, and compares type and values.
    #[track_caller]
    fn check(array: ArrayRef, expected: &DataType) {
        let field = Field::new("c", array.data_type().clone(), array.null_count() > 0);
        let schema = Arc::new(Schema::new(vec![field]));
        let wire = Wire::of(&schema, Views::Cast);
        let batch = wire
            .convert(&RecordBatch::try_new(schema, vec![Arc::clone(&array)]).unwrap())
            .unwrap();
        assert_eq!(batch.schema(), *wire.schema());
        assert!(wire.schema().field(0).is_nullable());
        let column = batch.column(0);
        assert_eq!(column.data_type(), expected);
        for row in 0..array.len() {
            assert_eq!(
                array_value_to_string(column, row).unwrap(),
                array_value_to_string(&array, row).unwrap()
            );
        }
    }

    fn list_of(data_type: DataType) -> DataType {
        DataType::List(Arc::new(Field::new("item", data_type, true)))
    }

    #[test]
    fn types_that_drivers_cannot_read_are_cast() {
        let long = "a text of more than twelve bytes";
        check(Arc::new(StringViewArray::from(vec![Some(long), None])), &DataType::Utf8);
        check(
            Arc::new(BinaryViewArray::from(vec![Some(&b"x"[..]), None])),
            &DataType::Binary,
        );
        let dictionary: DictionaryArray<UInt8Type> = vec![Some("a"), None, Some("a")].into_iter().collect();
        check(Arc::new(dictionary), &DataType::Utf8);
        let runs = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![2, 3]), &StringArray::from(vec!["a", "b"]));
        check(Arc::new(runs.unwrap()), &DataType::Utf8);
        check(
            Arc::new(Float16Array::from(vec![Half::from_f32(1.5)])),
            &DataType::Float32,
        );
        let decimal = Decimal32Array::from(vec![Some(125), None])
            .with_precision_and_scale(7, 2)
            .unwrap();
        check(Arc::new(decimal), &DataType::Decimal128(7, 2));
        let views = ListViewArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None]), None]);
        check(Arc::new(views), &list_of(DataType::Int32));
    }

    #[test]
    fn what_is_nested_is_cast_and_nullable_too() {
        let inner = StringViewArray::from(vec!["x", "y"]);
        let field = Arc::new(Field::new("a", DataType::Utf8View, false));
        let structs = StructArray::from(vec![(field, Arc::new(inner) as ArrayRef)]);
        let expected: Fields = vec![Field::new("a", DataType::Utf8, true)].into();
        check(Arc::new(structs), &DataType::Struct(expected));
    }

    #[test]
    fn a_map_keeps_what_the_format_demands() {
        let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        builder.keys().append_value("k");
        builder.values().append_null();
        builder.append(true).unwrap();
        let map = builder.finish();
        let DataType::Map(entries, false) = sent(map.data_type()) else {
            panic!("no map")
        };
        let DataType::Struct(fields) = entries.data_type() else {
            panic!("no entries")
        };
        assert!(!entries.is_nullable() && !fields[0].is_nullable() && fields[1].is_nullable());
        check(Arc::new(map.clone()), &sent(map.data_type()));
    }

    #[test]
    fn views_stay_for_those_who_ask() {
        let list = Field::new("l", list_of(DataType::Utf8View), true);
        let schema = Schema::new(vec![Field::new("v", DataType::Utf8View, false), list]);
        let wire = Wire::of(&schema, Views::Keep);
        assert_eq!(wire.schema().field(0).data_type(), &DataType::Utf8View);
        assert!(wire.schema().field(0).is_nullable());
        assert_eq!(wire.schema().field(1).data_type(), &list_of(DataType::Utf8));
    }
}
