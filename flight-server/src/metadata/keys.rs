//! Primary and foreign keys: tables have none, and there are schemas to say so in. A driver that gets an error in their place, as
//! Tableau's does, stops.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;

/// The order is that of the reference implementations in Java, C++ and Go. The comment in the protocol has the last two changed
/// about; clients go by the names.
pub(super) fn primary_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        optional("catalog_name"),
        optional("db_schema_name"),
        text("table_name"),
        text("column_name"),
        Field::new("key_sequence", DataType::Int32, false),
        optional("key_name"),
    ]))
}

/// Exported keys, imported keys and cross references look alike.
pub(super) fn foreign_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        optional("pk_catalog_name"),
        optional("pk_db_schema_name"),
        text("pk_table_name"),
        text("pk_column_name"),
        optional("fk_catalog_name"),
        optional("fk_db_schema_name"),
        text("fk_table_name"),
        text("fk_column_name"),
        Field::new("key_sequence", DataType::Int32, false),
        optional("fk_key_name"),
        optional("pk_key_name"),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ]))
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, false)
}

fn optional(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}
