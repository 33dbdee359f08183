//! Casts that must not change a value, of types where one could.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::kernels::cmp::distinct;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;
use datafusion::common::DataFusionError;
use datafusion::common::nested_struct::cast_column;

/// Whether a cast from one type to the other drops digits that a value may have: a timestamp to a coarser unit.
pub fn may_round(from: &DataType, to: &DataType) -> bool {
    matches!((from, to), (DataType::Timestamp(fine, _), DataType::Timestamp(coarse, _)) if fine > coarse)
}

/// `column` in the type of `field`, every value as it was.
///
/// # Errors
/// Which value has no place in the type.
pub fn exact_cast(column: &ArrayRef, field: &Field) -> Result<ArrayRef, String> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let plain = |error: DataFusionError| error.strip_backtrace();
    let cast = cast_column(column, field.data_type(), &options).map_err(plain)?;
    if may_round(column.data_type(), field.data_type()) {
        let arrow = |error: ArrowError| error.to_string();
        let back = cast_with_options(&cast, column.data_type(), &options).map_err(arrow)?;
        let changed = distinct(&back, column).map_err(arrow)?;
        if let Some(row) = first_true(&changed) {
            let value = array_value_to_string(column, row).map_err(arrow)?;
            return Err(format!("{value} is finer than {}", field.data_type()));
        }
    }
    Ok(cast)
}

fn first_true(values: &BooleanArray) -> Option<usize> {
    (0..values.len()).find(|row| values.value(*row))
}
