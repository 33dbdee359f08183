//! Values of Arrow as constants of a statement: what takes the place of a parameter, exactly.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast as cast_array;
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
    DurationSecondType, Float16Type, Float32Type, Float64Type, Int64Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::util::display::array_value_to_string;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, Value,
};

use crate::error::{Error, ErrorCode, Result};

/// The value of `array` at `row`, with its own type.
///
/// # Errors
/// `NOT_SUPPORTED` for a type that no constant has.
pub(super) fn constant(array: &dyn Array, row: usize) -> Result<Expr> {
    let data_type = array.data_type();
    if array.is_null(row) || *data_type == DataType::Null {
        return Ok(null(data_type));
    }
    Ok(match data_type {
        DataType::Boolean => Expr::Value(Value::Boolean(array.as_boolean().value(row)).with_empty_span()),
        DataType::Utf8 => text(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text(array.as_string::<i64>().value(row)),
        DataType::Utf8View => text(array.as_string_view().value(row)),
        DataType::Binary => bytes(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => bytes(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => cast(bytes(array.as_fixed_size_binary().value(row)), data_type),
        // LIMIT and OFFSET take a plain number alone.
        DataType::Int64 if array.as_primitive::<Int64Type>().value(row) >= 0 => {
            let digits = array.as_primitive::<Int64Type>().value(row).to_string();
            Expr::Value(Value::Number(digits, false).with_empty_span())
        }
        DataType::Float16 => cast(
            text(&array.as_primitive::<Float16Type>().value(row).to_string()),
            data_type,
        ),
        DataType::Float32 => cast(
            text(&array.as_primitive::<Float32Type>().value(row).to_string()),
            data_type,
        ),
        DataType::Float64 => cast(
            text(&array.as_primitive::<Float64Type>().value(row).to_string()),
            data_type,
        ),
        data_type if data_type.is_integer() || data_type.is_decimal() || matches!(data_type, DataType::Interval(_)) => {
            cast(text(&shown(array, row)?), data_type)
        }
        DataType::Dictionary(_, values) => {
            let values = cast_array(array, values).map_err(|error| unconstant(data_type, error))?;
            constant(values.as_ref(), row)?
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => list(array, row)?,
        DataType::Struct(_) => structure(array, row)?,
        _ => counted(array, row)?,
    })
}

/// `arrow_cast(argument, 'type')`: the one cast that names every type exactly.
pub(super) fn cast(argument: Expr, data_type: &DataType) -> Expr {
    call("arrow_cast", vec![argument, text(&data_type.to_string())])
}

fn null(data_type: &DataType) -> Expr {
    let null = Expr::Value(Value::Null.with_empty_span());
    match data_type {
        DataType::Null => null,
        DataType::Dictionary(_, values) => cast(null, values),
        other => cast(null, other),
    }
}

fn text(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).with_empty_span())
}

fn bytes(bytes: &[u8]) -> Expr {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = nibbles
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect();
    Expr::Value(Value::HexStringLiteral(digits).with_empty_span())
}

fn shown(array: &dyn Array, row: usize) -> Result<String> {
    array_value_to_string(array, row).map_err(|error| unconstant(array.data_type(), error))
}

/// A date, time, timestamp or duration from its count of units, which has every value that the type has.
fn counted(array: &dyn Array, row: usize) -> Result<Expr> {
    let (count, counter) = match array.data_type() {
        DataType::Date32 => (
            i64::from(array.as_primitive::<Date32Type>().value(row)),
            DataType::Int32,
        ),
        DataType::Date64 => (array.as_primitive::<Date64Type>().value(row), DataType::Int64),
        DataType::Time32(TimeUnit::Second) => (
            i64::from(array.as_primitive::<Time32SecondType>().value(row)),
            DataType::Int32,
        ),
        DataType::Time32(_) => (
            i64::from(array.as_primitive::<Time32MillisecondType>().value(row)),
            DataType::Int32,
        ),
        DataType::Time64(TimeUnit::Nanosecond) => {
            (array.as_primitive::<Time64NanosecondType>().value(row), DataType::Int64)
        }
        DataType::Time64(_) => (
            array.as_primitive::<Time64MicrosecondType>().value(row),
            DataType::Int64,
        ),
        DataType::Timestamp(unit, _) => (timestamp(array, *unit, row), DataType::Int64),
        DataType::Duration(unit) => (duration(array, *unit, row), DataType::Int64),
        other => {
            let message = format!("a parameter cannot be of the type {other}; cast it to another type before");
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
    };
    Ok(cast(cast(text(&count.to_string()), &counter), array.data_type()))
}

fn timestamp(array: &dyn Array, unit: TimeUnit, row: usize) -> i64 {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row),
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(row),
    }
}

fn duration(array: &dyn Array, unit: TimeUnit, row: usize) -> i64 {
    match unit {
        TimeUnit::Second => array.as_primitive::<DurationSecondType>().value(row),
        TimeUnit::Millisecond => array.as_primitive::<DurationMillisecondType>().value(row),
        TimeUnit::Microsecond => array.as_primitive::<DurationMicrosecondType>().value(row),
        TimeUnit::Nanosecond => array.as_primitive::<DurationNanosecondType>().value(row),
    }
}

/// `make_array(…)` of the elements.
fn list(array: &dyn Array, row: usize) -> Result<Expr> {
    let elements: ArrayRef = match array.data_type() {
        DataType::LargeList(_) => array.as_list::<i64>().value(row),
        DataType::FixedSizeList(..) => array.as_fixed_size_list().value(row),
        _ => array.as_list::<i32>().value(row),
    };
    let elements: Vec<Expr> = (0..elements.len())
        .map(|element| constant(elements.as_ref(), element))
        .collect::<Result<_>>()?;
    let is_empty = elements.is_empty();
    let made = call("make_array", elements);
    Ok(if is_empty { cast(made, array.data_type()) } else { made })
}

/// `named_struct('name', value, …)` of the fields.
fn structure(array: &dyn Array, row: usize) -> Result<Expr> {
    let array = array.as_struct();
    let mut arguments = Vec::with_capacity(2 * array.num_columns());
    for (name, column) in array.column_names().into_iter().zip(array.columns()) {
        arguments.push(text(name));
        arguments.push(constant(column.as_ref(), row)?);
    }
    Ok(call("named_struct", arguments))
}

fn unconstant(data_type: &DataType, error: arrow::error::ArrowError) -> Error {
    let message = format!("a parameter of the type {data_type} has a value that cannot be read: {error}");
    Error::new(ErrorCode::InvalidValue, message).caused_by(error)
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let unnamed = |argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into_iter().map(unnamed).collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
