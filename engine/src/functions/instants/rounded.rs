//! A time in nanoseconds as the microsecond before or after it, as functions.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType, TimestampNanosecondType};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Nanoseconds in a microsecond.
const NANOSECONDS: i64 = 1_000;

/// The whole microsecond that is not after, or not before, a time in nanoseconds. A time is before a microsecond if the one not after
/// it is, and after one if the one not before it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Before,
    After,
}

impl Side {
    /// This side of `nanoseconds`, a time of that unit.
    pub(super) fn of(self, nanoseconds: Expr) -> Expr {
        ScalarUDF::new_from_impl(WholeMicrosecond {
            side: self,
            signature: Signature::any(1, Volatility::Immutable),
        })
        .call(vec![nanoseconds])
    }

    fn microsecond(self, nanoseconds: i64) -> i64 {
        let before = nanoseconds.div_euclid(NANOSECONDS);
        match self {
            Self::Before => before,
            Self::After => before + i64::from(nanoseconds.rem_euclid(NANOSECONDS) != 0),
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct WholeMicrosecond {
    side: Side,
    signature: Signature,
}

impl ScalarUDFImpl for WholeMicrosecond {
    fn name(&self) -> &'static str {
        match self.side {
            Side::Before => "microsecond_before",
            Side::After => "microsecond_after",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::Timestamp(_, zone)] => Ok(DataType::Timestamp(TimeUnit::Microsecond, zone.clone())),
            [DataType::Null] => Ok(DataType::Timestamp(TimeUnit::Microsecond, None)),
            _ => exec_err!("{} takes one time", self.name()),
        }
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            // The optimizer puts an untyped NULL for a column, to see what becomes of a predicate.
            [arg] if arg.data_type().is_null() => {
                Ok(ColumnarValue::Scalar(ScalarValue::try_new_null(args.return_type())?))
            }
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(self.rounded(array)?)),
            [ColumnarValue::Scalar(scalar)] => {
                let rounded = self.rounded(&scalar.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&rounded, 0)?))
            }
            _ => exec_err!("{} takes one time", self.name()),
        }
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        Ok(inputs
            .first()
            .map_or(SortProperties::Unordered, |input| input.sort_properties))
    }
}

impl WholeMicrosecond {
    fn rounded(&self, array: &ArrayRef) -> Result<ArrayRef> {
        let (Some(nanoseconds), DataType::Timestamp(_, zone)) =
            (array.as_primitive_opt::<TimestampNanosecondType>(), array.data_type())
        else {
            return exec_err!("{} takes a time in nanoseconds, not {}", self.name(), array.data_type());
        };
        let rounded: PrimitiveArray<TimestampMicrosecondType> =
            nanoseconds.unary(|nanoseconds| self.side.microsecond(nanoseconds));
        Ok(Arc::new(rounded.with_timezone_opt(zone.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_between_its_two_microseconds_before_1970_too() {
        for (nanoseconds, before, after) in [
            (0, 0, 0),
            (1, 0, 1),
            (999, 0, 1),
            (1_000, 1, 1),
            (-1, -1, 0),
            (-1_000, -1, -1),
            (-1_001, -2, -1),
            (i64::MAX, 9_223_372_036_854_775, 9_223_372_036_854_776),
            (i64::MIN, -9_223_372_036_854_776, -9_223_372_036_854_775),
        ] {
            assert_eq!(Side::Before.microsecond(nanoseconds), before, "{nanoseconds}");
            assert_eq!(Side::After.microsecond(nanoseconds), after, "{nanoseconds}");
        }
    }
}
