//! The analyzer rule that compares a decimal with a double as doubles, as PostgreSQL and Trino do.
//!
//! DataFusion 55.2 casts both to decimals of 15 places, where the double 17.99 is 17.989999999999998 and equal to no decimal. What a
//! statement writes as a literal is no double there: `exact` has made a decimal of it before.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, cast};
use datafusion::optimizer::AnalyzerRule;
use std::mem;

use super::exact::compares;
use super::walk::{columns_of, rewrite_expressions};

/// Casts decimals to doubles where they are compared with doubles.
#[derive(Debug)]
pub(super) struct MixedComparisons;

impl AnalyzerRule for MixedComparisons {
    fn name(&self) -> &'static str {
        "mixed_comparisons"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(mixed_node).map(|plan| plan.data)
    }
}

fn mixed_node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = columns_of(&plan)?;
    joined(plan, &schema)
        .transform_data(|plan| rewrite_expressions(plan, |expr| expr.transform_up(|expr| Ok(mixed(expr, &schema)))))
}

/// The keys of a join that USING or NATURAL has made pairs of.
fn joined(mut plan: LogicalPlan, schema: &DFSchema) -> Transformed<LogicalPlan> {
    let LogicalPlan::Join(join) = &mut plan else {
        return Transformed::no(plan);
    };
    let mut changed = false;
    for (left, right) in &mut join.on {
        changed |= as_doubles(&mut [left, right], schema);
    }
    if changed {
        Transformed::yes(plan)
    } else {
        Transformed::no(plan)
    }
}

fn mixed(mut expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let changed = match &mut expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => as_doubles(&mut [left, right], schema),
        Expr::Between(between) => as_doubles(&mut [&mut between.expr, &mut between.low, &mut between.high], schema),
        Expr::InList(list) => {
            let mut operands: Vec<&mut Expr> = vec![&mut list.expr];
            operands.extend(&mut list.list);
            as_doubles(&mut operands, schema)
        }
        Expr::InSubquery(within) => {
            let found = within
                .subquery
                .subquery
                .schema()
                .fields()
                .first()
                .map(|field| field.data_type().clone());
            let is_decimal = type_of(&within.expr, schema).is_some_and(|data_type| data_type.is_decimal());
            is_decimal && found.is_some_and(|data_type| data_type.is_floating()) && to_double(&mut within.expr)
        }
        _ => false,
    };
    if changed {
        Transformed::yes(expr)
    } else {
        Transformed::no(expr)
    }
}

/// Casts the decimals among `operands` to doubles if a double is among them; whether there was need of it.
fn as_doubles(operands: &mut [&mut Expr], schema: &DFSchema) -> bool {
    let types: Vec<Option<DataType>> = operands.iter().map(|operand| type_of(operand, schema)).collect();
    let any = |is: fn(&DataType) -> bool| types.iter().flatten().any(is);
    if !any(DataType::is_floating) || !any(DataType::is_decimal) {
        return false;
    }
    for (operand, data_type) in operands.iter_mut().zip(&types) {
        if data_type.as_ref().is_some_and(DataType::is_decimal) {
            to_double(operand);
        }
    }
    true
}

fn type_of(expr: &Expr, schema: &DFSchema) -> Option<DataType> {
    expr.get_type(schema).ok()
}

fn to_double(expr: &mut Expr) -> bool {
    let decimal = mem::take(expr);
    *expr = cast(decimal, DataType::Float64);
    true
}
