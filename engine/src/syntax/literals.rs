//! Number literals as decimals, where a double would change them.
//!
//! DataFusion 55.2 reads a number that is no 64-bit integer as a double, and drops what a double does not hold without a word.
//! Such a literal is replaced in the tree by a decimal with all of its digits. A number that a double gives back as it was
//! written stays one, and so does a number with an exponent; but what is stored in a decimal column is cast to its type first.

use std::borrow::Cow;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::{
    CastKind, DataType as SqlType, ExactNumberInfo, Expr, SelectItem, SetExpr, SetOperator, SetQuantifier,
    Statement as SqlStatement, UnaryOperator, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::Location;

use super::numeral::Numeral;
use super::parser::position_of;
use super::reader::at;
use crate::error::{Error, ErrorCode, Result};

/// The digits of the widest decimal.
const MOST_DIGITS: usize = 76;

/// Replaces the literals within `tree` that a double would change.
///
/// # Errors
/// `INVALID_VALUE` for one with more digits than a decimal has.
pub(super) fn keep_digits<T: VisitMut>(tree: &mut T) -> Result<()> {
    match tree.visit(&mut KeepDigits) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct KeepDigits;

impl VisitorMut for KeepDigits {
    type Break = Error;

    /// From the top: a minus belongs to the number behind it, as in the least of the integers.
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Some((sign, text, location)) = number(expr) else {
            return ControlFlow::Continue(());
        };
        match decimal(&format!("{sign}{text}")) {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(decimal)) => {
                *expr = decimal;
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(at(position_of(location), error)),
        }
    }
}

/// The sign and the digits of a number literal. DataFusion takes a minus for a part of the number behind it.
pub(super) fn number(expr: &Expr) -> Option<(&'static str, &str, Location)> {
    let (sign, value) = match expr {
        Expr::Value(value) => ("", value),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match expr.as_ref() {
            Expr::Value(value) => ("-", value),
            _ => return None,
        },
        _ => return None,
    };
    match &value.value {
        Value::Number(text, _) => Some((sign, text, value.span.start)),
        _ => None,
    }
}

/// The decimal that `text` says, if it says more than a double or a 64-bit integer holds.
fn decimal(text: &str) -> Result<Option<Expr>> {
    let Some(written) = Numeral::parse(text) else {
        return Ok(None);
    };
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return Ok(None);
    }
    let held = text
        .parse::<f64>()
        .ok()
        .and_then(|value| Numeral::parse(&value.to_string()));
    if held.is_none_or(|held| held == written) {
        return Ok(None);
    }
    let digits = written.whole() + written.scale();
    if digits > MOST_DIGITS {
        let message = format!(
            "the number has {digits} digits, and a DECIMAL has {MOST_DIGITS} at most; write it with fewer, or with an exponent (E0) \
             for a DOUBLE"
        );
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    let (Ok(precision), Ok(scale)) = (u64::try_from(digits), i64::try_from(written.scale())) else {
        return Ok(None);
    };
    let text = Expr::Value(Value::SingleQuotedString(written.to_string()).with_empty_span());
    Ok(Some(cast(text, precision, scale)))
}

/// The query with each number literal that it gives as the value of a column cast to the type that stands in its place among
/// `types`, if that is a decimal: in rows of VALUES and in lists of SELECT, also of UNION ALL.
#[must_use]
pub fn cast_numbers<'a>(tree: &'a Tree, types: &[DataType]) -> Cow<'a, Tree> {
    if !types.iter().any(DataType::is_decimal) {
        return Cow::Borrowed(tree);
    }
    let mut cast = tree.clone();
    if let Tree::Statement(statement) = &mut cast
        && let SqlStatement::Query(query) = statement.as_mut()
    {
        cast_in_set(&mut query.body, types);
    }
    Cow::Owned(cast)
}

fn cast_in_set(set: &mut SetExpr, types: &[DataType]) {
    match set {
        SetExpr::Values(values) => {
            for row in &mut values.rows {
                for (value, data_type) in row.content.iter_mut().zip(types) {
                    cast_number(value, data_type);
                }
            }
        }
        // DISTINCT tells apart what is one value after the cast.
        SetExpr::Select(select) if select.distinct.is_none() => {
            for (item, data_type) in select.projection.iter_mut().zip(types) {
                match item {
                    SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => {
                        cast_number(value, data_type);
                    }
                    // Nobody knows here how many columns these are.
                    _ => return,
                }
            }
        }
        SetExpr::SetOperation {
            op: SetOperator::Union,
            set_quantifier: SetQuantifier::All,
            left,
            right,
        } => {
            cast_in_set(left, types);
            cast_in_set(right, types);
        }
        SetExpr::Query(query) => cast_in_set(&mut query.body, types),
        _ => {}
    }
}

fn cast_number(value: &mut Expr, data_type: &DataType) {
    let (DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale)) = data_type else {
        return;
    };
    let mut inner = &*value;
    while let Expr::Nested(nested) = inner {
        inner = nested;
    }
    if *scale >= 0 && number(inner).is_some() {
        *value = cast(inner.clone(), u64::from(*precision), i64::from(*scale));
    }
}

