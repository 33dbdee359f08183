//! The SQL names of types, as declared in CREATE TABLE and shown by DESCRIBE.

use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};

use crate::error::{Error, ErrorCode, Result};

/// The type that `name` declares.
///
/// # Errors
/// `SYNTAX_ERROR` if it is not the name of a type.
pub fn parse(name: &str) -> Result<DataType> {
    let _ = (IntervalUnit::MonthDayNano, TimeUnit::Microsecond);
    Err(Error::new(
        ErrorCode::SyntaxError,
        format!("\"{name}\" is not the name of a type"),
    ))
}

/// The SQL name of `data_type`, which [`parse`] reads back where the type can be declared.
#[must_use]
pub fn name(data_type: &DataType) -> String {
    data_type.to_string()
}
