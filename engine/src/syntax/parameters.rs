//! The parameters of prepared statements: `?` in their order, or `$1`, `$2` ….
//!
//! An argument takes the place of its parameter in the syntax tree, as a constant. Text is never put together from text, so
//! whatever an argument holds is a value and nothing else.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::{
    Array, Expr, Ident, Interval, Query, SelectItem, SetExpr, Statement as SqlStatement, TypedString, UnaryOperator,
    Value, VisitMut, VisitorMut, visit_expressions,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::command::{Command, Insert};
use super::constants::{cast, constant};
use super::ignored;
use super::limits::Limits;
use super::parser::{parse, position_of, read, tokenize};
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
    let typed = |(place, argument): (usize, &Expr)| match types.get(place) {
        Some(data_type) => cast(argument.clone(), data_type),
        None => argument.clone(),
    };
    let arguments: Vec<Expr> = arguments.iter().enumerate().map(typed).collect();
    bound(sql, arguments, types.len(), limits)
}

/// The statement with the values of one row of `rows` in the places of its parameters: the first column in that of the first.
///
/// # Errors
///
/// `INVALID_VALUE` for a wrong number of columns, which names both numbers; `NOT_SUPPORTED` for a type that no constant has;
/// otherwise those of [`parse`](super::parse).
pub fn bind_row(sql: &str, rows: &RecordBatch, row: usize, limits: &Limits) -> Result<Statement> {
    let values = rows.columns().iter().map(|column| constant(column.as_ref(), row));
    bound(sql, values.collect::<Result<_>>()?, 0, limits)
}

/// The statement with NULL in the place of each parameter: of a type, where one is known.
///
/// # Errors
///
/// As [`bind_row`].
pub fn bind_nulls(sql: &str, types: &[Option<DataType>], limits: &Limits) -> Result<Statement> {
    let null = |data_type: &Option<DataType>| {
        let null = Expr::Value(Value::Null.with_empty_span());
        match data_type {
            Some(data_type) => cast(null, data_type),
            None => null,
        }
    };
    bound(sql, types.iter().map(null).collect(), 0, limits)
}

/// The statement with its parameters left in it, as `$1` and so on, and their number.
///
/// # Errors
///
/// Those of [`parse`](super::parse).
pub fn unbound(sql: &str, limits: &Limits) -> Result<(Statement, usize)> {
    with_each(sql, limits, |number| {
        Expr::Value(Value::Placeholder(format!("${number}")).with_empty_span())
    })
}

/// An INSERT whose only row of VALUES has parameters, as an INSERT of all rows of `relation`: its columns, named `1`, `2` and so
/// on, take the places of the parameters. None for any other statement.
///
/// # Errors
///
/// Those of [`parse`](super::parse).
pub fn bind_rows(sql: &str, relation: &str, columns: usize, limits: &Limits) -> Result<Option<Statement>> {
    let column = |number: usize| Expr::Identifier(Ident::with_quote('"', number.to_string()));
    let (statement, count) = with_each(sql, limits, column)?;
    let Command::Insert(insert) = statement.command() else {
        return Ok(None);
    };
    let Some(mut values) = only_row(&insert.query) else {
        return Ok(None);
    };
    if count == 0 {
        return Ok(None);
    }
    check_count(count, columns)?;
    for (index, value) in values.iter_mut().enumerate() {
        *value = format!("{value} AS \"c{index}\"");
    }
    let text = format!("SELECT {} FROM \"{relation}\"", values.join(", "));
    let Command::Query(query) = parse(&text, limits)?.command().clone() else {
        return Ok(None);
    };
    let insert = Insert {
        query,
        ..insert.as_ref().clone()
    };
    Statement::of(Command::Insert(Box::new(insert)), &text, limits).map(Some)
}

/// The parameters that a query, left in it as `$1` and so on, gives as values of columns of these `types`: each with its type.
pub fn values_of_columns(tree: &Tree, types: &[DataType]) -> Vec<(String, Option<DataType>)> {
    let Tree::Statement(statement) = tree else {
        return Vec::new();
    };
    let SqlStatement::Query(query) = statement.as_ref() else {
        return Vec::new();
    };
    let parameter = |(value, data_type): (&Expr, &DataType)| match value {
        Expr::Value(value) => match &value.value {
            Value::Placeholder(name) => Some((name.clone(), Some(data_type.clone()))),
            _ => None,
        },
        _ => None,
    };
    match query.body.as_ref() {
        SetExpr::Values(values) => {
            let rows = values.rows.iter();
            rows.flat_map(|row| row.content.iter().zip(types))
                .filter_map(parameter)
                .collect()
        }
        SetExpr::Select(select) => {
            let values = select.projection.iter().map_while(|item| match item {
                SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => Some(value),
                _ => None,
            });
            values.zip(types).filter_map(parameter).collect()
        }
        _ => Vec::new(),
    }
}

