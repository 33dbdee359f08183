//! Refuses what the parser reads and DataFusion 55.2 then drops without a word: `TABLESAMPLE` would return every row,
//! `FOR UPDATE` would lock nothing, `VARCHAR(2)` would keep ten characters.
//!
//! Each struct of the syntax tree is taken apart field by field, without `..`, wherever one of its fields is dropped: a
//! field that a later sqlparser adds does not compile until someone has looked at what becomes of it. Clauses whose
//! meaning depends on what a function is (`DISTINCT` in a scalar function) are the planner's, which knows the functions.

mod expression;
mod query;
mod relation;

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Function, Query, Select, TableFactor, Visit, Visitor};

use crate::error::{Error, ErrorCode, Position, Result};

/// Refuses the query if any part of it would be ignored.
///
/// # Errors
///
/// `NOT_SUPPORTED`, which names the clause and says what to write instead.
pub(super) fn refuse(query: &Query) -> Result<()> {
    let mut visitor = Refusal::default();
    match query.visit(&mut visitor) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Refuses the expression if any part of it would be ignored.
///
/// # Errors
///
/// As [`refuse`].
pub(super) fn refuse_in_expression(expr: &Expr) -> Result<()> {
    let mut visitor = Refusal::default();
    match expr.visit(&mut visitor) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

#[derive(Default)]
struct Refusal {
    /// The calls with a named window that stand in a SELECT list, the one place where DataFusion looks the name up.
    named_windows: HashSet<*const Function>,
}

impl Visitor for Refusal {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        flow(query::check(query))
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Error> {
        expression::collect_named_windows(&select.projection, &mut self.named_windows);
        flow(query::check_select(select))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        flow(relation::check(factor))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Error> {
        flow(expression::check(expr, &self.named_windows))
    }
}

fn flow(result: Result<()>) -> ControlFlow<Error> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// `NOT_SUPPORTED: what is not supported; advice`, if the clause is there.
fn refuse_if(present: bool, what: &str, advice: &str, position: Option<Position>) -> Result<()> {
    if !present {
        return Ok(());
    }
    let error = Error::new(ErrorCode::NotSupported, format!("{what} is not supported; {advice}"));
    Err(match position {
        Some(position) => error.at(position),
        None => error,
    })
}
