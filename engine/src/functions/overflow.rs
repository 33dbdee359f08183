//! The error of every result that its type cannot hold, and the digits that a decimal may have.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType};
use datafusion::common::{DataFusionError, Result};

use crate::error::{Error, ErrorCode};

/// `INVALID_VALUE` for a result of `operation` that does not fit into `data_type`. It names no value of a row.
pub(super) fn overflow(operation: &str, data_type: &DataType) -> DataFusionError {
    let message = match data_type {
        DataType::Decimal32(precision, _)
        | DataType::Decimal64(precision, _)
        | DataType::Decimal128(precision, _)
        | DataType::Decimal256(precision, _) => {
            format!(
                "decimal overflow in \"{operation}\": the result has more than {precision} digits; cast to fewer digits"
            )
        }
        DataType::Duration(_) => {
            format!(
                "overflow in \"{operation}\": the times are too far apart; cast them to a coarser unit, such as TIMESTAMP(0)"
            )
        }
        _ => format!(
            "integer overflow in \"{operation}\": the result does not fit into {}; cast to a wider type, such as \
             DECIMAL(38, 0)",
            name(data_type)
        ),
    };
    DataFusionError::External(Box::new(Error::new(ErrorCode::InvalidValue, message)))
}

/// Fails if a decimal in `results` has more digits than its type says. Kernels look at the bits of a result alone.
pub(super) fn check_digits(operation: &str, results: &ArrayRef) -> Result<()> {
    let fit = match results.data_type() {
        DataType::Decimal32(precision, _) => digits_fit::<Decimal32Type>(results, *precision),
        DataType::Decimal64(precision, _) => digits_fit::<Decimal64Type>(results, *precision),
        DataType::Decimal128(precision, _) => digits_fit::<Decimal128Type>(results, *precision),
        DataType::Decimal256(precision, _) => digits_fit::<Decimal256Type>(results, *precision),
        _ => true,
    };
    if fit {
        Ok(())
    } else {
        Err(overflow(operation, results.data_type()))
    }
}

fn digits_fit<T: DecimalType>(results: &ArrayRef, precision: u8) -> bool {
    let results = results.as_primitive::<T>();
    let fits = |value| T::is_valid_decimal_precision(value, precision);
    // What stands under a NULL rarely has too many digits, and passing it over row by row takes longer.
    results.values().iter().copied().all(fits) || results.iter().flatten().all(fits)
}

/// The name of an integer type in SQL.
fn name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INTEGER UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        other => return other.to_string(),
    };
    name.to_owned()
}
