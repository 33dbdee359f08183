//! A time without zone as the moment at which the clocks of a zone show it, as a function.
//!
//! A cast says the same, and the optimizer of DataFusion 55.2 takes it off: of `CAST(t AS TIMESTAMP WITH TIME ZONE) < moment` it makes
//! `t < moment`, by the clocks of UTC. It leaves functions where they are.

use std::sync::Arc;

use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// `local`, a time without zone or a date, as a moment of `zone`.
pub(super) fn placed(local: Expr, zone: &Arc<str>) -> Expr {
    ScalarUDF::new_from_impl(Placed {
        zone: Arc::clone(zone),
        signature: Signature::any(1, Volatility::Immutable),
    })
    .call(vec![local])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Placed {
    zone: Arc<str>,
    signature: Signature,
}

impl ScalarUDFImpl for Placed {
    fn name(&self) -> &'static str {
        "moment_of_zone"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let unit = match arguments {
            [DataType::Timestamp(unit, None)] => *unit,
            [DataType::Date32 | DataType::Null] => TimeUnit::Microsecond,
            _ => return exec_err!("{} takes one time without zone", self.name()),
        };
        Ok(DataType::Timestamp(unit, Some(Arc::clone(&self.zone))))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [local] = args.args.as_slice() else {
            return exec_err!("{} takes one time without zone", self.name());
        };
        let zoned = args.return_type();
        // The optimizer puts an untyped NULL for a column, to see what becomes of a predicate.
        if local.data_type().is_null() {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_new_null(zoned)?));
        }
        let options = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        let local_type = match zoned {
            DataType::Timestamp(unit, _) => DataType::Timestamp(*unit, None),
            other => other.clone(),
        };
        // A date is cast to the clocks of UTC if it is cast to a moment at once.
        let cast = |array: &dyn arrow::array::Array| {
            let local = cast_with_options(array, &local_type, &options)?;
            cast_with_options(&local, zoned, &options)
        };
        Ok(match local {
            ColumnarValue::Array(array) => ColumnarValue::Array(cast(array.as_ref())?),
            ColumnarValue::Scalar(scalar) => {
                let array = cast(scalar.to_array()?.as_ref())?;
                ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?)
            }
        })
    }
}
