//! Texts as a column of a type.

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryBuilder, BinaryViewBuilder, BooleanBuilder, LargeBinaryBuilder,
    LargeStringBuilder, PrimitiveBuilder, StringBuilder, StringViewBuilder,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use std::str::FromStr;
use std::sync::Arc;

use super::number::{decimal, exact_double, is_exact, plain_integer};
use super::time::{Moment, date};

/// How narrowly a text is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The type was found from other texts of the column: a text that would not have led to it is none of its values.
    Inferred,
    /// Somebody declared the type: `007` is a seven, and blanks around a number do not matter.
    Declared,
}

/// A text that is no value of its column's type: which one of the cells, and the text.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    pub row: usize,
    pub text: String,
}

/// What is wrong with a record whose `text` is no value of the column `field`, and what to do.
pub fn not_of_type(text: &str, field: &Field, reading: Reading) -> String {
    let advice = match reading {
        Reading::Inferred => {
            "as the records looked at first are; create a table over the file that declares the column as VARCHAR, or raise \
             formats.inference_records"
        }
        Reading::Declared => "as the column is declared; declare it as VARCHAR",
    };
    format!(
        "has \"{text}\" in column \"{}\", which is no {} {advice}",
        field.name(),
        field.data_type()
    )
}

/// Whether [`build`] can make a column of `data_type`.
pub fn supports(data_type: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Decimal128, Float32, Float64, LargeBinary, LargeUtf8, Timestamp, Utf8,
        Utf8View,
    };
    let simple = matches!(
        data_type,
        Binary | BinaryView | Boolean | Date32 | Float32 | Float64 | LargeBinary | LargeUtf8 | Utf8 | Utf8View
    );
    let scaled = matches!(data_type, Timestamp(..)) || matches!(data_type, Decimal128(_, scale) if *scale >= 0);
    simple || scaled || data_type.is_integer()
}

/// The column of `cells`; `None` is NULL, and so is empty text for all types but those of text.
///
/// # Errors
/// The first cell that is no value of `data_type`; for a type that is not supported, that is the first one that is not NULL.
pub fn build<'a>(
    data_type: &DataType,
    reading: Reading,
    cells: impl Iterator<Item = Option<&'a str>>,
) -> Result<ArrayRef, Wrong> {
    match data_type {
        DataType::Int8 => integers::<Int8Type>(data_type, reading, cells),
        DataType::Int16 => integers::<Int16Type>(data_type, reading, cells),
        DataType::Int32 => integers::<Int32Type>(data_type, reading, cells),
        DataType::Int64 => integers::<Int64Type>(data_type, reading, cells),
        DataType::UInt8 => integers::<UInt8Type>(data_type, reading, cells),
        DataType::UInt16 => integers::<UInt16Type>(data_type, reading, cells),
        DataType::UInt32 => integers::<UInt32Type>(data_type, reading, cells),
        DataType::UInt64 => integers::<UInt64Type>(data_type, reading, cells),
        DataType::Float32 => primitives::<Float32Type>(data_type, cells, |text| text.trim().parse().ok()),
        DataType::Float64 => primitives::<Float64Type>(data_type, cells, |text| double(text, reading)),
        DataType::Date32 => primitives::<Date32Type>(data_type, cells, |text| date(trimmed(text, reading))),
        DataType::Decimal128(precision, scale) => {
            primitives::<Decimal128Type>(data_type, cells, |text| decimal(text.trim(), *precision, *scale))
        }
        DataType::Timestamp(unit, zone) => timestamps(data_type, *unit, zone.is_some(), reading, cells),
        DataType::Boolean => booleans(reading, cells),
        _ => texts(data_type, cells),
    }
}

fn trimmed(text: &str, reading: Reading) -> &str {
    match reading {
        Reading::Inferred => text,
        Reading::Declared => text.trim(),
    }
}

fn double(text: &str, reading: Reading) -> Option<f64> {
    if reading == Reading::Declared {
        return text.trim().parse().ok();
    }
    if let Some(whole) = plain_integer(text) {
        return text.parse().ok().filter(|value| is_exact(whole, *value));
    }
    exact_double(text).or_else(|| {
        text.parse()
            .ok()
            .filter(|value: &f64| !value.is_finite() && !text.contains(|c: char| c.is_ascii_digit()))
    })
}

fn integers<'a, T: ArrowPrimitiveType>(
    data_type: &DataType,
    reading: Reading,
    cells: impl Iterator<Item = Option<&'a str>>,
) -> Result<ArrayRef, Wrong>
where
    T::Native: FromStr,
{
    primitives::<T>(data_type, cells, |text| match reading {
        Reading::Inferred => plain_integer(text).and_then(|_| text.parse().ok()),
        Reading::Declared => text.trim().parse().ok(),
    })
}

