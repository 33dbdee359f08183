//! What clients are told of a column beside its name and type.
//!
//! JDBC, ODBC and ADBC look for it in the metadata of fields, under the names of the specification. Power BI finds the type of a
//! column by its `TYPE_NAME`; ODBC takes a column for one that no WHERE can hold unless it says otherwise.

use arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit};
use owlet_engine::{BrowsedColumn, BrowsedRelation, type_name};
use std::collections::HashMap;
use std::sync::Arc;

use crate::results::{Views, Wire};

const CATALOG_NAME: &str = "ARROW:FLIGHT:SQL:CATALOG_NAME";
/// The name in the specification …
const DB_SCHEMA_NAME: &str = "ARROW:FLIGHT:SQL:DB_SCHEMA_NAME";
/// … and the one that the drivers in Java and C++ read.
const SCHEMA_NAME: &str = "ARROW:FLIGHT:SQL:SCHEMA_NAME";
const TABLE_NAME: &str = "ARROW:FLIGHT:SQL:TABLE_NAME";
const TYPE_NAME: &str = "ARROW:FLIGHT:SQL:TYPE_NAME";
const PRECISION: &str = "ARROW:FLIGHT:SQL:PRECISION";
const SCALE: &str = "ARROW:FLIGHT:SQL:SCALE";
const IS_AUTO_INCREMENT: &str = "ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT";
const IS_CASE_SENSITIVE: &str = "ARROW:FLIGHT:SQL:IS_CASE_SENSITIVE";
const IS_READ_ONLY: &str = "ARROW:FLIGHT:SQL:IS_READ_ONLY";
const IS_SEARCHABLE: &str = "ARROW:FLIGHT:SQL:IS_SEARCHABLE";
const REMARKS: &str = "ARROW:FLIGHT:SQL:REMARKS";

/// The length of text and bytes that declare none, in characters or bytes. They may be as long as they like; but applications make
/// buffers of this size, and ODBC's driver takes 1,024 where it is told nothing. JDBC's driver takes the same number.
const UNDECLARED_LENGTH: i32 = 65_536;

/// `schema`, whose fields say what they are called in SQL, how precise they are, and what can be done with them: columns of a result,
/// which nobody can write to. What fields say already is kept.
#[must_use]
pub fn annotated(schema: &Schema) -> Schema {
    let fields: Vec<Field> = schema.fields().iter().map(|field| described(field)).collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

/// The schema of `relation` as its rows would be sent, with what is known of its columns. A column that was declared NOT NULL says so
/// here; in results every column may be NULL.
pub(super) fn of_relation(relation: &BrowsedRelation) -> Schema {
    let declared = Schema::new(
        relation
            .columns
            .iter()
            .map(|column| Arc::clone(&column.field))
            .collect::<Vec<_>>(),
    );
    let sent = Wire::of(&declared, Views::Cast);
    let column = |(field, column): (&FieldRef, &BrowsedColumn)| {
        let mut metadata = field.metadata().clone();
        let mut say = |key: &str, value: &str| metadata.insert(key.to_owned(), value.to_owned());
        say(CATALOG_NAME, &relation.catalog);
        say(DB_SCHEMA_NAME, &relation.database);
        say(SCHEMA_NAME, &relation.database);
        say(TABLE_NAME, &relation.name);
        say(IS_READ_ONLY, yes_or_no(!relation.takes_rows));
        if let Some(comment) = &column.comment {
            say(REMARKS, comment);
        }
        field
            .as_ref()
            .clone()
            .with_nullable(column.field.is_nullable())
            .with_metadata(metadata)
    };
    Schema::new(
        sent.schema()
            .fields()
            .iter()
            .zip(&relation.columns)
            .map(column)
            .collect::<Vec<_>>(),
    )
}

fn described(field: &Field) -> Field {
    let data_type = field.data_type();
    let number = |number: Option<i32>| number.map(|number| number.to_string());
    let said = [
        (TYPE_NAME, Some(type_name(data_type))),
        (PRECISION, number(precision(data_type))),
        (SCALE, number(scale(data_type))),
        (IS_AUTO_INCREMENT, Some(yes_or_no(false).to_owned())),
        (IS_CASE_SENSITIVE, Some(yes_or_no(is_text(data_type)).to_owned())),
        (IS_READ_ONLY, Some(yes_or_no(true).to_owned())),
        (IS_SEARCHABLE, Some(yes_or_no(true).to_owned())),
    ];
    let mut metadata: HashMap<String, String> = said
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect();
    metadata.extend(field.metadata().iter().map(|(key, value)| (key.clone(), value.clone())));
    field.clone().with_metadata(metadata)
}

fn yes_or_no(fact: bool) -> &'static str {
    if fact { "1" } else { "0" }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

/// How many digits a number has, and how many characters a time takes or text may take; nothing where neither is a question.
pub(super) fn precision(data_type: &DataType) -> Option<i32> {
    let with_fraction = |whole: i32, unit: TimeUnit| match digits(unit) {
        0 => whole,
        digits => whole + 1 + digits,
    };
    Some(match data_type {
        DataType::Boolean => 1,
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        DataType::Int64 => 19,
        DataType::UInt64 => 20,
        DataType::Float16 => 3,
        DataType::Float32 => 7,
        DataType::Float64 => 15,
        DataType::Decimal32(precision, _)
        | DataType::Decimal64(precision, _)
        | DataType::Decimal128(precision, _)
        | DataType::Decimal256(precision, _) => i32::from(*precision),
        DataType::Date32 | DataType::Date64 => 10,
        DataType::Time32(unit) | DataType::Time64(unit) => with_fraction(8, *unit),
        DataType::Timestamp(unit, _) => with_fraction(19, *unit),
        DataType::FixedSizeBinary(length) => *length,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => UNDECLARED_LENGTH,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => UNDECLARED_LENGTH,
        DataType::Dictionary(_, values) => return precision(values),
        _ => return None,
    })
}

/// How many of the digits stand behind the point.
fn scale(data_type: &DataType) -> Option<i32> {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Some(i32::from(*scale)),
        DataType::Time32(unit) | DataType::Time64(unit) | DataType::Timestamp(unit, _) => Some(digits(*unit)),
        DataType::Date32 | DataType::Date64 => Some(0),
        DataType::Dictionary(_, values) => scale(values),
        other => other.is_integer().then_some(0),
    }
}

