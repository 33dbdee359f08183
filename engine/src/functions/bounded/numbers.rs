//! Numbers of an argument, row by row, whether it is a column or one value for all rows.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, IntervalMonthDayNanoArray};
use arrow::compute::cast;
use arrow::compute::kernels::length::length;
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::widths;

/// The rows of a column, or one for all rows.
pub(super) struct Rows<A> {
    values: A,
    is_one_for_all: bool,
}

impl<A: Array> Rows<A> {
    fn index(&self, row: usize) -> Option<usize> {
        let index = if self.is_one_for_all { 0 } else { row };
        (index < self.values.len() && self.values.is_valid(index)).then_some(index)
    }
}

impl Rows<Int64Array> {
    /// The value of `row`, unless it is NULL.
    pub(super) fn get(&self, row: usize) -> Option<i64> {
        self.index(row).map(|index| self.values.value(index))
    }

    /// The value of `row` as a size: what is NULL or negative has none.
    pub(super) fn size(&self, row: usize) -> u64 {
        self.get(row).and_then(|value| u64::try_from(value).ok()).unwrap_or(0)
    }
}

impl Rows<IntervalMonthDayNanoArray> {
    /// The interval of `row`, unless it is NULL.
    pub(super) fn get(&self, row: usize) -> Option<IntervalMonthDayNano> {
        self.index(row).map(|index| self.values.value(index))
    }
}

/// How many rows `args` have: one if all of them are constant.
pub(super) fn rows(args: &[&ColumnarValue]) -> usize {
    let columns = args.iter().filter_map(|value| match value {
        ColumnarValue::Array(array) => Some(array.len()),
        ColumnarValue::Scalar(_) => None,
    });
    columns.max().unwrap_or(1)
}

fn array(value: &ColumnarValue) -> Result<(ArrayRef, bool)> {
    Ok(match value {
        ColumnarValue::Array(array) => (array.clone(), false),
        ColumnarValue::Scalar(scalar) => (scalar.to_array()?, true),
    })
}

/// The argument as integers, dates and timestamps in their own units.
pub(super) fn integers(value: &ColumnarValue) -> Result<Rows<Int64Array>> {
    let (array, is_one_for_all) = array(value)?;
    let array = if array.data_type() == &DataType::Date32 {
        cast(&array, &DataType::Int32)?
    } else {
        array
    };
    let values = cast(&array, &DataType::Int64)?.as_primitive::<Int64Type>().clone();
    Ok(Rows { values, is_one_for_all })
}

/// The argument as intervals.
pub(super) fn intervals(value: &ColumnarValue) -> Result<Rows<IntervalMonthDayNanoArray>> {
    let (array, is_one_for_all) = array(value)?;
    let intervals = cast(&array, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let values = intervals.as_primitive::<IntervalMonthDayNanoType>().clone();
    Ok(Rows { values, is_one_for_all })
}

/// The bytes of texts, or the elements of lists; NULL counts as nothing.
pub(super) fn lengths(value: &ColumnarValue) -> Result<Rows<Int64Array>> {
    let (array, is_one_for_all) = array(value)?;
    let lengths = match array.data_type() {
        // The kernel does not know what has no length.
        DataType::Null => arrow::array::new_null_array(&DataType::Int64, array.len()),
        _ => cast(&length(&array)?, &DataType::Int64)?,
    };
    let values = lengths.as_primitive::<Int64Type>().clone();
    Ok(Rows { values, is_one_for_all })
}

/// The bytes that one more copy of each value takes in a list.
pub(super) fn copied_bytes(value: &ColumnarValue) -> Result<Rows<Int64Array>> {
    let (array, is_one_for_all) = array(value)?;
    let bytes = widths::row_bytes(&array).into_iter();
    let values = bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)).collect();
    Ok(Rows { values, is_one_for_all })
}
