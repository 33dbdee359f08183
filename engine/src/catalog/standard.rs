//! The names that the SQL standard has for types, as Trino and Athena write them in `information_schema`: what tools look for there.

use arrow::datatypes::{DataType, Field};
use std::sync::Arc;

use super::types;
use crate::name::quoted;

/// The standard's name of `data_type`: `integer`, `varchar`, `array(bigint)`, `row(a integer)`. Where the standard has none it is that
/// of [`types::name`].
#[must_use]
pub fn name(data_type: &DataType) -> String {
    match data_type {
        DataType::Int32 => "integer".to_owned(),
        DataType::UInt32 => "integer unsigned".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "varchar".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "varbinary".to_owned()
        }
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => format!("array({})", name(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => {
                format!("map({}, {})", name(pair[0].data_type()), name(pair[1].data_type()))
            }
            _ => types::name(data_type),
        },
        DataType::Struct(fields) => {
            let member = |field: &Arc<Field>| format!("{} {}", quoted(field.name()), name(field.data_type()));
            format!("row({})", fields.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        DataType::Dictionary(_, values) => name(values),
        DataType::RunEndEncoded(_, values) => name(values.data_type()),
        _ => types::name(data_type),
    }
}

/// The standard's name of `data_type` without what a declaration puts in brackets behind a plain type: `decimal`, `timestamp`,
/// `timestamp with time zone`. What tools look up in a list of types; precision and scale stand beside it.
#[must_use]
pub fn base_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
            "decimal".to_owned()
        }
        DataType::Time32(_) | DataType::Time64(_) => "time".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_owned(),
        DataType::Dictionary(_, values) => base_name(values),
        DataType::RunEndEncoded(_, values) => base_name(values.data_type()),
        _ => name(data_type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::TimeUnit;

    #[test]
    fn types_have_the_names_that_tools_know() {
        let list = DataType::new_list(DataType::Utf8, true);
        let row = DataType::Struct(vec![Field::new("a", DataType::Int32, true), Field::new("b c", list, true)].into());
        for (data_type, wanted) in [
            (DataType::Utf8View, "varchar"),
            (DataType::Int64, "bigint"),
            (DataType::Decimal128(6, 2), "decimal(6,2)"),
            (DataType::BinaryView, "varbinary"),
            (row, "row(a integer, \"b c\" array(varchar))"),
        ] {
            assert_eq!(name(&data_type), wanted);
        }
    }

    #[test]
    fn base_names_have_no_brackets_save_those_of_nested_types() {
        let zoned = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Decimal128(6, 2)));
        for (data_type, wanted) in [
            (DataType::Decimal256(60, 2), "decimal"),
            (DataType::Time32(TimeUnit::Millisecond), "time"),
            (DataType::Timestamp(TimeUnit::Millisecond, None), "timestamp"),
            (zoned, "timestamp with time zone"),
            (DataType::FixedSizeBinary(4), "varbinary"),
            (coded, "decimal"),
            (
                DataType::new_list(DataType::Decimal128(6, 2), true),
                "array(decimal(6,2))",
            ),
        ] {
            assert_eq!(base_name(&data_type), wanted);
        }
    }
}
