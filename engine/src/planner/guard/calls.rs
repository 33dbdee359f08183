//! Clauses in a call that the function would not see: `upper(DISTINCT s)`, `abs(x) FILTER (WHERE …)`, `corr(DISTINCT x, y)`.
//!
//! Only who knows the functions can tell: DISTINCT means something in `sum` and nothing in `abs`. DataFusion looks a name up
//! among the scalar functions first, then, with OVER, among those of windows, then among the aggregates; so is it done here.

use std::ops::ControlFlow;

use datafusion::execution::session_state::SessionState;
use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Visit,
    Visitor,
};

use crate::error::{Error, ErrorCode, Position, Result};

/// Refuses the statement if one of its calls has a clause that would be dropped without a word.
///
/// # Errors
///
/// `NOT_SUPPORTED`, which names the clause and the function.
pub fn check_calls(tree: &Tree, functions: &SessionState) -> Result<()> {
    let statement = match tree {
        Tree::Statement(statement) => statement,
        Tree::Explain(explain) => return check_calls(&explain.statement, functions),
        // These hold no query of their own, or are refused before.
        Tree::CreateExternalTable(_) | Tree::CopyTo(_) | Tree::Reset(_) => return Ok(()),
    };
    match statement.visit(&mut Calls { functions }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Calls that are no function of the session, but planned like a scalar one.
const PLANNED_BY_NAME: &[&str] = &["make_map", "map", "unnest", "unnest_outer"];

/// Window functions that know IGNORE NULLS and RESPECT NULLS.
const WITH_NULL_TREATMENT: &[&str] = &["first_value", "lag", "last_value", "lead", "nth_value"];

/// Aggregates whose DISTINCT is computed, refused with an error, or without effect on the answer. The others drop it.
const WITH_DISTINCT: &[&str] = &[
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "count",
    "first_value",
    "last_value",
    "max",
    "mean",
    "median",
    "min",
    "percentile_cont",
    "quantile_cont",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "var",
    "var_pop",
    "var_population",
    "var_samp",
    "var_sample",
];

struct Calls<'a> {
    functions: &'a SessionState,
}

impl Visitor for Calls<'_> {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Error> {
        let Expr::Function(function) = expr else {
            return ControlFlow::Continue(());
        };
        match self.check(function) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl Calls<'_> {
    fn check(&self, function: &Function) -> Result<()> {
        let [part] = function.name.0.as_slice() else {
            return Ok(());
        };
        let Some(ident) = part.as_ident() else { return Ok(()) };
        let name = match ident.quote_style {
            Some(_) => ident.value.clone(),
            None => ident.value.to_ascii_lowercase(),
        };
        let clauses = Clauses::of(function);
        let Some(clause) = self.dropped(&name, &clauses) else {
            return Ok(());
        };
        let message = format!("{clause} in a call of \"{name}\" is not supported; leave it out");
        let error = Error::new(ErrorCode::NotSupported, message);
        let start = ident.span.start;
        Err(match start.line {
            0 => error,
            line => error.at(Position {
                line,
                column: start.column,
            }),
        })
    }

    /// The first clause that a function of this name would not see.
    fn dropped(&self, name: &str, clauses: &Clauses) -> Option<&'static str> {
        let scalar = self.functions.scalar_functions().contains_key(name)
            || self.functions.higher_order_functions().contains_key(name)
            || PLANNED_BY_NAME.contains(&name);
        if scalar {
            return clauses.first();
        }
        if clauses.over && self.functions.window_functions().contains_key(name) {
            if clauses.distinct {
                return Some(DISTINCT);
            }
            return (clauses.null_treatment && !WITH_NULL_TREATMENT.contains(&name)).then_some(NULLS);
        }
        let aggregate = self.functions.aggregate_functions().get(name)?;
        if clauses.distinct && (clauses.wildcard || !WITH_DISTINCT.contains(&name)) {
            return Some(DISTINCT);
        }
        // Without OVER, DataFusion asks the function itself.
        (clauses.over && clauses.null_treatment && !aggregate.supports_null_handling_clause()).then_some(NULLS)
    }
}

const DISTINCT: &str = "DISTINCT";
const NULLS: &str = "IGNORE NULLS or RESPECT NULLS";

/// What stands in a call beside its arguments.
struct Clauses {
    distinct: bool,
    filter: bool,
    null_treatment: bool,
    order_by: bool,
    over: bool,
    within_group: bool,
    /// `*` is among the arguments.
    wildcard: bool,
}

impl Clauses {
    fn of(function: &Function) -> Self {
        let list = match &function.args {
            FunctionArguments::List(list) => Some(list),
            FunctionArguments::None | FunctionArguments::Subquery(_) => None,
        };
        let has =
            |wanted: fn(&FunctionArgumentClause) -> bool| list.is_some_and(|list| list.clauses.iter().any(wanted));
        let is_wildcard = |arg: &FunctionArg| {
            let (FunctionArg::Unnamed(arg) | FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. }) = arg;
            !matches!(arg, FunctionArgExpr::Expr(_))
        };
        Self {
            distinct: list.is_some_and(|list| list.duplicate_treatment == Some(DuplicateTreatment::Distinct)),
            filter: function.filter.is_some(),
            null_treatment: function.null_treatment.is_some()
                || has(|clause| matches!(clause, FunctionArgumentClause::IgnoreOrRespectNulls(_))),
            order_by: has(|clause| matches!(clause, FunctionArgumentClause::OrderBy(_))),
            over: function.over.is_some(),
            within_group: !function.within_group.is_empty(),
            wildcard: list.is_some_and(|list| list.args.iter().any(is_wildcard)),
        }
    }

    /// The first of those that mean nothing to a scalar function.
    fn first(&self) -> Option<&'static str> {
        let clauses = [
            (self.distinct, DISTINCT),
            (self.filter, "FILTER"),
            (self.null_treatment, NULLS),
            (self.order_by, "ORDER BY"),
            (self.over, "OVER"),
            (self.within_group, "WITHIN GROUP"),
        ];
        clauses.into_iter().find_map(|(present, name)| present.then_some(name))
    }
}
