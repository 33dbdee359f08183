//! The analyzer rule that compares times of different units.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Between, InList};
use datafusion::logical_expr::{
    BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator, binary_expr, cast, lit, not,
};
use datafusion::optimizer::AnalyzerRule;
use std::sync::Arc;

use super::literal::Moment;
use super::placed::placed;
use super::rounded::Side;
use super::values::far_values;
use crate::functions::exact::compares;
use crate::functions::walk::{columns_of, rewrite_expressions};

/// Gives both sides of a comparison of times a unit that holds them. It runs before type coercion, which would make nanoseconds of
/// both.
#[derive(Debug)]
pub(in crate::functions) struct ComparedInstants;

impl AnalyzerRule for ComparedInstants {
    fn name(&self) -> &'static str {
        "compared_instants"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(compared_node).map(|plan| plan.data)
    }
}

fn compared_node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    if let LogicalPlan::Values(values) = &plan {
        let rewritten = far_values(values)?.map(Transformed::yes);
        return Ok(rewritten.unwrap_or_else(|| Transformed::no(plan)));
    }
    let schema = columns_of(&plan)?;
    joined(plan, &schema)
        .transform_data(|plan| rewrite_expressions(plan, |expr| expr.transform_up(|expr| Ok(compared(expr, &schema)))))?
        // A far literal has another type than it was planned with, and what reads it has to know.
        .map_data(LogicalPlan::recompute_schema)
}

/// The keys of a join that USING or NATURAL has made pairs of: a time in nanoseconds is equal to a coarser one if both of its sides are.
fn joined(mut plan: LogicalPlan, schema: &DFSchema) -> Transformed<LogicalPlan> {
    let LogicalPlan::Join(join) = &mut plan else {
        return Transformed::no(plan);
    };
    let mut on = Vec::with_capacity(join.on.len());
    for (left, right) in &join.on {
        match (rounding(left, right, schema), rounding(right, left, schema)) {
            (Some(coarse), _) => {
                on.extend([Side::Before, Side::After].map(|side| (side.of(left.clone()), coarse.clone())));
            }
            (None, Some(coarse)) => {
                on.extend([Side::Before, Side::After].map(|side| (coarse.clone(), side.of(right.clone()))));
            }
            (None, None) => on.push((left.clone(), right.clone())),
        }
    }
    if on == join.on {
        return Transformed::no(plan);
    }
    join.on = on;
    Transformed::yes(plan)
}

fn compared(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let rewritten = match &expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => pair(left, *op, right, schema),
        Expr::Between(between) => between_pairs(between, schema),
        Expr::InList(list) => in_list(list, schema),
        Expr::Cast(Cast { expr: text, field }) => far_literal(&expr, text, field.data_type()),
        _ => None,
    };
    match rewritten {
        Some(rewritten) => Transformed::yes(rewritten),
        None => Transformed::no(expr),
    }
}

/// A literal that nanoseconds do not reach, in microseconds.
fn far_literal(literal: &Expr, text: &Expr, data_type: &DataType) -> Option<Expr> {
    let DataType::Timestamp(TimeUnit::Nanosecond, zone) = data_type else {
        return None;
    };
    let is_far = !Moment::read(literal, zone.as_ref())?.is_near();
    is_far.then(|| cast(text.clone(), DataType::Timestamp(TimeUnit::Microsecond, zone.clone())))
}

fn between_pairs(between: &Between, schema: &DFSchema) -> Option<Expr> {
    let (low, high) = (Operator::GtEq, Operator::LtEq);
    let first = pair(&between.expr, low, &between.low, schema);
    let second = pair(&between.expr, high, &between.high, schema);
    if first.is_none() && second.is_none() {
        return None;
    }
    let as_written = |op, bound: &Expr| binary_expr(between.expr.as_ref().clone(), op, bound.clone());
    let first = first.unwrap_or_else(|| as_written(low, &between.low));
    let second = second.unwrap_or_else(|| as_written(high, &between.high));
    let within = first.and(second);
    Some(if between.negated { not(within) } else { within })
}

/// A list of literals in the type of what is looked up in it: those that are no time of that type are equal to none.
fn in_list(list: &InList, schema: &DFSchema) -> Option<Expr> {
    let DataType::Timestamp(unit, zone) = list.expr.get_type(schema).ok()? else {
        return None;
    };
    if Moment::read(&list.expr, zone.as_ref()).is_some() {
        return None;
    }
    let mut literals = Vec::with_capacity(list.list.len());
    for item in &list.list {
        if let Some((value, true)) = Moment::read(item, zone.as_ref())?.floor(unit, zone.as_ref()) {
            literals.push(lit(value));
        }
    }
    if literals.is_empty() {
        let is_in = never(&list.expr);
        return Some(if list.negated { not(is_in) } else { is_in });
    }
    Some(Expr::InList(InList::new(list.expr.clone(), literals, list.negated)))
}