fn cast(expr: Expr, precision: u64, scale: i64) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type: SqlType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale)),
        array: false,
        format: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Limits, parse};
    use super::*;

    fn read(sql: &str) -> Tree {
        let statement = parse(sql, &Limits::default()).expect(sql);
        statement.command().query().expect(sql).clone()
    }

    #[test]
    fn a_number_keeps_its_digits_and_stays_what_it_is_if_a_double_has_them() {
        for (number, kept) in [
            ("17.99", None),
            ("-1.0050", None),
            ("9223372036854775808", None),
            ("18446744073709551615", None),
            ("-9223372036854775808", None),
            ("100000000000000000000", None),
            ("12345678901234567.89e0", None),
            ("1e400", None),
            (
                "0.1000000000000000055511151231257827",
                Some("CAST('0.1000000000000000055511151231257827' AS DECIMAL(34,34))"),
            ),
            (
                "12345678901234567.890",
                Some("CAST('12345678901234567.89' AS DECIMAL(19,2))"),
            ),
            (
                "-12345678901234567.89",
                Some("CAST('-12345678901234567.89' AS DECIMAL(19,2))"),
            ),
            (
                "18446744073709551616",
                Some("CAST('18446744073709551616' AS DECIMAL(20,0))"),
            ),
            (
                "18446744073709551617",
                Some("CAST('18446744073709551617' AS DECIMAL(20,0))"),
            ),
            (
                "-9223372036854775809",
                Some("CAST('-9223372036854775809' AS DECIMAL(19,0))"),
            ),
            (
                "-18446744073709551615",
                Some("CAST('-18446744073709551615' AS DECIMAL(20,0))"),
            ),
        ] {
            let written = format!("SELECT {number} FROM t WHERE x IN ({number})");
            let kept = kept.unwrap_or(number);
            assert_eq!(
                read(&written).to_string(),
                format!("SELECT {kept} FROM t WHERE x IN ({kept})")
            );
        }
    }

    #[test]
    fn every_statement_keeps_them() {
        let (number, kept) = ("12345678901234567.89", "CAST('12345678901234567.89' AS DECIMAL(19,2))");
        for (sql, query) in [
            ("insert into t values (#)", "VALUES (#)"),
            ("create table t as select # as a", "SELECT # AS a"),
            ("create view v as values (#)", "VALUES (#)"),
            ("explain select #", "EXPLAIN SELECT #"),
            (
                "with a as (select # as b) select * from a where b in (select #)",
                "WITH a AS (SELECT # AS b) SELECT * FROM a WHERE b IN (SELECT #)",
            ),
        ] {
            assert_eq!(read(&sql.replace('#', number)).to_string(), query.replace('#', kept));
        }
        let execute = parse(&format!("execute p(-{number})"), &Limits::default()).expect("parses");
        let Command::Execute(execute) = execute.command() else {
            panic!("{execute:?}")
        };
        assert_eq!(
            execute.arguments[0].to_string(),
            "CAST('-12345678901234567.89' AS DECIMAL(19,2))"
        );
    }

    #[test]
    fn a_number_without_end_is_refused_at_its_place() {
        let sql = format!("select 1,\n  {}1.5", "7".repeat(76));
        let error = parse(&sql, &Limits::default()).expect_err(&sql);
        assert_eq!(
            (error.code(), error.position().map(|at| (at.line, at.column))),
            (ErrorCode::InvalidValue, Some((2, 3)))
        );
    }

    #[test]
    fn numbers_that_are_stored_as_they_stand_are_cast() {
        let types = [DataType::Int64, DataType::Decimal128(20, 2)];
        for (sql, cast) in [
            (
                "values (1.5, 1.005), (2, -3), (3, (4.5)), (4, x), (5, '6')",
                "VALUES (1.5, #1.005#), (2, #-3#), (3, #4.5#), (4, x), (5, '6')",
            ),
            ("select 1, 1.005 from t", "SELECT 1, #1.005# FROM t"),
            ("select 1, 1.005 as a, 2.5", "SELECT 1, #1.005# AS a, 2.5"),
            (
                "select 1, 1.5 union all (values (2, 2.5))",
                "SELECT 1, #1.5# UNION ALL (VALUES (2, #2.5#))",
            ),
            ("select *, 1.5 from t", "SELECT *, 1.5 FROM t"),
            ("select distinct 1, 1.5", "SELECT DISTINCT 1, 1.5"),
            ("select 1, 1.5 union select 1, 2.5", "SELECT 1, 1.5 UNION SELECT 1, 2.5"),
            ("select 1, 1.5 * 2", "SELECT 1, 1.5 * 2"),
        ] {
            let tree = read(sql);
            let tree = cast_numbers(&tree, &types);
            let marked = cast.split('#').enumerate().map(|(place, part)| match place % 2 {
                0 => part.to_owned(),
                _ => format!("CAST({part} AS DECIMAL(20,2))"),
            });
            let expected: String = marked.collect();
            assert_eq!(tree.to_string(), expected);
        }
    }
}