/// The digits of the fraction of a second.
fn digits(unit: TimeUnit) -> i32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use owlet_engine::RelationKind;

    /// What the column of `data_type` says under `key`.
    fn said(data_type: DataType, key: &str) -> Option<String> {
        let schema = annotated(&Schema::new(vec![Field::new("c", data_type, true)]));
        schema.field(0).metadata().get(key).cloned()
    }

    #[test]
    fn columns_say_their_type_precision_and_scale() {
        let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        for (data_type, name, precision, scale) in [
            (DataType::Boolean, "boolean", Some("1"), None),
            (DataType::Int8, "tinyint", Some("3"), Some("0")),
            (DataType::Int32, "integer", Some("10"), Some("0")),
            (DataType::Int64, "bigint", Some("19"), Some("0")),
            (DataType::UInt64, "bigint unsigned", Some("20"), Some("0")),
            (DataType::Float32, "real", Some("7"), None),
            (DataType::Float64, "double", Some("15"), None),
            (DataType::Decimal128(12, 2), "decimal", Some("12"), Some("2")),
            (DataType::Decimal256(76, 30), "decimal", Some("76"), Some("30")),
            (DataType::Utf8, "varchar", Some("65536"), None),
            (DataType::Binary, "varbinary", Some("65536"), None),
            (DataType::FixedSizeBinary(16), "varbinary", Some("16"), None),
            (DataType::Date32, "date", Some("10"), Some("0")),
            (DataType::Time64(TimeUnit::Microsecond), "time", Some("15"), Some("6")),
            (
                DataType::Timestamp(TimeUnit::Second, None),
                "timestamp",
                Some("19"),
                Some("0"),
            ),
            (
                DataType::Timestamp(TimeUnit::Nanosecond, None),
                "timestamp",
                Some("29"),
                Some("9"),
            ),
            (zoned, "timestamp with time zone", Some("26"), Some("6")),
            (DataType::new_list(DataType::Int64, true), "array(bigint)", None, None),
        ] {
            assert_eq!(said(data_type.clone(), TYPE_NAME).as_deref(), Some(name));
            assert_eq!(said(data_type.clone(), PRECISION).as_deref(), precision, "{name}");
            assert_eq!(said(data_type, SCALE).as_deref(), scale, "{name}");
        }
    }

    #[test]
    fn every_column_can_be_searched_and_text_heeds_case() {
        for (data_type, case) in [(DataType::Utf8, "1"), (DataType::Int64, "0")] {
            assert_eq!(said(data_type.clone(), IS_SEARCHABLE).as_deref(), Some("1"));
            assert_eq!(said(data_type.clone(), IS_CASE_SENSITIVE).as_deref(), Some(case));
            assert_eq!(said(data_type.clone(), IS_AUTO_INCREMENT).as_deref(), Some("0"));
            assert_eq!(said(data_type, IS_READ_ONLY).as_deref(), Some("1"));
        }
    }

    #[test]
    fn what_fields_and_schemas_say_already_is_kept() {
        let own = |key: &str| HashMap::from([(key.to_owned(), "own".to_owned())]);
        let field = Field::new("c", DataType::Int64, false).with_metadata(own(TYPE_NAME));
        let schema = annotated(&Schema::new_with_metadata(vec![field], own("k")));
        assert_eq!(schema.field(0).metadata()[TYPE_NAME], "own");
        assert_eq!(schema.field(0).metadata()[PRECISION], "19");
        assert!(!schema.field(0).is_nullable());
        assert_eq!(schema.metadata(), &own("k"));
    }

    #[test]
    fn columns_of_a_table_say_where_they_stand_and_what_they_mean() {
        let column = |nullable, comment: Option<&str>| BrowsedColumn {
            field: Arc::new(Field::new("c", DataType::Utf8View, nullable)),
            comment: comment.map(str::to_owned),
        };
        let mut relation = BrowsedRelation {
            catalog: "lake".to_owned(),
            database: "sales".to_owned(),
            name: "orders".to_owned(),
            kind: RelationKind::Table,
            takes_rows: true,
            columns: vec![column(false, Some("why")), column(true, None)],
            comment: None,
        };
        let schema = of_relation(&relation);
        let first = schema.field(0);
        for (key, value) in [
            (CATALOG_NAME, "lake"),
            (DB_SCHEMA_NAME, "sales"),
            (SCHEMA_NAME, "sales"),
            (TABLE_NAME, "orders"),
            (REMARKS, "why"),
            (IS_READ_ONLY, "0"),
            (TYPE_NAME, "varchar"),
        ] {
            assert_eq!(first.metadata()[key], value, "{key}");
        }
        assert_eq!(first.data_type(), &DataType::Utf8, "as results are sent");
        assert!(!first.is_nullable() && schema.field(1).is_nullable());
        assert!(!schema.field(1).metadata().contains_key(REMARKS));
        relation.takes_rows = false;
        assert_eq!(of_relation(&relation).field(0).metadata()[IS_READ_ONLY], "1");
    }
}