fn primitives<'a, T: ArrowPrimitiveType>(
    data_type: &DataType,
    cells: impl Iterator<Item = Option<&'a str>>,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> Result<ArrayRef, Wrong> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(cells.size_hint().0).with_data_type(data_type.clone());
    for (row, cell) in cells.enumerate() {
        match cell {
            None | Some("") => builder.append_null(),
            Some(text) => builder.append_value(parse(text).ok_or_else(|| wrong(row, text))?),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn timestamps<'a>(
    data_type: &DataType,
    unit: TimeUnit,
    zoned: bool,
    reading: Reading,
    cells: impl Iterator<Item = Option<&'a str>>,
) -> Result<ArrayRef, Wrong> {
    let parse = move |text: &str| {
        let moment = Moment::read(trimmed(text, reading))?;
        // A clock's time without a zone is no point in time, and the other way round; that of UTC is what declarations mean.
        let fits = matches!(
            (zoned, moment.offset, reading),
            (true, Some(_), _)
                | (false, None, _)
                | (true, None, Reading::Declared)
                | (false, Some(0), Reading::Declared)
        );
        moment.since_epoch(unit).filter(|_| fits)
    };
    match unit {
        TimeUnit::Second => primitives::<TimestampSecondType>(data_type, cells, parse),
        TimeUnit::Millisecond => primitives::<TimestampMillisecondType>(data_type, cells, parse),
        TimeUnit::Microsecond => primitives::<TimestampMicrosecondType>(data_type, cells, parse),
        TimeUnit::Nanosecond => primitives::<TimestampNanosecondType>(data_type, cells, parse),
    }
}

fn booleans<'a>(reading: Reading, cells: impl Iterator<Item = Option<&'a str>>) -> Result<ArrayRef, Wrong> {
    let mut builder = BooleanBuilder::with_capacity(cells.size_hint().0);
    for (row, cell) in cells.enumerate() {
        match cell.map(|text| trimmed(text, reading)) {
            None | Some("") => builder.append_null(),
            Some(text) if text.eq_ignore_ascii_case("true") => builder.append_value(true),
            Some(text) if text.eq_ignore_ascii_case("false") => builder.append_value(false),
            Some("1" | "t" | "T") if reading == Reading::Declared => builder.append_value(true),
            Some("0" | "f" | "F") if reading == Reading::Declared => builder.append_value(false),
            Some(text) => return Err(wrong(row, text)),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn texts<'a>(data_type: &DataType, cells: impl Iterator<Item = Option<&'a str>>) -> Result<ArrayRef, Wrong> {
    macro_rules! collect {
        ($builder:expr) => {{
            let mut builder = $builder;
            cells.for_each(|cell| builder.append_option(cell));
            Ok(Arc::new(builder.finish()) as ArrayRef)
        }};
    }
    match data_type {
        DataType::Utf8View => collect!(StringViewBuilder::new()),
        DataType::Utf8 => collect!(StringBuilder::new()),
        DataType::LargeUtf8 => collect!(LargeStringBuilder::new()),
        DataType::BinaryView => collect!(BinaryViewBuilder::new()),
        DataType::Binary => collect!(BinaryBuilder::new()),
        DataType::LargeBinary => collect!(LargeBinaryBuilder::new()),
        _ => {
            let mut rows = cells.enumerate();
            match rows.find_map(|(row, cell)| cell.map(|text| wrong(row, text))) {
                Some(wrong) => Err(wrong),
                None => Ok(arrow::array::new_null_array(data_type, 0)),
            }
        }
    }
}

fn wrong(row: usize, text: &str) -> Wrong {
    Wrong {
        row,
        text: text.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::util::display::array_value_to_string;

    fn check(data_type: &DataType, reading: Reading, text: &str, wanted: Option<&str>) {
        let built = build(data_type, reading, [Some(text)].into_iter());
        let shown = built.ok().map(|column| array_value_to_string(&column, 0).unwrap());
        assert_eq!(shown.as_deref(), wanted, "{text} as {data_type}, {reading:?}");
    }

    #[test]
    fn what_would_not_have_led_to_the_type_is_no_value_of_an_inferred_column() {
        use Reading::{Declared, Inferred};
        check(&DataType::Int64, Inferred, "7", Some("7"));
        check(&DataType::Int64, Inferred, "007", None);
        check(&DataType::Int64, Declared, "007", Some("7"));
        check(&DataType::Int64, Declared, " +7 ", Some("7"));
        check(&DataType::Int64, Declared, "7.5", None);
        check(&DataType::Int8, Declared, "300", None);
        check(&DataType::Float64, Inferred, "9007199254740993", None);
        check(
            &DataType::Float64,
            Declared,
            "9007199254740993",
            Some("9007199254740992.0"),
        );
        check(&DataType::Float64, Inferred, "NaN", Some("NaN"));
        check(&DataType::Float64, Inferred, "1e999", None);
        check(&DataType::Boolean, Inferred, "1", None);
        check(&DataType::Boolean, Declared, "1", Some("true"));
        check(&DataType::Decimal128(5, 2), Declared, "1.505", None);
        check(&DataType::Decimal128(5, 2), Declared, "1.5", Some("1.50"));
        check(&DataType::Date32, Declared, "2024-02-30", None);
        check(
            &DataType::Timestamp(TimeUnit::Millisecond, None),
            Declared,
            "2024-01-01 00:00:00.0001",
            None,
        );
        check(
            &DataType::Timestamp(TimeUnit::Millisecond, None),
            Declared,
            "2024-01-01T00:00:00+01:00",
            None,
        );
        check(&DataType::Utf8View, Inferred, "", Some(""));
        check(&DataType::Int64, Inferred, "", Some(""));
    }
}