/// The comparison of `left` and `right`, if its times have different units, or one is a literal, or one alone has a zone.
fn pair(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema) -> Option<Expr> {
    let zoned = match (in_zone_of(right, left, schema), in_zone_of(left, right, schema)) {
        (Some(placed), _) => Some((placed, right.clone())),
        (None, Some(placed)) => Some((left.clone(), placed)),
        (None, None) => None,
    };
    if let Some((left, right)) = zoned {
        let in_units = pair(&left, op, &right, schema);
        return Some(in_units.unwrap_or_else(|| binary_expr(left, op, right)));
    }
    let swapped = op.swap();
    with_literal(left, op, right, schema)
        .or_else(|| with_literal(right, swapped?, left, schema))
        .or_else(|| with_coarser(left, op, right, schema))
        .or_else(|| with_coarser(right, swapped?, left, schema))
}

/// `local`, which is a date or a time without zone and no literal, as a moment of the zone that `moment` has, if that is not UTC: a cast
/// does it there.
fn in_zone_of(moment: &Expr, local: &Expr, schema: &DFSchema) -> Option<Expr> {
    let DataType::Timestamp(_, Some(zone)) = moment.get_type(schema).ok()? else {
        return None;
    };
    let is_local = matches!(
        local.get_type(schema).ok()?,
        DataType::Date32 | DataType::Timestamp(_, None)
    );
    let is_column = is_local && zone.as_ref() != "UTC" && Moment::read(local, Some(&zone)).is_none();
    is_column.then(|| placed(local.clone(), &zone))
}

/// The comparison of `time` with a moment that the statement writes.
fn with_literal(time: &Expr, op: Operator, literal: &Expr, schema: &DFSchema) -> Option<Expr> {
    let (time, unit, zone) = match time.get_type(schema).ok()? {
        DataType::Timestamp(unit, zone) => (time.clone(), unit, zone),
        DataType::Date32 if matches!(literal.get_type(schema), Ok(DataType::Timestamp(_, None))) => {
            (in_microseconds(time, None), TimeUnit::Microsecond, None)
        }
        _ => return None,
    };
    if Moment::read(&time, zone.as_ref()).is_some() {
        return None;
    }
    let moment = Moment::read(literal, zone.as_ref())?;
    if unit == TimeUnit::Nanosecond && !moment.is_near() {
        // Every time in nanoseconds is on the same side of it as the microsecond that it lies in.
        let (value, _) = moment.floor(TimeUnit::Microsecond, zone.as_ref())?;
        return Some(binary_expr(Side::Before.of(time), op, lit(value)));
    }
    let (value, is_exact) = moment.floor(unit, zone.as_ref())?;
    if is_exact {
        return Some(binary_expr(time, op, lit(value)));
    }
    Some(match op {
        Operator::Lt | Operator::LtEq => binary_expr(time, Operator::LtEq, lit(value)),
        Operator::Gt | Operator::GtEq => binary_expr(time, Operator::Gt, lit(value)),
        Operator::Eq => never(&time),
        Operator::NotEq => not(never(&time)),
        Operator::IsDistinctFrom => lit(true),
        Operator::IsNotDistinctFrom => lit(false),
        _ => return None,
    })
}

/// False, or NULL where `value` is.
fn never(value: &Expr) -> Expr {
    binary_expr(value.clone(), Operator::NotEq, value.clone())
}

/// The comparison of a time in nanoseconds with a coarser one.
fn with_coarser(fine: &Expr, op: Operator, coarse: &Expr, schema: &DFSchema) -> Option<Expr> {
    let coarse = rounding(fine, coarse, schema)?;
    let at = |side: Side| binary_expr(side.of(fine.clone()), op, coarse.clone());
    match op {
        Operator::Lt | Operator::GtEq => Some(at(Side::Before)),
        Operator::Gt | Operator::LtEq => Some(at(Side::After)),
        Operator::Eq | Operator::IsNotDistinctFrom => Some(at(Side::Before).and(at(Side::After))),
        Operator::NotEq | Operator::IsDistinctFrom => Some(at(Side::Before).or(at(Side::After))),
        _ => None,
    }
}

/// `coarse` in microseconds or coarser, if `fine` is a time in nanoseconds and `coarse` one in others, or a date.
fn rounding(fine: &Expr, coarse: &Expr, schema: &DFSchema) -> Option<Expr> {
    let DataType::Timestamp(TimeUnit::Nanosecond, zone) = fine.get_type(schema).ok()? else {
        return None;
    };
    // A constant is seldom far, and beside a column in nanoseconds it must leave files out.
    if coarse.column_refs().is_empty()
        && !coarse.any_column_refs()
        && !fine.column_refs().is_empty()
        && !is_subquery(coarse)
    {
        return None;
    }
    match coarse.get_type(schema).ok()? {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => None,
        DataType::Timestamp(..) => Some(coarse.clone()),
        DataType::Date32 => Some(in_microseconds(coarse, zone)),
        _ => None,
    }
}

fn is_subquery(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(matches!(expr, Expr::ScalarSubquery(_))))
        .unwrap_or(true)
}

/// A date as its first microsecond, in `zone` if there is one.
fn in_microseconds(date: &Expr, zone: Option<Arc<str>>) -> Expr {
    let local = cast(date.clone(), DataType::Timestamp(TimeUnit::Microsecond, None));
    match zone {
        Some(_) => cast(local, DataType::Timestamp(TimeUnit::Microsecond, zone)),
        None => local,
    }
}
