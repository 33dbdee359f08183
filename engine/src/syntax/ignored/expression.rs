//! Clauses of expressions: calls, types and TRIM.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType, ExactNumberInfo, Expr, Function, FunctionArguments, SelectItem, TypedString,
    WindowSpec, WindowType, visit_expressions,
};

use super::super::parser::position_of;
use super::refuse_if;
use crate::error::{Position, Result};

/// Remembers the calls with a named window in a SELECT list.
pub(super) fn collect_named_windows(projection: &Vec<SelectItem>, found: &mut HashSet<*const Function>) {
    let _ = visit_expressions(projection, |expr| {
        if let Expr::Function(function) = expr
            && matches!(function.over, Some(WindowType::NamedWindow(_)))
        {
            found.insert(std::ptr::from_ref(function));
        }
        ControlFlow::<()>::Continue(())
    });
}

pub(super) fn check(expr: &Expr, named_windows: &HashSet<*const Function>) -> Result<()> {
    match expr {
        Expr::Function(function) => check_function(function, named_windows),
        Expr::Trim {
            trim_where: _,
            trim_what: _,
            expr: _,
            trim_characters,
        } => {
            let dropped = trim_characters.as_ref().is_some_and(|characters| characters.len() > 1);
            refuse_if(
                dropped,
                "TRIM with more than two arguments",
                "give all characters in one string",
                None,
            )
        }
        Expr::SimilarTo { .. } => {
            // DataFusion takes the pattern for a regular expression, in which % and _ stand for themselves.
            refuse_if(true, "SIMILAR TO", "write LIKE or regexp_like(…)", None)
        }
        Expr::Cast {
            kind: _,
            expr: _,
            data_type,
            array: _,
            format: _,
        } => check_type(data_type),
        Expr::TypedString(TypedString {
            data_type,
            value: _,
            uses_odbc_syntax: _,
        }) => check_type(data_type),
        _ => Ok(()),
    }
}

fn check_function(function: &Function, named_windows: &HashSet<*const Function>) -> Result<()> {
    let Function {
        name,
        uses_odbc_syntax: _,
        parameters,
        args,
        filter: _,
        null_treatment: _,
        over,
        within_group: _,
    } = function;
    let position = name.0.first().and_then(|part| position_of(part.as_ident()?.span.start));
    let parameterized = !matches!(parameters, FunctionArguments::None);
    refuse_if(parameterized, "a second list of arguments", "write one list", position)?;
    let subquery = matches!(args, FunctionArguments::Subquery(_));
    refuse_if(
        subquery,
        "a query as the list of arguments",
        "put the query into brackets of its own",
        position,
    )?;
    match over {
        Some(WindowType::NamedWindow(window)) => refuse_if(
            !named_windows.contains(&std::ptr::from_ref(function)),
            "a named window outside of the SELECT list",
            "write the window out: OVER (…)",
            position_of(window.span.start),
        ),
        Some(WindowType::WindowSpec(window)) => check_window(window, position),
        None => Ok(()),
    }
}

fn check_window(window: &WindowSpec, position: Option<Position>) -> Result<()> {
    let WindowSpec {
        window_name,
        partition_by: _,
        order_by: _,
        window_frame: _,
    } = window;
    refuse_if(
        window_name.is_some(),
        "a window that extends a named one",
        "write the window out: OVER (…)",
        position,
    )
}

/// Refuses a length or a width that the type would not have.
fn check_type(data_type: &DataType) -> Result<()> {
    let (dropped, plain, advice) = match data_type {
        DataType::Varchar(Some(_)) | DataType::Nvarchar(Some(_)) => (true, "VARCHAR", "cut it with substr(…, 1, n)"),
        DataType::Char(Some(_)) | DataType::String(Some(_)) => (true, "CHAR", "cut it with substr(…, 1, n)"),
        DataType::Float(ExactNumberInfo::Precision(_) | ExactNumberInfo::PrecisionAndScale(..)) => {
            (true, "FLOAT", "write REAL or DOUBLE")
        }
        DataType::TinyInt(Some(_))
        | DataType::SmallInt(Some(_))
        | DataType::Int2(Some(_))
        | DataType::Int(Some(_))
        | DataType::Integer(Some(_))
        | DataType::Int4(Some(_))
        | DataType::BigInt(Some(_))
        | DataType::Int8(Some(_))
        | DataType::TinyIntUnsigned(Some(_))
        | DataType::SmallIntUnsigned(Some(_))
        | DataType::Int2Unsigned(Some(_))
        | DataType::IntUnsigned(Some(_))
        | DataType::IntegerUnsigned(Some(_))
        | DataType::Int4Unsigned(Some(_))
        | DataType::BigIntUnsigned(Some(_))
        | DataType::Int8Unsigned(Some(_)) => (true, "an integer type", "write the type alone"),
        DataType::Array(ArrayElemTypeDef::AngleBracket(inner) | ArrayElemTypeDef::SquareBracket(inner, _)) => {
            return check_type(inner);
        }
        DataType::Struct(fields, _) => return fields.iter().try_for_each(|field| check_type(&field.field_type)),
        _ => (false, "", ""),
    };
    refuse_if(
        dropped,
        &format!("the length in {data_type}, of {plain},"),
        advice,
        None,
    )
}
