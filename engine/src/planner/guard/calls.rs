//! Clauses in a call that the function would not see: `upper(DISTINCT s)`, `abs(x) FILTER (WHERE …)`, `corr(DISTINCT x, y)`.
//!
//! Only who knows the functions can tell: DISTINCT means something in `sum` and nothing in `abs`. DataFusion looks a name up
//! among the scalar functions first, then, with OVER, among those of windows, then among the aggregates; so is it done here.

use std::ops::ControlFlow;

use datafusion::execution::session_state::SessionState;
use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList,
    FunctionArguments, Visit, Visitor,
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
        let Some(clause) = self.dropped(&name, function) else {
            return Ok(());
        };
        let message = format!(
            "{} in a call of \"{name}\" is not supported; leave it out",
            clause.name()
        );
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
    fn dropped(&self, name: &str, function: &Function) -> Option<Clause> {
        let clauses = clauses(function);
        let has = |clause: Clause| clauses.contains(&clause).then_some(clause);
        let scalar = self.functions.scalar_functions().contains_key(name)
            || self.functions.higher_order_functions().contains_key(name)
            || PLANNED_BY_NAME.contains(&name);
        if scalar {
            return clauses.first().copied();
        }
        let over = clauses.contains(&Clause::Over);
        if over && self.functions.window_functions().contains_key(name) {
            let nulls = has(Clause::NullTreatment).filter(|_| !WITH_NULL_TREATMENT.contains(&name));
            return has(Clause::Distinct).or(nulls);
        }
        let aggregate = self.functions.aggregate_functions().get(name)?;
        let distinct = has(Clause::Distinct).filter(|_| has_wildcard(function) || !WITH_DISTINCT.contains(&name));
        // Without OVER, DataFusion asks the function itself.
        let nulls = has(Clause::NullTreatment).filter(|_| over && !aggregate.supports_null_handling_clause());
        distinct.or(nulls)
    }
}

/// What may stand in a call beside its arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clause {
    Distinct,
    Filter,
    NullTreatment,
    OrderBy,
    Over,
    WithinGroup,
}

impl Clause {
    fn name(self) -> &'static str {
        match self {
            Self::Distinct => "DISTINCT",
            Self::Filter => "FILTER",
            Self::NullTreatment => "IGNORE NULLS or RESPECT NULLS",
            Self::OrderBy => "ORDER BY",
            Self::Over => "OVER",
            Self::WithinGroup => "WITHIN GROUP",
        }
    }
}

fn list(function: &Function) -> Option<&FunctionArgumentList> {
    match &function.args {
        FunctionArguments::List(list) => Some(list),
        FunctionArguments::None | FunctionArguments::Subquery(_) => None,
    }
}

fn clauses(function: &Function) -> Vec<Clause> {
    let list = list(function);
    let has = |wanted: fn(&FunctionArgumentClause) -> bool| list.is_some_and(|list| list.clauses.iter().any(wanted));
    let distinct = list.is_some_and(|list| list.duplicate_treatment == Some(DuplicateTreatment::Distinct));
    let nulls = has(|clause| matches!(clause, FunctionArgumentClause::IgnoreOrRespectNulls(_)));
    let present = [
        (distinct, Clause::Distinct),
        (function.filter.is_some(), Clause::Filter),
        (nulls || function.null_treatment.is_some(), Clause::NullTreatment),
        (
            has(|clause| matches!(clause, FunctionArgumentClause::OrderBy(_))),
            Clause::OrderBy,
        ),
        (function.over.is_some(), Clause::Over),
        (!function.within_group.is_empty(), Clause::WithinGroup),
    ];
    present
        .into_iter()
        .filter_map(|(present, clause)| present.then_some(clause))
        .collect()
}

/// Whether `*` is among the arguments.
fn has_wildcard(function: &Function) -> bool {
    let is_wildcard = |arg: &FunctionArg| {
        let (FunctionArg::Unnamed(arg) | FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. }) = arg;
        !matches!(arg, FunctionArgExpr::Expr(_))
    };
    list(function).is_some_and(|list| list.args.iter().any(is_wildcard))
}
