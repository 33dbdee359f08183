//! The totals of many groups at once.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, AsArray, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::compute::prep_null_mask_filter;
use arrow::datatypes::{ArrowPrimitiveType, DataType};
use datafusion::common::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::NullState;

use super::super::overflow::{check_digits, overflow};
use super::summed::{Summed, Wide, state_type};

/// One total for each group, by the group's index.
#[derive(Debug)]
pub(super) struct GroupTotals<T: Summed> {
    totals: Vec<Wide<T>>,
    /// Which groups saw a value: the totals of the others are NULL.
    seen: NullState,
    result: DataType,
}

impl<T: Summed> GroupTotals<T> {
    pub(super) fn new(result: &DataType) -> Self {
        Self {
            totals: Vec::new(),
            seen: NullState::new(),
            result: result.clone(),
        }
    }

    fn add<A: ArrowPrimitiveType + Send>(
        &mut self,
        values: &PrimitiveArray<A>,
        widen: fn(A::Native) -> Wide<T>,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        group_count: usize,
    ) -> Result<()> {
        self.totals.resize(group_count, Wide::<T>::ZERO);
        // The closure cannot return an error; looking at a flag once a batch costs nothing.
        let mut overflowed = false;
        let totals = self.totals.as_mut_slice();
        self.seen
            .accumulate(groups, values, filter, group_count, |group, value| {
                match totals[group].add_checked(widen(value)) {
                    Ok(total) => totals[group] = total,
                    Err(_) => overflowed = true,
                }
            });
        if overflowed {
            return Err(overflow("sum", &self.result));
        }
        Ok(())
    }
}

impl<T: Summed> GroupsAccumulator for GroupTotals<T> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        group_count: usize,
    ) -> Result<()> {
        self.add(values[0].as_primitive::<T>(), T::widen, groups, filter, group_count)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], group_count: usize) -> Result<()> {
        self.add(
            states[0].as_primitive::<T::Total>(),
            |total| total,
            groups,
            None,
            group_count,
        )
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let totals = emit_to.take_needed(&mut self.totals);
        let narrowed = totals.into_iter().map(T::narrow).collect::<Option<Vec<_>>>();
        let narrowed = narrowed.ok_or_else(|| overflow("sum", &self.result))?;
        let sums = PrimitiveArray::<T>::new(narrowed.into(), self.seen.build(emit_to));
        let sums: ArrayRef = Arc::new(sums.with_data_type(self.result.clone()));
        check_digits("sum", &sums)?;
        Ok(sums)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let totals = emit_to.take_needed(&mut self.totals);
        let totals = PrimitiveArray::<T::Total>::new(totals.into(), self.seen.build(emit_to));
        Ok(vec![Arc::new(totals.with_data_type(state_type(&self.result)))])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = values[0].as_primitive::<T>();
        let kept = filter.map(|filter| NullBuffer::new(prep_null_mask_filter(filter).values().clone()));
        let nulls = NullBuffer::union(values.nulls(), kept.as_ref());
        let totals = values.values().iter().map(|value| T::widen(*value)).collect();
        let totals = PrimitiveArray::<T::Total>::new(totals, nulls);
        Ok(vec![Arc::new(totals.with_data_type(state_type(&self.result)))])
    }

    fn size(&self) -> usize {
        self.totals.capacity() * size_of::<Wide<T>>() + self.seen.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use arrow::datatypes::Int64Type;

    fn array(values: Vec<Option<i64>>) -> [ArrayRef; 1] {
        [Arc::new(Int64Array::from(values))]
    }

    #[test]
    fn rows_kept_out_by_the_filter_or_null_are_not_in_the_state() {
        let totals = GroupTotals::<Int64Type>::new(&DataType::Int64);
        let filter = BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]);
        let values = array(vec![Some(1), Some(2), Some(3), None]);
        let state = totals.convert_to_state(&values, Some(&filter)).unwrap();
        let mut merged = GroupTotals::<Int64Type>::new(&DataType::Int64);
        merged.merge_batch(&state, &[0, 1, 1, 1], 2).unwrap();
        let sums = merged.evaluate(EmitTo::All).unwrap();
        assert_eq!(*sums.as_primitive::<Int64Type>(), Int64Array::from(vec![Some(1), None]));
    }

    #[test]
    fn only_the_end_of_a_group_has_to_fit() {
        let mut totals = GroupTotals::<Int64Type>::new(&DataType::Int64);
        totals
            .update_batch(&array(vec![Some(i64::MAX), Some(7), Some(1)]), &[0, 1, 0], None, 2)
            .unwrap();
        let state = totals.state(EmitTo::First(1)).unwrap();
        let mut merged = GroupTotals::<Int64Type>::new(&DataType::Int64);
        merged.merge_batch(&state, &[0], 1).unwrap();
        merged.update_batch(&array(vec![Some(-1)]), &[0], None, 1).unwrap();
        let sums = merged.evaluate(EmitTo::All).unwrap();
        assert_eq!(sums.as_primitive::<Int64Type>().value(0), i64::MAX);
        let rest = totals.evaluate(EmitTo::All).unwrap();
        assert_eq!(rest.as_primitive::<Int64Type>().value(0), 7);
        totals
            .update_batch(&array(vec![Some(i64::MIN), Some(-1)]), &[0, 0], None, 1)
            .unwrap();
        assert!(totals.evaluate(EmitTo::All).is_err());
    }
}
