//! The sign of an integer, as a function that fails on the one value that has no opposite.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::super::overflow::overflow;

/// `- x`. Its column keeps the name that the operator gives it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Negate {
    signature: Signature,
}

impl Negate {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Negate {
    fn name(&self) -> &'static str {
        "negate"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let [arg] = args else {
            return exec_err!("negate takes one argument");
        };
        Ok(format!("(- {})", arg.schema_name()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        let [arg] = arg_types else {
            return exec_err!("negate takes one argument");
        };
        Ok(arg.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let [arg] = args.arg_fields else {
            return exec_err!("negate takes one argument");
        };
        Ok(Arc::new(Field::new(
            "negate",
            arg.data_type().clone(),
            arg.is_nullable(),
        )))
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
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(negate(array)?)),
            [ColumnarValue::Scalar(scalar)] => {
                let negated = negate(&scalar.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&negated, 0)?))
            }
            _ => exec_err!("negate takes one argument"),
        }
    }

    fn evaluate_bounds(&self, inputs: &[&Interval]) -> Result<Interval> {
        let [input] = inputs else {
            return exec_err!("negate takes one argument");
        };
        input.arithmetic_negate()
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        Ok(inputs
            .first()
            .map_or(SortProperties::Unordered, |input| -input.sort_properties))
    }
}

fn negate(array: &ArrayRef) -> Result<ArrayRef> {
    numeric::neg(array.as_ref()).map_err(|error| match error {
        ArrowError::ArithmeticOverflow(_) => overflow("-", array.data_type()),
        other => DataFusionError::from(other),
    })
}