/// The texts of the values, if the query is one row of VALUES without a query in it.
fn only_row(tree: &Tree) -> Option<Vec<String>> {
    let Tree::Statement(statement) = tree else { return None };
    let SqlStatement::Query(query) = statement.as_ref() else {
        return None;
    };
    let SetExpr::Values(values) = query.body.as_ref() else {
        return None;
    };
    let [row] = values.rows.as_slice() else { return None };
    let plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
    let has_query = |value: &Expr| {
        let within = visit_expressions(value, |expr| match expr {
            Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        within.is_break()
    };
    (plain && !row.content.iter().any(has_query)).then(|| row.content.iter().map(Expr::to_string).collect())
}

/// The statement with `place(n)` for its n-th parameter, from 1, and their number.
fn with_each(sql: &str, limits: &Limits, place: impl Fn(usize) -> Expr) -> Result<(Statement, usize)> {
    let mut number = 0;
    let statement = read(sql, limits, |tokens| {
        let slots = slots(tokens)?;
        number = count(&slots);
        Ok(Parameters {
            arguments: Some((1..=number).map(place).collect()),
            slots,
            placed: HashSet::new(),
        })
    })?;
    Ok((statement, number))
}

/// The statement with `arguments` in the places of its parameters, of which there are `declared` at least.
fn bound(sql: &str, arguments: Vec<Expr>, declared: usize, limits: &Limits) -> Result<Statement> {
    read(sql, limits, |tokens| {
        let slots = slots(tokens)?;
        check_count(count(&slots).max(declared), arguments.len())?;
        Ok(Parameters {
            arguments: Some(arguments),
            slots,
            placed: HashSet::new(),
        })
    })
}

fn check_count(wanted: usize, given: usize) -> Result<()> {
    if wanted == given {
        return Ok(());
    }
    let message = format!(
        "the prepared statement has {}, and {} given",
        counted(wanted, "parameter", "parameters"),
        counted(given, "argument is", "arguments are"),
    );
    Err(Error::new(ErrorCode::InvalidValue, message))
}

/// Refuses declared types that are not one for each parameter of `sql`.
pub(super) fn check_declared(sql: &str, types: &[DataType]) -> Result<()> {
    let parameters = count(&slots(&tokenize(sql)?)?);
    if types.is_empty() || types.len() == parameters {
        return Ok(());
    }
    let message = format!(
        "the statement has {}, and {} declared; declare one for each parameter, or none",
        counted(parameters, "parameter", "parameters"),
        counted(types.len(), "type is", "types are"),
    );
    Err(Error::new(ErrorCode::InvalidValue, message))
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

    /// Refuses whatever parameters there are.
    pub(super) fn refuse(&self, what: &str) -> Result<()> {
        match self.slots.keys().min() {
            Some(location) => {
                let message =
                    format!("{what} keeps the text of its query, which can have no parameters; write a value");
                Err(at(position_of(*location), Error::new(ErrorCode::NotSupported, message)))
            }
            None => Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments of `execute`, which is what stands between its brackets.
    fn arguments(list: &str) -> Vec<Expr> {
        let statement = parse(&format!("execute p({list})"), &Limits::default()).expect(list);
        match statement.command() {
            Command::Execute(execute) => execute.arguments.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn bound(sql: &str, list: &str, types: &[DataType]) -> Result<String> {
        let statement = bind(sql, &arguments(list), types, &Limits::default())?;
        Ok(statement.command().query().expect("a query").to_string())
    }

    #[test]
    fn arguments_take_the_places_of_their_parameters() {
        for (sql, list, expected) in [
            ("select ?, ?", "1, 'x'", "SELECT 1, 'x'"),
            ("select $2, $1, $2", "1, 'x'", "SELECT 'x', 1, 'x'"),
            ("select 1", "", "SELECT 1"),
            (
                "select * from t where a in (?, ?) and b between ? and ? limit ? offset ?",
                "1, 2, 3, 4, 5, 6",
                "SELECT * FROM t WHERE a IN (1, 2) AND b BETWEEN 3 AND 4 LIMIT 5 OFFSET 6",
            ),
            ("insert into t values (?, f(?))", "-1, null", "VALUES (-1, f(NULL))"),
            (
                "create table t as select ? as a with no data",
                "date '2024-01-01'",
                "SELECT DATE '2024-01-01' AS a",
            ),
            (
                "explain select ? from (select ?) x",
                "1, 2",
                "EXPLAIN SELECT 1 FROM (SELECT 2) x",
            ),
            (
                "with x as (select ? as a) select * from x where a = ?",
                "1, 2",
                "WITH x AS (SELECT 1 AS a) SELECT * FROM x WHERE a = 2",
            ),
            ("select '?', \"?\", ? -- ?", "1", "SELECT '?', \"?\", 1"),
        ] {
            assert_eq!(bound(sql, list, &[]).expect(sql), expected, "{sql}");
        }
    }

    #[test]
    fn declared_types_are_cast_to() {
        let types = [DataType::Int32, DataType::Utf8View];
        assert_eq!(
            bound("select $1, $2, $3", "'1', 2, 3", &types).expect("binds"),
            "SELECT arrow_cast('1', 'Int32'), arrow_cast(2, 'Utf8View'), 3"
        );
    }

    #[test]
    fn hostile_strings_stay_values() {
        for text in [
            "'; drop table t; --",
            "') or 1=1 --",
            "?",
            "$1",
            "\\",
            "/*",
            "\0",
            "💣'\"`",
        ] {
            let argument = Expr::Value(Value::SingleQuotedString(text.to_owned()).with_empty_span());
            let statement = bind(
                "select ? from t where a = ?",
                &[argument.clone(), argument],
                &[],
                &Limits::default(),
            );
            let statement = statement.expect(text);
            let escaped = text.replace('\'', "''");
            assert_eq!(
                statement.command().query().expect("a query").to_string(),
                format!("SELECT '{escaped}' FROM t WHERE a = '{escaped}'")
            );
            assert_eq!(statement.reads().len(), 1);
        }
    }

    #[test]
    fn a_wrong_number_of_arguments_names_both() {
        for (sql, list, types, message) in [
            (
                "select ?",
                "",
                vec![],
                "the prepared statement has 1 parameter, and 0 arguments are given",
            ),
            (
                "select $3",
                "1, 2",
                vec![],
                "the prepared statement has 3 parameters, and 2 arguments are given",
            ),
            (
                "select 1",
                "1",
                vec![],
                "the prepared statement has 0 parameters, and 1 argument is given",
            ),
            (
                "select ?",
                "1",
                vec![DataType::Int32, DataType::Int32],
                "the prepared statement has 2 parameters, and 1 argument is given",
            ),
        ] {
            let error = bound(sql, list, &types).expect_err(sql);
            assert_eq!(
                (error.code(), error.message()),
                (ErrorCode::InvalidValue, message),
                "{sql}"
            );
        }
    }

    #[test]
    fn types_are_declared_for_each_parameter_or_for_none() {
        for (sql, message) in [
            ("prepare p as select $1, $2", None),
            ("prepare p (int, int) as select $2, $1, $2", None),
            ("prepare p (int) from 'select ?'", None),
            (
                "prepare p (int) as select 1",
                Some("the statement has 0 parameters, and 1 type is declared; declare one for each parameter, or none"),
            ),
            (
                "prepare p (int) as select $1, $2",
                Some("the statement has 2 parameters, and 1 type is declared; declare one for each parameter, or none"),
            ),
            (
                "prepare p (int, int) from 'select ?'",
                Some(
                    "the statement has 1 parameter, and 2 types are declared; declare one for each parameter, or none",
                ),
            ),
        ] {
            let refused = parse(sql, &Limits::default()).err();
            assert_eq!(refused.as_ref().map(Error::message), message, "{sql}");
            assert!(refused.is_none_or(|error| error.position().is_some()), "{sql}");
        }
    }

    #[test]
    fn what_is_no_constant_is_refused_also_when_it_is_bound() {
        let error = bind(
            "select ?",
            &[Expr::Identifier(Ident::new("a"))],
            &[],
            &Limits::default(),
        );
        assert_eq!(error.expect_err("a column").code(), ErrorCode::InvalidValue);
    }

    #[test]
    fn parameters_stand_in_the_place_of_values_alone() {
        for (sql, column) in [
            ("prepare p as show columns from ?", 32),
            ("prepare p as insert into t partition (a = ?) select 1", 43),
            ("prepare p as create view v as select ?", 38),
            ("prepare p as create table t (a int) comment ?", 45),
        ] {
            let error = parse(sql, &Limits::default()).expect_err(sql);
            assert_eq!(error.position().map(|p| p.column), Some(column), "{sql}: {error}");
        }
    }
}
