//! `sum` that fails where DataFusion's wraps around: over integers, durations and decimals. Over floats and intervals it
//! is DataFusion's own.
//!
//! Integers are added up in 128 bits, in partial states too, and only the end has to fit: whether a sum fails does not depend
//! on the order of its rows, nor on how they are spread over threads.

mod distinct;
mod groups;
mod summed;
mod total;

use std::sync::Arc;

use arrow::datatypes::{
    DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, Field, FieldRef, Int64Type, TimeUnit,
    UInt64Type,
};
use datafusion::common::Result;
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF, SetMonotonicity,
    Signature,
};

use distinct::DistinctTotal;
use groups::GroupTotals;
use summed::state_type;
use total::Total;

/// Our `sum`.
pub(super) fn checked_sum() -> AggregateUDF {
    AggregateUDF::from(CheckedSum { inner: Sum::new() })
}

/// DataFusion's `sum` with other accumulators. Two shortcuts of it are left out, the total from statistics and
/// `sum(x + 1)` as `sum(x) + count(x)`: each computes after the check of arithmetic, or before anyone could check.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckedSum {
    inner: Sum,
}

/// `$summed` with `$type` as the arrow type of `$data_type`, or `$otherwise` if totals of it are not checked.
macro_rules! with_type {
    ($data_type:expr, $type:ident => $summed:expr, _ => $otherwise:expr) => {
        with_type!(@ $data_type, $type, $summed, $otherwise;
            DataType::Int64 => Int64Type,
            DataType::UInt64 => UInt64Type,
            DataType::Decimal32(..) => Decimal32Type,
            DataType::Decimal64(..) => Decimal64Type,
            DataType::Decimal128(..) => Decimal128Type,
            DataType::Decimal256(..) => Decimal256Type,
            DataType::Duration(TimeUnit::Second) => DurationSecondType,
            DataType::Duration(TimeUnit::Millisecond) => DurationMillisecondType,
            DataType::Duration(TimeUnit::Microsecond) => DurationMicrosecondType,
            DataType::Duration(TimeUnit::Nanosecond) => DurationNanosecondType)
    };
    (@ $data_type:expr, $type:ident, $summed:expr, $otherwise:expr; $($pattern:pat => $arrow:ty),*) => {
        match $data_type {
            $($pattern => {
                type $type = $arrow;
                $summed
            })*
            _ => $otherwise,
        }
    };
}

/// The accumulator of all rows or of a window, if totals of this type are checked.
fn checked(args: &AccumulatorArgs) -> Option<Box<dyn Accumulator>> {
    let result = args.return_type();
    with_type!(result,
        T => Some(if args.is_distinct {
            Box::new(DistinctTotal::<T>::new(result))
        } else {
            Box::new(Total::<T>::new(result))
        }),
        _ => None)
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match checked(&args) {
            Some(checked) => Ok(checked),
            None => self.inner.accumulator(args),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match checked(&args) {
            Some(checked) => Ok(checked),
            None => self.inner.create_sliding_accumulator(args),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        if args.is_distinct {
            return self.inner.state_fields(args);
        }
        let name = format_state_name(args.name, "sum");
        Ok(vec![Arc::new(Field::new(name, state_type(args.return_type()), true))])
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        with_type!(args.return_type(),
            T => Ok(Box::new(GroupTotals::<T>::new(args.return_type()))),
            _ => self.inner.create_groups_accumulator(args))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.inner.reverse_expr()
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.set_monotonicity(data_type)
    }
}
