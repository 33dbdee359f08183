//! The one text of each value. Suites hold these texts, so that a change here is a change of every suite.
//!
//! A text of a row never has a space but between two values: a text value with white space in it is quoted, and nested values are
//! written without any. So no two rows look the same, and no editor can strip a space that matters.

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// What NULL is written as, outside nested values.
const NULL: &str = "NULL";
/// What a text without characters is written as, outside nested values.
const EMPTY: &str = "(empty)";

/// The text of row `row` of `column`; README.md has the table.
///
/// # Errors
/// If arrow cannot write the value, such as a date beyond its calendar.
pub(crate) fn of_value(column: &ArrayRef, row: usize) -> Result<String, ArrowError> {
    if column.is_null(row) || column.data_type() == &DataType::Null {
        return Ok(NULL.to_owned());
    }
    let column = without_dictionary(column)?;
    if is_nested(column.data_type()) {
        return nested(&column, row);
    }
    let text = leaf(&column, row)?;
    Ok(if text.is_empty() {
        EMPTY.to_owned()
    } else if needs_quotes(&text) {
        quoted(&text)
    } else {
        text
    })
}

/// Whether `text`, written as it is, would read as something else: as two values, as NULL, as a quoted text.
fn needs_quotes(text: &str) -> bool {
    text == NULL
        || text == EMPTY
        || text.starts_with('"')
        || text
            .chars()
            .any(|character| character.is_whitespace() || character.is_control())
}

/// In double quotes, with `\"`, `\\`, `\n`, `\t` and `\u{…}` for what cannot be seen.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A value within another: NULL is `null`, and text is always quoted, as in JSON.
fn inner(column: &ArrayRef, row: usize) -> Result<String, ArrowError> {
    if column.is_null(row) || column.data_type() == &DataType::Null {
        return Ok("null".to_owned());
    }
    let column = without_dictionary(column)?;
    match column.data_type() {
        nested_type if is_nested(nested_type) => nested(&column, row),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(quoted(&leaf(&column, row)?)),
        _ => {
            let text = leaf(&column, row)?;
            Ok(if needs_quotes(&text) { quoted(&text) } else { text })
        }
    }
}

fn is_nested(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..)
    )
}

fn nested(column: &ArrayRef, row: usize) -> Result<String, ArrowError> {
    match column.data_type() {
        DataType::List(_) => list(&column.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&column.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&column.as_fixed_size_list().value(row)),
        DataType::Map(..) => map(&column.as_map().value(row)),
        _ => structure(column.as_struct(), row),
    }
}

fn list(values: &ArrayRef) -> Result<String, ArrowError> {
    let texts: Vec<String> = (0..values.len())
        .map(|row| inner(values, row))
        .collect::<Result<_, _>>()?;
    Ok(format!("[{}]", texts.join(",")))
}

fn structure(columns: &StructArray, row: usize) -> Result<String, ArrowError> {
    let texts: Vec<String> = columns
        .fields()
        .iter()
        .zip(columns.columns())
        .map(|(field, column)| Ok(format!("{}:{}", quoted(field.name()), inner(column, row)?)))
        .collect::<Result<_, ArrowError>>()?;
    Ok(format!("{{{}}}", texts.join(",")))
}

fn map(entries: &StructArray) -> Result<String, ArrowError> {
    let (keys, values) = (entries.column(0), entries.column(1));
    let texts: Vec<String> = (0..entries.len())
        .map(|row| Ok(format!("{}:{}", inner(keys, row)?, inner(values, row)?)))
        .collect::<Result<_, ArrowError>>()?;
    Ok(format!("{{{}}}", texts.join(",")))
}

