//! IN over a sub-query, where its third value matters.
//!
//! `x IN (…)` is unknown, not false, if it finds no match but meets a NULL. DataFusion keeps that apart in one case only: a
//! `NOT IN` that is a conjunct of the predicate and compares a column becomes an anti join that knows of NULL. Everywhere
//! else it computes a mark that is true or false, which is right where unknown counts as false, and wrong where it does not.
//! So each place of a predicate has a [`Reading`], and IN is allowed where its reading bears the mark. EXISTS and comparisons
//! with ANY or ALL have the right third value everywhere; like IN, they can be computed in predicates alone.

use datafusion::common::Spans;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{Case, InSubquery, SetComparison};
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

use crate::error::{Error, ErrorCode, Position, Result};
use crate::planner::from_datafusion;

/// Refuses the plan, as the SQL planner made it, if an IN in it would have a wrong answer or none.
///
/// # Errors
///
/// `NOT_SUPPORTED`, with what to write instead.
pub fn check(plan: &LogicalPlan) -> Result<()> {
    let mut refused = None;
    let walk = plan.apply_with_subqueries(|node| {
        Ok(match check_node(node) {
            Ok(()) => TreeNodeRecursion::Continue,
            Err(error) => {
                refused = Some(error);
                TreeNodeRecursion::Stop
            }
        })
    });
    walk.map_err(from_datafusion)?;
    refused.map_or(Ok(()), Err)
}

fn check_node(node: &LogicalPlan) -> Result<()> {
    match node {
        LogicalPlan::Filter(filter) => check_expr(&filter.predicate, Reading::Conjunct),
        LogicalPlan::Join(join) => match &join.filter {
            Some(predicate) => check_expr(predicate, Reading::Conjunct),
            None => Ok(()),
        },
        other => check_outside_predicates(other),
    }
}

/// What unknown counts as where an expression stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The whole predicate, or an operand of AND in it: unknown counts as false.
    Conjunct,
    /// The negation of such a one: unknown counts as true.
    NegatedConjunct,
    /// Unknown counts as false: operands of OR, conditions of CASE, `… IS TRUE`.
    UnknownIsFalse,
    /// Unknown counts as true: the same under NOT, `… IS FALSE`.
    UnknownIsTrue,
    /// Unknown is a value of its own.
    Exact,
}

impl Reading {
    fn negated(self) -> Self {
        match self {
            Self::Conjunct => Self::NegatedConjunct,
            Self::NegatedConjunct => Self::Conjunct,
            Self::UnknownIsFalse => Self::UnknownIsTrue,
            Self::UnknownIsTrue => Self::UnknownIsFalse,
            Self::Exact => Self::Exact,
        }
    }

    fn within_and(self) -> Self {
        // NOT (a AND b) is NOT a OR NOT b.
        match self {
            Self::NegatedConjunct => Self::UnknownIsTrue,
            other => other,
        }
    }

    fn within_or(self) -> Self {
        // NOT (a OR b) is NOT a AND NOT b.
        match self {
            Self::Conjunct => Self::UnknownIsFalse,
            other => other,
        }
    }

    fn within_case(self) -> Self {
        self.within_and().within_or()
    }
}

fn check_expr(expr: &Expr, reading: Reading) -> Result<()> {
    match expr {
        Expr::Alias(alias) => check_expr(&alias.expr, reading),
        Expr::Not(inner) => check_expr(inner, reading.negated()),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let reading = match op {
                Operator::And => reading.within_and(),
                Operator::Or => reading.within_or(),
                _ => Reading::Exact,
            };
            check_expr(left, reading)?;
            check_expr(right, reading)
        }
        Expr::IsTrue(inner) | Expr::IsNotTrue(inner) => check_expr(inner, Reading::UnknownIsFalse),
        Expr::IsFalse(inner) | Expr::IsNotFalse(inner) => check_expr(inner, Reading::UnknownIsTrue),
        Expr::Case(case) => check_case(case, reading.within_case()),
        Expr::InSubquery(found) => check_in(found, reading),
        Expr::SetComparison(SetComparison { expr, .. }) => check_expr(expr, Reading::Exact),
        _ => check_children(expr),
    }
}

