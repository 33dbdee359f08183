//! The analyzer rule that puts checked functions in the place of operators that wrap around.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::binary::BinaryTypeCoercer;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF};
use datafusion::optimizer::AnalyzerRule;

use super::negate::Negate;
use super::operation::{CheckedOperation, may_overflow};
use crate::functions::walk::{columns_of, rewrite_expressions};

/// Replaces `+`, `-`, `*`, `/` and the sign where they may overflow. Runs after type coercion, and leaves a plan that it
/// has seen before as it is.
#[derive(Debug)]
pub(in super::super) struct CheckArithmetic {
    operations: Vec<(Operator, Arc<ScalarUDF>)>,
    negate: Arc<ScalarUDF>,
}

impl Default for CheckArithmetic {
    fn default() -> Self {
        let checked = |operator| (operator, Arc::new(ScalarUDF::from(CheckedOperation::new(operator))));
        Self {
            operations: CheckedOperation::OPERATORS.iter().copied().map(checked).collect(),
            negate: Arc::new(ScalarUDF::from(Negate::new())),
        }
    }
}

impl AnalyzerRule for CheckArithmetic {
    fn name(&self) -> &'static str {
        "check_arithmetic"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| self.check_node(plan))
            .map(|plan| plan.data)
    }
}

impl CheckArithmetic {
    fn check_node(&self, plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let schema = columns_of(&plan)?;
        // From the top: asking an operator for its type costs less than asking a function.
        let checked = rewrite_expressions(plan, |expr| expr.transform_down(|expr| self.check(expr, &schema)))?;
        if checked.transformed {
            return checked.map_data(LogicalPlan::recompute_schema);
        }
        Ok(checked)
    }

    fn check(&self, expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match self.checked(op) {
                Some(function) if may_overflow(&operand_type(&left, schema)?, op, &operand_type(&right, schema)?) => {
                    Ok(Transformed::yes(call(function, vec![*left, *right])))
                }
                _ => Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
            },
            Expr::Negative(inner) if inner.get_type(schema)?.is_integer() => {
                Ok(Transformed::yes(call(&self.negate, vec![*inner])))
            }
            other => Ok(Transformed::no(other)),
        }
    }

    fn checked(&self, operator: Operator) -> Option<&Arc<ScalarUDF>> {
        let found = self.operations.iter().find(|(checked, _)| *checked == operator);
        found.map(|(_, function)| function)
    }
}

/// The type of an operand, as a decimal with no more digits than it can have: in `price * (1 - discount)` the constant was cast
/// to the 20 digits of any integer, and has one. It spares most decimal arithmetic the check.
fn operand_type(expr: &Expr, schema: &DFSchema) -> Result<DataType> {
    match expr {
        Expr::Cast(Cast { expr: inner, field }) => match (inner.as_ref(), field.data_type()) {
            (Expr::Literal(ScalarValue::Int64(Some(constant)), _), DataType::Decimal128(precision, scale @ 0..)) => {
                let digits = constant.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
                let digits = u8::try_from(digits)
                    .unwrap_or(u8::MAX)
                    .saturating_add(scale.unsigned_abs());
                Ok(DataType::Decimal128(digits.min(*precision), *scale))
            }
            _ => expr.get_type(schema),
        },
        // Its result fits, or is checked.
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if CheckedOperation::OPERATORS.contains(op) => {
            let (left, right) = (operand_type(left, schema)?, operand_type(right, schema)?);
            BinaryTypeCoercer::new(&left, op, &right).get_result_type()
        }
        _ => expr.get_type(schema),
    }
}

fn call(function: &Arc<ScalarUDF>, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(function), args))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{Field, Schema};
    use datafusion::logical_expr::{cast, col, lit};

    #[test]
    fn an_operator_stays_one_where_its_result_fits() {
        let columns = [
            ("price", DataType::Decimal128(15, 2)),
            ("discount", DataType::Decimal128(15, 2)),
            ("wide", DataType::Decimal128(38, 0)),
            ("count", DataType::Int64),
            ("ratio", DataType::Float64),
        ];
        let fields = columns.map(|(name, data_type)| Field::new(name, data_type, true));
        let schema = DFSchema::try_from(Schema::new(fields.to_vec())).unwrap();
        let constant = |value: i64| cast(lit(value), DataType::Decimal128(20, 0));
        let net = col("price") * (constant(1) - col("discount"));
        for (expr, stays) in [
            (net.clone(), true),
            (net.clone() * (constant(1) + col("discount")), false),
            (col("price") * (constant(i64::MIN) - col("discount")), true),
            (col("price") * (col("price") * constant(999_999)), true),
            (col("price") * (col("price") * constant(9_999_999)), false),
            (col("wide") + constant(0), false),
            (net.clone() + net, true),
            (col("count") + lit(1_i64), false),
            (Expr::Negative(Box::new(col("count"))), false),
            (col("count") / lit(2_i64), true),
            (col("ratio") * col("ratio") - lit(1.0), true),
            (Expr::Negative(Box::new(col("ratio"))), true),
        ] {
            let rule = CheckArithmetic::default();
            let checked = expr.clone().transform_down(|expr| rule.check(expr, &schema)).unwrap();
            assert_eq!(!checked.transformed, stays, "{expr}");
            assert_eq!(checked.data.schema_name().to_string(), expr.schema_name().to_string());
            assert_eq!(
                checked.data.to_field(&schema).unwrap().1.data_type(),
                expr.to_field(&schema).unwrap().1.data_type()
            );
        }
    }
}
