//! What `information_schema` says of keys and constraints: no table here has one, and these tables are empty. Tools that draw
//! relations between tables read them, and take an error for a broken connection.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;

/// The tables, with the columns of the SQL standard. Those named in [`NUMBERS`] are numbers, the others are text.
const TABLES: &[(&str, &[&str])] = &[
    (
        "key_column_usage",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "column_name",
            "ordinal_position",
            "position_in_unique_constraint",
        ],
    ),
    (
        "referential_constraints",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "unique_constraint_catalog",
            "unique_constraint_schema",
            "unique_constraint_name",
            "match_option",
            "update_rule",
            "delete_rule",
        ],
    ),
    (
        "table_constraints",
        &[
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name",
            "constraint_type",
            "is_deferrable",
            "initially_deferred",
        ],
    ),
];

const NUMBERS: &[&str] = &["ordinal_position", "position_in_unique_constraint"];

/// The columns of the table `name`, if it is one of these.
pub fn schema(name: &str) -> Option<SchemaRef> {
    schemas().find(|(table, _)| *table == name).map(|(_, schema)| schema)
}

/// The tables with their columns.
pub fn schemas() -> impl Iterator<Item = (&'static str, SchemaRef)> {
    let field = |name: &&str| {
        let data_type = if NUMBERS.contains(name) {
            DataType::Int64
        } else {
            DataType::Utf8
        };
        Field::new(*name, data_type, true)
    };
    TABLES.iter().map(move |(name, columns)| {
        (
            *name,
            Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>())),
        )
    })
}