fn check_case(case: &Case, reading: Reading) -> Result<()> {
    let condition = match &case.expr {
        Some(operand) => {
            check_expr(operand, Reading::Exact)?;
            Reading::Exact
        }
        None => Reading::UnknownIsFalse,
    };
    for (when, then) in &case.when_then_expr {
        check_expr(when, condition)?;
        check_expr(then, reading)?;
    }
    case.else_expr
        .as_ref()
        .map_or(Ok(()), |otherwise| check_expr(otherwise, reading))
}

fn check_children(expr: &Expr) -> Result<()> {
    let mut refused = None;
    let walk = expr.apply_children(|child| {
        Ok(match check_expr(child, Reading::Exact) {
            Ok(()) => TreeNodeRecursion::Continue,
            Err(error) => {
                refused = Some(error);
                TreeNodeRecursion::Stop
            }
        })
    });
    walk.map_err(from_datafusion)?;
    refused.map_or(Ok(()), Err)
}

fn check_in(found: &InSubquery, reading: Reading) -> Result<()> {
    check_expr(&found.expr, Reading::Exact)?;
    let reading = if found.negated { reading.negated() } else { reading };
    match reading {
        Reading::Conjunct | Reading::UnknownIsFalse => Ok(()),
        Reading::NegatedConjunct => check_anti_join(found),
        Reading::UnknownIsTrue => Err(refused(
            found,
            "NOT IN (SELECT …) within OR, NOT or CASE is not supported; write NOT EXISTS (SELECT 1 FROM … WHERE …), or \
             move it to the top of WHERE",
        )),
        Reading::Exact => Err(refused(
            found,
            "IN (SELECT …) as an operand of anything but AND, OR, NOT, CASE, IS TRUE and IS FALSE is not supported; write \
             EXISTS (SELECT 1 FROM … WHERE …), which is never NULL",
        )),
    }
}

/// The one NOT IN that DataFusion gets right. It asks the columns of the operand whether they can be NULL, not the operand
/// itself, and folds what it can to a constant, for which no anti join can be made; so the operand has to be a column.
fn check_anti_join(found: &InSubquery) -> Result<()> {
    if !found.subquery.outer_ref_columns.is_empty() {
        return Err(refused(
            found,
            "NOT IN (SELECT …) that refers to the outer query is not supported; write NOT EXISTS (SELECT 1 FROM … WHERE …)",
        ));
    }
    if !is_column(&found.expr) {
        return Err(refused(
            found,
            "NOT IN (SELECT …) of anything but a column is not supported; give the expression a name first: SELECT … FROM \
             (SELECT …, expression AS x FROM …) WHERE x NOT IN (SELECT …)",
        ));
    }
    Ok(())
}

fn is_column(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) => true,
        Expr::Alias(alias) => is_column(&alias.expr),
        Expr::Cast(cast) => is_column(&cast.expr),
        _ => false,
    }
}

/// In a SELECT list, in GROUP BY, ORDER BY or in an argument, none of them can be computed.
fn check_outside_predicates(node: &LogicalPlan) -> Result<()> {
    let mut refused = None;
    let walk = node.apply_expressions(|expr| {
        expr.apply(|expr| {
            let (what, instead) = match expr {
                Expr::InSubquery(_) => ("IN (SELECT …)", "LEFT JOIN the query and test its column"),
                Expr::Exists(_) => ("EXISTS (SELECT …)", "compare (SELECT count(*) FROM …) with 0"),
                Expr::SetComparison(_) => ("ANY or ALL of a query", "compare with its min or max"),
                _ => return Ok(TreeNodeRecursion::Continue),
            };
            let message = format!("{what} outside of WHERE, HAVING and ON is not supported; {instead}");
            refused = Some(Error::new(ErrorCode::NotSupported, message));
            Ok(TreeNodeRecursion::Stop)
        })
    });
    walk.map_err(from_datafusion)?;
    refused.map_or(Ok(()), Err)
}

fn refused(found: &InSubquery, message: &str) -> Error {
    let error = Error::new(ErrorCode::NotSupported, message);
    let operand = found.expr.spans().and_then(Spans::first);
    match operand.or_else(|| found.subquery.spans.first()) {
        Some(span) => error.at(Position {
            line: span.start.line,
            column: span.start.column,
        }),
        None => error,
    }
}
