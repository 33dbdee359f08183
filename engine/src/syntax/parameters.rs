//! The parameters of prepared statements: `?` in their order, or `$1`, `$2` ….
//!
//! An argument takes the place of its parameter in the syntax tree, as a constant. Text is never put together from text, so
//! whatever an argument holds is a value and nothing else.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    Array, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, Interval,
    ObjectName, Query, TypedString, UnaryOperator, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::ignored;
use super::limits::Limits;
use super::parser::{position_of, read};
use super::reader::at;
use super::statement::Statement;
use crate::error::{Error, ErrorCode, Position, Result};

/// The statement of a PREPARE with a constant in the place of each parameter, cast to the declared type where there is one.
///
/// # Errors
///
/// `INVALID_VALUE` for a wrong number of arguments, which names both numbers, and for one that is no constant; otherwise those of
/// [`parse`](super::parse). Positions count in `sql`.
pub fn bind(sql: &str, arguments: &[Expr], types: &[DataType], limits: &Limits) -> Result<Statement> {
    arguments.iter().try_for_each(check_constant)?;
    read(sql, limits, |tokens| {
        let slots = slots(tokens)?;
        let wanted = count(&slots).max(types.len());
        if arguments.len() != wanted {
            return Err(Error::new(
                ErrorCode::InvalidValue,
                format!(
                    "the prepared statement has {}, and {} given",
                    counted(wanted, "parameter", "parameters"),
                    counted(arguments.len(), "argument is", "arguments are"),
                ),
            ));
        }
        let typed = |(place, argument): (usize, &Expr)| match types.get(place) {
            Some(data_type) => cast(argument.clone(), data_type),
            None => argument.clone(),
        };
        Ok(Parameters {
            arguments: Some(arguments.iter().enumerate().map(typed).collect()),
            slots,
            placed: HashSet::new(),
        })
    })
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The parameters of a statement that is being read.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// What takes their places; without, they are left where they stand.
    arguments: Option<Vec<Expr>>,
    /// The place in `arguments` of the parameter at each location.
    slots: HashMap<Location, usize>,
    /// Where one was found in a query.
    placed: HashSet<Location>,
}

impl Parameters {
    /// Those of a statement that nobody prepared: none, unless it is a PREPARE.
    pub(super) fn outside_prepare(tokens: &[TokenWithSpan]) -> Result<Self> {
        let first = tokens.iter().find(|token| token.token != Token::SemiColon);
        let prepares = first.is_some_and(
            |token| matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case("prepare")),
        );
        if prepares {
            return Self::left(tokens);
        }
        match tokens.iter().find(|token| matches!(token.token, Token::Placeholder(_))) {
            Some(token) => Err(outside(&token.token.to_string(), token.span.start)),
            None => Ok(Self::default()),
        }
    }

    /// Those of a statement that is prepared: they stay where they are.
    pub(super) fn left(tokens: &[TokenWithSpan]) -> Result<Self> {
        Ok(Self {
            arguments: None,
            slots: slots(tokens)?,
            placed: HashSet::new(),
        })
    }

    /// Puts the arguments into the query.
    pub(super) fn place(&mut self, query: &mut Query) -> Result<()> {
        match query.visit(self) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(error) => Err(error),
        }
    }

    /// Refuses a parameter that no query took, such as one in place of a name.
    pub(super) fn check_all_placed(&self) -> Result<()> {
        let left = self
            .slots
            .keys()
            .filter(|location| !self.placed.contains(location))
            .min();
        match left {
            Some(location) => Err(at(
                position_of(*location),
                Error::new(
                    ErrorCode::SyntaxError,
                    "a parameter cannot stand here; it takes the place of a value in a query",
                ),
            )),
            None => Ok(()),
        }
    }
}

impl VisitorMut for Parameters {
    type Break = Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Expr::Value(value) = expr else {
            return ControlFlow::Continue(());
        };
        let Value::Placeholder(name) = &value.value else {
            return ControlFlow::Continue(());
        };
        let location = value.span.start;
        let Some(slot) = self.slots.get(&location) else {
            return ControlFlow::Break(outside(name, location));
        };
        self.placed.insert(location);
        if let Some(argument) = self.arguments.as_ref().and_then(|arguments| arguments.get(*slot)) {
            *expr = argument.clone();
        }
        ControlFlow::Continue(())
    }
}

fn outside(name: &str, location: Location) -> Error {
    let message = format!(
        "a parameter stands outside PREPARE: \"{name}\"; write a value, or PREPARE the statement with ? or $1 and EXECUTE it"
    );
    at(position_of(location), Error::new(ErrorCode::SyntaxError, message))
}

/// The place among the arguments of the parameter at each location.
fn slots(tokens: &[TokenWithSpan]) -> Result<HashMap<Location, usize>> {
    let mut slots = HashMap::new();
    let mut numbered = None;
    for token in tokens {
        let Token::Placeholder(name) = &token.token else {
            continue;
        };
        let location = token.span.start;
        let refused = |message: String| Err(at(position_of(location), Error::new(ErrorCode::SyntaxError, message)));
        let number = name.strip_prefix('$').map(str::parse::<usize>);
        let slot = match number {
            Some(Ok(number @ 1..=65_535)) => number - 1,
            None if name == "?" => slots.len(),
            _ => return refused(format!("\"{name}\" is not a parameter; write ?, or $1 to $65535")),
        };
        if *numbered.get_or_insert(number.is_some()) != number.is_some() {
            return refused("? and $1 stand in one statement; write one or the other".to_owned());
        }
        slots.insert(location, slot);
    }
    Ok(slots)
}

fn count(slots: &HashMap<Location, usize>) -> usize {
    slots.values().max().map_or(0, |last| last + 1)
}

/// Refuses an argument that is not a constant, or has a clause that would be ignored.
pub(super) fn check_constant(argument: &Expr) -> Result<()> {
    ignored::refuse_in_expression(argument)?;
    if is_constant(argument) {
        return Ok(());
    }
    let message = format!("the argument \"{argument}\" is not a constant; write a value");
    Err(at(position_in(argument), Error::new(ErrorCode::InvalidValue, message)))
}

fn position_in(argument: &Expr) -> Option<Position> {
    match argument {
        Expr::Identifier(ident) => position_of(ident.span.start),
        Expr::Value(value) => position_of(value.span.start),
        Expr::CompoundIdentifier(idents) => position_of(idents.first()?.span.start),
        Expr::Function(function) => position_of(function.name.0.first()?.as_ident()?.span.start),
        Expr::BinaryOp { left, .. } => position_in(left),
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::Cast { expr: inner, .. } => position_in(inner),
        _ => None,
    }
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => !matches!(value.value, Value::Placeholder(_)),
        Expr::TypedString(TypedString { .. }) => true,
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_constant(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_constant(expr),
        Expr::Interval(Interval { value, .. }) => is_constant(value),
        Expr::Array(Array { elem, .. }) => elem.iter().all(is_constant),
        _ => false,
    }
}

/// `arrow_cast(argument, 'type')`: the one cast that names every type exactly.
fn cast(argument: Expr, data_type: &DataType) -> Expr {
    let data_type = Value::SingleQuotedString(data_type.to_string()).with_empty_span();
    let unnamed = |argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("arrow_cast")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![unnamed(argument), unnamed(Expr::Value(data_type))],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
