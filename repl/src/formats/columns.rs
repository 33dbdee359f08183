//! The columns of a result as every format can carry them.
//!
//! The engine is free to hold strings as views, and repeated values as dictionaries whose contents differ from batch to
//! batch. Neither is part of what the user asked for, and a file of either is read by few: an Arrow file cannot change
//! a dictionary half-way, and arrow-json 59 writes a null among a dictionary's values as if it were a value.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

/// The key under which a column read from Parquet carries the number that it had in that file. It means nothing in
/// another.
const PARQUET_FIELD_ID: &str = "PARQUET:field_id";

/// `schema` with plain types: values where dictionaries and run-ends were, offsets where views were. Every column is
/// nullable, since nullability is what the planner could prove, not what the user declared.
pub fn plain(schema: &Schema) -> SchemaRef {
    with_types(schema, |data_type| match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    })
}

/// `schema` with `leaf` of every type that holds no others, and plain containers around them.
pub fn with_types(schema: &Schema, leaf: impl Fn(&DataType) -> DataType) -> SchemaRef {
    let fields = schema
        .fields()
        .iter()
        .map(|field| with_type(field, &leaf).as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// `schema` with `_1`, `_2` … after names that stood before, as DuckDB does it.
pub fn with_unique_names(schema: &Schema) -> SchemaRef {
    let given: HashSet<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut taken = HashSet::new();
    let fields = schema.fields().iter().map(|field| {
        let mut name = field.name().clone();
        let mut number = 0;
        while !taken.insert(name.clone()) {
            // A number that makes another column's given name is passed over: that column keeps its name.
            loop {
                number += 1;
                name = format!("{}_{number}", field.name());
                if !given.contains(name.as_str()) {
                    break;
                }
            }
        }
        field.as_ref().clone().with_name(name)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// `batch` with the types and names of `schema`, which came from the batch's own schema by the functions above.
///
/// # Errors
/// A column's strings are over 2 GiB within one batch, or a value does not fit into the type.
pub fn fit(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let exact = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() {
            Ok(ArrayRef::clone(column))
        } else {
            cast_with_options(column, field.data_type(), &exact)
        }
    });
    // The count is given because a batch without columns has one, too.
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns.collect::<Result<_, _>>()?, &options)
}

/// Nullability inside a value stays: a map's entries and keys must not be nullable.
fn with_type(field: &FieldRef, leaf: &dyn Fn(&DataType) -> DataType) -> FieldRef {
    let mut metadata = field.metadata().clone();
    metadata.remove(PARQUET_FIELD_ID);
    let data_type = type_with(field.data_type(), leaf);
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()).with_metadata(metadata))
}

fn type_with(data_type: &DataType, leaf: &dyn Fn(&DataType) -> DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => type_with(values, leaf),
        DataType::RunEndEncoded(_, values) => type_with(values.data_type(), leaf),
        DataType::List(item) | DataType::ListView(item) => DataType::List(with_type(item, leaf)),
        DataType::LargeList(item) | DataType::LargeListView(item) => DataType::LargeList(with_type(item, leaf)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(with_type(item, leaf), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| with_type(field, leaf)).collect()),
        DataType::Map(entries, sorted) => DataType::Map(with_type(entries, leaf), *sorted),
        other => leaf(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], unique: &[&str]) {
        let fields: Vec<_> = names
            .iter()
            .map(|name| Field::new(*name, DataType::Null, true))
            .collect();
        let schema = with_unique_names(&Schema::new(fields));
        let found: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(found, unique);
    }

    #[test]
    fn a_repeated_name_gets_a_number_that_is_free() {
        check(&["a", "b"], &["a", "b"]);
        check(&["a", "a", "a"], &["a", "a_1", "a_2"]);
        check(&["a", "a", "a_1"], &["a", "a_2", "a_1"]);
        check(&["a", "A"], &["a", "A"]);
        check(&["", ""], &["", "_1"]);
    }
}
