//! The schemas of metadata, as FlightSql.proto has them. Written down here by hand: whoever checks a server does not take the
//! word of the library that it was built with.

use arrow::datatypes::DataType::{Binary, Boolean, Int32, UInt8, Utf8};
use arrow::datatypes::{DataType, Field, Schema};

pub(super) fn catalogs() -> Schema {
    schema(&[("catalog_name", Utf8, false)])
}

pub(super) fn db_schemas() -> Schema {
    schema(&[("catalog_name", Utf8, true), ("db_schema_name", Utf8, false)])
}

pub(super) fn table_types() -> Schema {
    schema(&[("table_type", Utf8, false)])
}

pub(super) fn tables() -> Schema {
    schema(&TABLES)
}

pub(super) fn tables_with_schema() -> Schema {
    let mut columns = TABLES.to_vec();
    columns.push(("table_schema", Binary, false));
    schema(&columns)
}

pub(super) fn primary_keys() -> Schema {
    schema(&[
        ("catalog_name", Utf8, true),
        ("db_schema_name", Utf8, true),
        ("table_name", Utf8, false),
        ("column_name", Utf8, false),
        ("key_name", Utf8, true),
        ("key_sequence", Int32, false),
    ])
}

/// Exported keys, imported keys and cross references.
pub(super) fn foreign_keys() -> Schema {
    schema(&[
        ("pk_catalog_name", Utf8, true),
        ("pk_db_schema_name", Utf8, true),
        ("pk_table_name", Utf8, false),
        ("pk_column_name", Utf8, false),
        ("fk_catalog_name", Utf8, true),
        ("fk_db_schema_name", Utf8, true),
        ("fk_table_name", Utf8, false),
        ("fk_column_name", Utf8, false),
        ("key_sequence", Int32, false),
        ("fk_key_name", Utf8, true),
        ("pk_key_name", Utf8, true),
        ("update_rule", UInt8, false),
        ("delete_rule", UInt8, false),
    ])
}

/// The types of values. Drivers read the columns by their places.
pub(super) fn xdbc_types() -> Schema {
    let texts = DataType::List(Field::new_list_field(Utf8, false).into());
    schema(&[
        ("type_name", Utf8, false),
        ("data_type", Int32, false),
        ("column_size", Int32, true),
        ("literal_prefix", Utf8, true),
        ("literal_suffix", Utf8, true),
        ("create_params", texts, true),
        ("nullable", Int32, false),
        ("case_sensitive", Boolean, false),
        ("searchable", Int32, false),
        ("unsigned_attribute", Boolean, true),
        ("fixed_prec_scale", Boolean, false),
        ("auto_increment", Boolean, true),
        ("local_type_name", Utf8, true),
        ("minimum_scale", Int32, true),
        ("maximum_scale", Int32, true),
        ("sql_data_type", Int32, false),
        ("datetime_subcode", Int32, true),
        ("num_prec_radix", Int32, true),
        ("interval_precision", Int32, true),
    ])
}

const TABLES: [(&str, DataType, bool); 4] = [
    ("catalog_name", Utf8, true),
    ("db_schema_name", Utf8, true),
    ("table_name", Utf8, false),
    ("table_type", Utf8, false),
];

/// Names, types, and whether NULL may be there.
fn schema(columns: &[(&str, DataType, bool)]) -> Schema {
    let fields = columns.iter();
    let fields = fields.map(|(name, data_type, nullable)| Field::new(*name, data_type.clone(), *nullable));
    Schema::new(fields.collect::<Vec<_>>())
}
