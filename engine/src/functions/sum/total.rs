//! The total of all rows, and of those of a window that moves.

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, AsArray};
use arrow::compute::sum_checked;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use super::super::overflow::{check_digits, overflow};
use super::summed::{Summed, Wide, add_all, state_type};

/// The total so far, and of how many values it is: of none it is NULL.
#[derive(Debug)]
pub(super) struct Total<T: Summed> {
    sum: Wide<T>,
    values: usize,
    result: DataType,
}

impl<T: Summed> Total<T> {
    pub(super) fn new(result: &DataType) -> Self {
        Self {
            sum: Wide::<T>::ZERO,
            values: 0,
            result: result.clone(),
        }
    }
}

/// `total` as a value of type `result`.
///
/// # Errors
///
/// `INVALID_VALUE` if it does not fit.
pub(super) fn scalar<T: Summed>(total: Wide<T>, result: &DataType) -> Result<ScalarValue> {
    let total = T::narrow(total).ok_or_else(|| overflow("sum", result))?;
    let scalar = ScalarValue::new_primitive::<T>(Some(total), result)?;
    check_digits("sum", &scalar.to_array()?)?;
    Ok(scalar)
}

impl<T: Summed> Accumulator for Total<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = values[0].as_primitive::<T>();
        self.sum = add_all(self.sum, values, &self.result)?;
        self.values += values.len() - values.null_count();
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = values[0].as_primitive::<T>();
        let gone = add_all(Wide::<T>::ZERO, values, &self.result)?;
        self.sum = self.sum.sub_checked(gone).map_err(|_| overflow("sum", &self.result))?;
        self.values -= values.len() - values.null_count();
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states[0].as_primitive::<T::Total>();
        let overflowed = |_| overflow("sum", &self.result);
        if let Some(more) = sum_checked(states).map_err(overflowed)? {
            self.sum = self.sum.add_checked(more).map_err(overflowed)?;
            self.values += states.len() - states.null_count();
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let total = (self.values > 0).then_some(self.sum);
        Ok(vec![ScalarValue::new_primitive::<T::Total>(
            total,
            &state_type(&self.result),
        )?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match self.values {
            0 => ScalarValue::try_new_null(&self.result),
            _ => scalar::<T>(self.sum, &self.result),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use arrow::datatypes::Int64Type;
    use std::sync::Arc;

    fn array(values: impl Into<Int64Array>) -> [ArrayRef; 1] {
        [Arc::new(values.into())]
    }

    #[test]
    fn only_the_end_has_to_fit() {
        let mut total = Total::<Int64Type>::new(&DataType::Int64);
        total.update_batch(&array(vec![i64::MAX, 1])).unwrap();
        assert!(total.evaluate().is_err());
        let mut merged = Total::<Int64Type>::new(&DataType::Int64);
        let state = total.state().unwrap()[0].to_array().unwrap();
        merged.merge_batch(&[state]).unwrap();
        merged.update_batch(&array(vec![-1])).unwrap();
        assert_eq!(merged.evaluate().unwrap(), ScalarValue::Int64(Some(i64::MAX)));
    }

    #[test]
    fn rows_that_left_the_window_count_no_more() {
        let mut total = Total::<Int64Type>::new(&DataType::Int64);
        total.update_batch(&array(vec![Some(i64::MAX), None])).unwrap();
        total.update_batch(&array(vec![Some(i64::MAX)])).unwrap();
        total.retract_batch(&array(vec![Some(i64::MAX), None])).unwrap();
        assert_eq!(total.evaluate().unwrap(), ScalarValue::Int64(Some(i64::MAX)));
        total.retract_batch(&array(vec![Some(i64::MAX)])).unwrap();
        assert_eq!(total.evaluate().unwrap(), ScalarValue::Int64(None));
    }
}
