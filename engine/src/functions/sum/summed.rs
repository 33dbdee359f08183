//! The types that are added up with a check, and the wider ones that their totals are kept in.

use arrow::array::{Array, ArrowNativeTypeOp, PrimitiveArray};
use arrow::datatypes::{
    ArrowNumericType, ArrowPrimitiveType, DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Decimal32Type,
    Decimal64Type, Decimal128Type, Decimal256Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Int64Type, UInt64Type,
};
use datafusion::common::Result;
use std::fmt::Debug;
use std::hash::Hash;

use super::super::overflow::overflow;

/// The value of a total on its way: 128 bits, or 256 for the widest decimals.
pub(super) type Wide<T> = <<T as Summed>::Total as ArrowPrimitiveType>::Native;

/// A type whose values are added up in [`Total`](Self::Total). No column is long enough for 64-bit values to overflow it.
/// Decimals of 38 digits have 1.7 times their largest value left, those of 76 digits 5.7 times.
pub(super) trait Summed: ArrowNumericType<Native: Eq + Hash> + Debug + Send {
    type Total: ArrowNumericType + Send;

    fn widen(value: Self::Native) -> Wide<Self>;

    /// The total in the type of the result. It may have more digits than a decimal's precision says.
    fn narrow(total: Wide<Self>) -> Option<Self::Native>;
}

macro_rules! summed {
    ($total:ty: $($summed:ty),*) => {
        $(impl Summed for $summed {
            type Total = $total;

            fn widen(value: Self::Native) -> Wide<Self> {
                value.into()
            }

            fn narrow(total: Wide<Self>) -> Option<Self::Native> {
                total.try_into().ok()
            }
        })*
    };
}

summed!(Decimal128Type: Int64Type, UInt64Type, Decimal32Type, Decimal64Type, Decimal128Type, DurationSecondType,
    DurationMillisecondType, DurationMicrosecondType, DurationNanosecondType);
summed!(Decimal256Type: Decimal256Type);

/// The type of the state that partial sums are passed on in, for a sum of type `result`.
pub(super) fn state_type(result: &DataType) -> DataType {
    match result {
        DataType::Decimal256(_, scale) => DataType::Decimal256(DECIMAL256_MAX_PRECISION, *scale),
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            DataType::Decimal128(DECIMAL128_MAX_PRECISION, *scale)
        }
        DataType::Int64 | DataType::UInt64 | DataType::Duration(_) => DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0),
        other => other.clone(),
    }
}

/// `total` and all of `values`.
pub(super) fn add_all<T: Summed>(total: Wide<T>, values: &PrimitiveArray<T>, result: &DataType) -> Result<Wide<T>> {
    let add = |total: Wide<T>, value| total.add_checked(T::widen(value));
    let total = match values.null_count() {
        0 => values.values().iter().copied().try_fold(total, add),
        _ => values.iter().flatten().try_fold(total, add),
    };
    total.map_err(|_| overflow("sum", result))
}
