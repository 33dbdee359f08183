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

#[cfg(test)]
mod tests {
    use super::*;

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
}
