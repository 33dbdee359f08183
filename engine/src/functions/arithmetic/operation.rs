//! `+`, `-`, `*` and `/` as functions that fail on overflow.

use std::sync::Arc;

use arrow::array::{ArrayRef, Datum};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{
    DECIMAL32_MAX_PRECISION, DECIMAL64_MAX_PRECISION, DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType,
    Field, FieldRef,
};
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::binary::BinaryTypeCoercer;
use datafusion::logical_expr::interval_arithmetic::{Interval, apply_operator};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr_common::datum::apply;

use super::super::overflow::{check_digits, overflow};

/// Whether the result of an operator over these types, which are those after coercion, may be one that it cannot hold.
///
/// DataFusion divides integers and computes times with a check already, and decimals are computed with a check against
/// their bits. What is left is a decimal result whose digits had to be cut to the most that its type has: `DECIMAL(38, 0) + 1` may have 39.
pub(super) fn may_overflow(left: &DataType, operator: Operator, right: &DataType) -> bool {
    if left.is_integer() && right.is_integer() {
        return operator != Operator::Divide;
    }
    let (Some((p1, s1, most)), Some((p2, s2, _))) = (decimal_parts(left), decimal_parts(right)) else {
        return false;
    };
    // The rules of Hive, as the kernels of arrow follow them.
    let digits = match operator {
        Operator::Plus | Operator::Minus => s1.max(s2) + (p1 - s1).max(p2 - s2) + 1,
        Operator::Multiply => p1 + p2 + 1,
        Operator::Divide => p1 + s2 + (s1 + 4).min(most) - s1,
        _ => return false,
    };
    digits > most
}

/// Precision and scale of a decimal type, and the most digits that its representation has.
fn decimal_parts(data_type: &DataType) -> Option<(i16, i16, i16)> {
    let (precision, scale, most) = match data_type {
        DataType::Decimal32(precision, scale) => (*precision, *scale, DECIMAL32_MAX_PRECISION),
        DataType::Decimal64(precision, scale) => (*precision, *scale, DECIMAL64_MAX_PRECISION),
        DataType::Decimal128(precision, scale) => (*precision, *scale, DECIMAL128_MAX_PRECISION),
        DataType::Decimal256(precision, scale) => (*precision, *scale, DECIMAL256_MAX_PRECISION),
        _ => return None,
    };
    Some((i16::from(precision), i16::from(scale), i16::from(most)))
}

/// One operator. Its columns keep the name that the operator gives them.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckedOperation {
    operator: Operator,
    signature: Signature,
}

impl CheckedOperation {
    pub(super) const OPERATORS: &[Operator] = &[Operator::Plus, Operator::Minus, Operator::Multiply, Operator::Divide];

    pub(super) fn new(operator: Operator) -> Self {
        Self {
            operator,
            signature: Signature::any(2, Volatility::Immutable),
        }
    }

    fn kernel(&self, left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
        match self.operator {
            Operator::Plus => numeric::add(left, right),
            Operator::Minus => numeric::sub(left, right),
            Operator::Multiply => numeric::mul(left, right),
            _ => numeric::div(left, right),
        }
    }

    fn result_type(&self, left: &DataType, right: &DataType) -> Result<DataType> {
        // Asked for anew at each level of an expression, so the frequent case is a short one.
        if left == right && left.is_integer() {
            return Ok(left.clone());
        }
        BinaryTypeCoercer::new(left, &self.operator, right).get_result_type()
    }
}

impl ScalarUDFImpl for CheckedOperation {
    fn name(&self) -> &str {
        match self.operator {
            Operator::Plus => "add",
            Operator::Minus => "subtract",
            Operator::Multiply => "multiply",
            _ => "divide",
        }
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let [left, right] = args else {
            return exec_err!("{} takes two arguments", self.operator);
        };
        Ok(format!(
            "{} {} {}",
            left.schema_name(),
            self.operator,
            right.schema_name()
        ))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        let [left, right] = arg_types else {
            return exec_err!("{} takes two arguments", self.operator);
        };
        self.result_type(left, right)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.return_type(&types)?, nullable)))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = args.args.as_slice() else {
            return exec_err!("{} takes two arguments", self.operator);
        };
        let data_type = args.return_field.data_type();
        // The optimizer puts an untyped NULL for a column, to see what becomes of a predicate. No kernel knows that type.
        if left.data_type().is_null() || right.data_type().is_null() {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_new_null(data_type)?));
        }
        let result = apply(left, right, |left, right| self.kernel(left, right))
            .map_err(|error| in_our_words(error, self.operator, data_type))?;
        match &result {
            ColumnarValue::Array(array) => check_digits(&self.operator.to_string(), array)?,
            ColumnarValue::Scalar(scalar) => check_digits(&self.operator.to_string(), &scalar.to_array()?)?,
        }
        Ok(result)
    }

    fn evaluate_bounds(&self, inputs: &[&Interval]) -> Result<Interval> {
        match inputs {
            [left, right] if left.data_type().is_integer() => apply_operator(&self.operator, left, right),
            [left, right] => Interval::make_unbounded(&self.result_type(&left.data_type(), &right.data_type())?),
            _ => exec_err!("{} takes two arguments", self.operator),
        }
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        Ok(match (self.operator, inputs) {
            (Operator::Plus, [left, right]) => left.sort_properties.add(&right.sort_properties),
            (Operator::Minus, [left, right]) => left.sort_properties.sub(&right.sort_properties),
            _ => SortProperties::Unordered,
        })
    }
}

fn in_our_words(error: DataFusionError, operator: Operator, data_type: &DataType) -> DataFusionError {
    match &error {
        DataFusionError::ArrowError(arrow, _) if matches!(**arrow, ArrowError::ArithmeticOverflow(_)) => {
            overflow(&operator.to_string(), data_type)
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_that_may_not_fit_are_checked() {
        let decimal = |precision, scale| DataType::Decimal128(precision, scale);
        for (left, operator, right, expected) in [
            (DataType::Int64, Operator::Plus, DataType::Int64, true),
            (DataType::UInt8, Operator::Minus, DataType::UInt8, true),
            (DataType::Int64, Operator::Divide, DataType::Int64, false),
            (DataType::Float64, Operator::Multiply, DataType::Float64, false),
            (decimal(15, 2), Operator::Plus, decimal(15, 2), false),
            (decimal(37, 0), Operator::Plus, decimal(37, 0), false),
            (decimal(38, 0), Operator::Plus, decimal(1, 0), true),
            (decimal(38, 0), Operator::Minus, decimal(1, 0), true),
            (decimal(15, 2), Operator::Multiply, decimal(15, 2), false),
            (decimal(15, 2), Operator::Multiply, decimal(22, 2), false),
            (decimal(15, 2), Operator::Multiply, decimal(23, 2), true),
            (decimal(15, 2), Operator::Divide, decimal(15, 2), false),
            (decimal(30, 2), Operator::Divide, decimal(15, 10), true),
            (
                DataType::Decimal256(76, 0),
                Operator::Plus,
                DataType::Decimal256(1, 0),
                true,
            ),
        ] {
            assert_eq!(
                may_overflow(&left, operator, &right),
                expected,
                "{left} {operator} {right}"
            );
        }
    }
}