/// A value that holds no others, without quotes.
fn leaf(column: &ArrayRef, row: usize) -> Result<String, ArrowError> {
    Ok(match column.data_type() {
        DataType::Float16 => real(column.as_primitive::<Float16Type>().value(row).to_f32()),
        DataType::Float32 => real(column.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => real(column.as_primitive::<Float64Type>().value(row)),
        DataType::Binary => hexadecimal(column.as_binary::<i32>().value(row)),
        DataType::LargeBinary => hexadecimal(column.as_binary::<i64>().value(row)),
        DataType::BinaryView => hexadecimal(column.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => hexadecimal(column.as_fixed_size_binary().value(row)),
        _ => {
            let options = FormatOptions::new().with_display_error(false);
            ArrayFormatter::try_new(column, &options)?.value(row).try_to_string()?
        }
    })
}

/// The shortest digits that give the same number again, with a point or an exponent.
fn real(value: impl Into<f64> + Copy + std::fmt::Debug) -> String {
    let wide: f64 = value.into();
    if wide.is_nan() {
        return "NaN".to_owned();
    }
    if wide.is_infinite() {
        return if wide > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    format!("{value:?}")
}

fn hexadecimal(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let digits: String = halves
        .filter_map(|half| char::from_digit(u32::from(half), 16))
        .collect();
    format!("0x{digits}")
}

fn without_dictionary(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values),
        _ => Ok(column.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        BinaryArray, Decimal128Array, Float32Array, Float64Array, Int64Array, ListArray, MapBuilder, StringArray,
        StringBuilder, TimestampMicrosecondArray,
    };
    use arrow::datatypes::Int64Type;
    use std::sync::Arc;

    #[track_caller]
    fn check(column: impl Array + 'static, expected: &[&str]) {
        let column: ArrayRef = Arc::new(column);
        let texts: Vec<String> = (0..column.len()).map(|row| of_value(&column, row).unwrap()).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn text_is_bare_unless_it_would_read_as_something_else() {
        let values = [
            Some("Oslo"),
            Some(""),
            None,
            Some("NULL"),
            Some("(empty)"),
            Some("a b"),
            Some(" a"),
            Some("a\nb\t"),
            Some("\"q"),
            Some("q\"q\\"),
            Some("Zürich✓"),
        ];
        let expected = [
            "Oslo",
            "(empty)",
            "NULL",
            "\"NULL\"",
            "\"(empty)\"",
            "\"a b\"",
            "\" a\"",
            "\"a\\nb\\t\"",
            "\"\\\"q\"",
            "q\"q\\",
            "Zürich✓",
        ];
        check(StringArray::from(values.to_vec()), &expected);
    }

    #[test]
    fn numbers_are_exact_and_reals_as_short_as_they_can_be() {
        check(Int64Array::from(vec![Some(-5), None]), &["-5", "NULL"]);
        let reals = vec![
            1.0,
            0.1 + 0.2,
            -0.0,
            1e300,
            1e-7,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        let expected = [
            "1.0",
            "0.30000000000000004",
            "-0.0",
            "1e300",
            "1e-7",
            "NaN",
            "Infinity",
            "-Infinity",
        ];
        check(Float64Array::from(reals), &expected);
        check(Float32Array::from(vec![0.1]), &["0.1"]);
        let decimals = Decimal128Array::from(vec![150, -5]).with_precision_and_scale(20, 2);
        check(decimals.unwrap(), &["1.50", "-0.05"]);
    }

    #[test]
    fn times_are_iso_and_bytes_hexadecimal() {
        let moments = || TimestampMicrosecondArray::from(vec![1_709_208_000_500_000]);
        check(moments(), &["2024-02-29T12:00:00.500"]);
        check(
            moments().with_timezone("Asia/Tokyo"),
            &["2024-02-29T21:00:00.500+09:00"],
        );
        check(
            BinaryArray::from(vec![b"\x00\xff".as_slice(), b"".as_slice()]),
            &["0x00ff", "0x"],
        );
    }

    #[test]
    fn nested_values_are_written_as_json_without_spaces() {
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
        check(lists, &["[1,null]", "NULL", "[]"]);
        let text: ArrayRef = Arc::new(StringArray::from(vec!["x y"]));
        let number: ArrayRef = Arc::new(Float64Array::from(vec![2.0]));
        check(
            StructArray::try_from(vec![("a b", text), ("n", number)]).unwrap(),
            &["{\"a b\":\"x y\",\"n\":2.0}"],
        );
        let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        map.keys().append_value("k");
        map.values().append_null();
        map.append(true).unwrap();
        check(map.finish(), &["{\"k\":null}"]);
    }

    #[test]
    fn a_dictionary_reads_as_its_values() {
        let column: arrow::array::DictionaryArray<arrow::datatypes::Int32Type> =
            vec![Some("a b"), None].into_iter().collect();
        check(column, &["\"a b\"", "NULL"]);
    }
}
