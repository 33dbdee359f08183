//! The total of distinct values, of all rows and of those of a window that moves.

use std::fmt::{Debug, Formatter};
use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowNativeTypeOp, AsArray, PrimitiveArray};
use arrow::datatypes::DataType;
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{HashMap, Result, ScalarValue, internal_err};
use datafusion::logical_expr::Accumulator;

use super::super::overflow::overflow;
use super::summed::{Summed, Wide};
use super::total;

/// How often each value was seen, and the total of those that were.
pub(super) struct DistinctTotal<T: Summed> {
    counts: HashMap<T::Native, usize>,
    total: Wide<T>,
    result: DataType,
}

impl<T: Summed> DistinctTotal<T> {
    pub(super) fn new(result: &DataType) -> Self {
        Self {
            counts: HashMap::new(),
            total: Wide::<T>::ZERO,
            result: result.clone(),
        }
    }

    fn add(&mut self, value: T::Native) -> Result<()> {
        let count = self.counts.entry(value).or_insert(0);
        *count += 1;
        if *count == 1 {
            let total = self.total.add_checked(T::widen(value));
            self.total = total.map_err(|_| overflow("sum", &self.result))?;
        }
        Ok(())
    }

    fn remove(&mut self, value: T::Native) -> Result<()> {
        match self.counts.get_mut(&value) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) => {
                self.counts.remove(&value);
                let total = self.total.sub_checked(T::widen(value));
                self.total = total.map_err(|_| overflow("sum", &self.result))?;
            }
            None => return internal_err!("a value leaves a window that it is not in"),
        }
        Ok(())
    }
}

impl<T: Summed> Debug for DistinctTotal<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DistinctTotal({})", self.result)
    }
}

impl<T: Summed> Accumulator for DistinctTotal<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values[0]
            .as_primitive::<T>()
            .iter()
            .flatten()
            .try_for_each(|value| self.add(value))
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values[0]
            .as_primitive::<T>()
            .iter()
            .flatten()
            .try_for_each(|value| self.remove(value))
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states[0].as_list::<i32>();
        lists.iter().flatten().try_for_each(|list| self.update_batch(&[list]))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = PrimitiveArray::<T>::from_iter_values(self.counts.keys().copied());
        let values = values.with_data_type(self.result.clone());
        Ok(vec![
            SingleRowListArrayBuilder::new(Arc::new(values)).build_list_scalar(),
        ])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.counts.is_empty() {
            return ScalarValue::try_new_null(&self.result);
        }
        total::scalar::<T>(self.total, &self.result)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.counts.allocation_size()
    }
}
