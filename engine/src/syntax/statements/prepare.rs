//! PREPARE, EXECUTE and DEALLOCATE.

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::catalog::types;
use crate::error::{ErrorCode, Result};
use crate::syntax::command::{Command, Execute, Prepare};
use crate::syntax::literals::keep_digits;
use crate::syntax::parameters::{Parameters, check_constant, check_declared};
use crate::syntax::parser;
use crate::syntax::reader::{Reader, at};

/// PREPARE name \[(types)\] {AS | FROM} statement, PREPARE name FROM 'statement'.
pub(super) fn prepare(reader: &mut Reader<'_>) -> Result<Command> {
    reader.expect("PREPARE")?;
    let name = reader.name("the name of the prepared statement")?;
    let types = if reader.is_token(&Token::LParen) {
        reader.list(|reader| reader.sqlparser(types::read))?
    } else {
        Vec::new()
    };
    if !reader.takes("AS") && !reader.takes("FROM") {
        return Err(reader.expected("AS or FROM"));
    }
    let position = reader.position();
    let is_text = matches!(reader.peek(0), Token::SingleQuotedString(_));
    let (sql, statement) = if let Token::SingleQuotedString(sql) = reader.peek(0).clone() {
        let statement = parser::read(&sql, reader.limits(), Parameters::left).map_err(|error| {
            let place = error.position().map_or_else(String::new, |place| format!(" ({place})"));
            let error = error.context(format!("the statement to prepare{place}"));
            at(position, error)
        })?;
        reader.advance();
        (sql, statement)
    } else {
        refuse_in_prepare(reader)?;
        let sql = reader.rest_of_text().to_owned();
        (sql, super::statement(reader)?)
    };
    if matches!(
        statement.command(),
        Command::Prepare(_) | Command::Execute(_) | Command::Deallocate(_) | Command::DeallocateAll
    ) {
        return Err(at(
            position,
            super::not_yet("PREPARE of a statement about prepared statements"),
        ));
    }
    check_declared(&sql, &types).map_err(|error| at(position, error))?;
    Ok(Command::Prepare(Box::new(Prepare {
        name: name.folded(),
        types,
        sql,
        text_at: position.filter(|_| is_text),
        statement: Box::new(statement),
    })))
}

fn refuse_in_prepare(reader: &Reader<'_>) -> Result<()> {
    for word in ["PREPARE", "EXECUTE", "DEALLOCATE"] {
        if reader.is(word) {
            let error = super::not_yet(&format!("PREPARE of {word}"));
            return Err(at(reader.position(), error));
        }
    }
    Ok(())
}

/// EXECUTE name \[(arguments) | USING arguments\].
pub(super) fn execute(reader: &mut Reader<'_>) -> Result<Command> {
    reader.expect("EXECUTE")?;
    if reader.is("IMMEDIATE") && matches!(reader.peek(1), Token::SingleQuotedString(_) | Token::Word(_)) {
        return Err(reader.unsupported("EXECUTE IMMEDIATE", "run the statement by itself"));
    }
    let name = reader.name("the name of a prepared statement")?.folded();
    let arguments = if reader.takes_token(&Token::LParen) {
        let arguments = if reader.is_token(&Token::RParen) {
            Vec::new()
        } else {
            arguments(reader)?
        };
        reader.expect_token(&Token::RParen)?;
        arguments
    } else if reader.takes("USING") {
        arguments(reader)?
    } else {
        Vec::new()
    };
    Ok(Command::Execute(Execute { name, arguments }))
}

fn arguments(reader: &mut Reader<'_>) -> Result<Vec<Expr>> {
    let mut arguments = Vec::new();
    loop {
        if reader.at_end() {
            return Err(reader.expected("a value"));
        }
        let position = reader.position();
        let mut argument = reader.sqlparser(Parser::parse_expr)?;
        check_constant(&argument).map_err(|error| {
            let known = error.position().or(position);
            at(known, error)
        })?;
        keep_digits(&mut argument)?;
        arguments.push(argument);
        if arguments.len() > usize::from(u16::MAX) {
            return Err(reader.error(
                ErrorCode::ExceededStatementLimit,
                "EXECUTE takes at most 65535 arguments",
            ));
        }
        if !reader.takes_token(&Token::Comma) {
            return Ok(arguments);
        }
    }
}

/// DEALLOCATE \[PREPARE\] {name | ALL}.
pub(super) fn deallocate(reader: &mut Reader<'_>) -> Result<Command> {
    reader.expect("DEALLOCATE")?;
    if matches!(reader.peek(1), Token::Word(_)) {
        reader.takes("PREPARE");
    }
    if reader.takes("ALL") {
        return Ok(Command::DeallocateAll);
    }
    Ok(Command::Deallocate(
        reader.name("the name of a prepared statement")?.folded(),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::error::ErrorCode::{InvalidValue, NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        match command {
            Command::Prepare(prepare) => {
                let types: Vec<String> = prepare.types.iter().map(types::name).collect();
                let kind = prepare.statement.kind().as_str();
                format!("{}({}) {kind} <{}>", prepare.name, types.join(","), prepare.sql)
            }
            Command::Execute(execute) => {
                let arguments: Vec<String> = execute.arguments.iter().map(ToString::to_string).collect();
                format!("{}: {}", execute.name, arguments.join(" | "))
            }
            Command::Deallocate(name) => format!("away with {name}"),
            Command::DeallocateAll => "away with all".to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn statements_are_prepared_executed_and_forgotten() {
        check(
            shown,
            &[
                ("prepare P as select ? + ?", "p() SELECT <select ? + ?>"),
                (
                    "PREPARE \"P\" (int, varchar, decimal(5,2)) AS\n select $1 , $3 ; ; ",
                    "P(int,string,decimal(5,2)) SELECT <select $1 , $3>",
                ),
                ("prepare p from select 1", "p() SELECT <select 1>"),
                ("prepare p from 'select ''x;'', ?'", "p() SELECT <select 'x;', ?>"),
                (
                    "prepare p from insert into t values (?)",
                    "p() INSERT <insert into t values (?)>",
                ),
                (
                    "prepare p as create table t as select ? as a with no data",
                    "p() CREATE_TABLE_AS_SELECT <create table t as select ? as a with no data>",
                ),
                ("prepare p as explain select $1", "p() EXPLAIN <explain select $1>"),
                (
                    "prepare p as select * from t limit ?",
                    "p() SELECT <select * from t limit ?>",
                ),
                ("execute P", "p: "),
                ("execute p()", "p: "),
                ("execute p(1, -2.5, 'x', null, true)", "p: 1 | -2.5 | 'x' | NULL | true"),
                (
                    "execute p using date '2024-01-01', cast('1' as bigint), array[1, -2], interval '1' day",
                    "p: DATE '2024-01-01' | CAST('1' AS BIGINT) | ARRAY[1, -2] | INTERVAL '1' DAY",
                ),
                ("execute immediate", "immediate: "),
                ("deallocate p", "away with p"),
                ("deallocate prepare \"P\"", "away with P"),
                ("deallocate prepare", "away with prepare"),
                ("deallocate all", "away with all"),
            ],
        );
        assert_eq!(
            names(&read("prepare p as insert into t select * from s")),
            (vec![], vec![])
        );
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a flat table")]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            (
                "prepare p as prepare q as select 1",
                NotSupported,
                "PREPARE of PREPARE",
                14,
            ),
            ("prepare p as execute q", NotSupported, "PREPARE of EXECUTE", 14),
            (
                "prepare p from 'deallocate q'",
                NotSupported,
                "PREPARE of a statement about prepared",
                16,
            ),
            ("prepare p", SyntaxError, "expected AS or FROM", 0),
            (
                "prepare p(strng) as select 1",
                SyntaxError,
                "there is no type \"strng\"",
                11,
            ),
            (
                "prepare p as select ?, $1",
                SyntaxError,
                "? and $1 stand in one statement",
                24,
            ),
            ("prepare p as select $0", SyntaxError, "\"$0\" is not a parameter", 21),
            ("prepare p as select $x", SyntaxError, "\"$x\" is not a parameter", 21),
            (
                "prepare p as select :x",
                SyntaxError,
                "a parameter stands outside PREPARE: \":x\"",
                21,
            ),
            (
                "prepare p as select * from ?",
                SyntaxError,
                "expected identifier, found \"?\"",
                28,
            ),
            (
                "prepare p as drop table ?",
                SyntaxError,
                "expected the name of what to drop, found \"?\"",
                25,
            ),
            (
                "prepare p as selec 1",
                SyntaxError,
                "expected an SQL statement, found \"selec\"",
                14,
            ),
            (
                "prepare p from 'selec 1'",
                SyntaxError,
                "the statement to prepare (line 1, column 1): expected an SQL",
                16,
            ),
            (
                "prepare p from 'select 1' x",
                SyntaxError,
                "expected the end of the statement",
                27,
            ),
            (
                "prepare p as select * from s for update",
                NotSupported,
                "FOR UPDATE",
                14,
            ),
            ("execute", SyntaxError, "expected the name of a prepared statement", 0),
            ("execute immediate 'select 1'", NotSupported, "EXECUTE IMMEDIATE", 9),
            ("execute p(a)", InvalidValue, "the argument \"a\" is not a constant", 11),
            (
                "execute p(1, b + 1)",
                InvalidValue,
                "the argument \"b + 1\" is not a constant",
                14,
            ),
            (
                "execute p((select 1))",
                InvalidValue,
                "the argument \"(SELECT 1)\" is not a constant",
                11,
            ),
            (
                "execute p(now())",
                InvalidValue,
                "the argument \"now()\" is not a constant",
                11,
            ),
            (
                "execute p(cast('abc' as varchar(2)))",
                NotSupported,
                "the length in VARCHAR(2)",
                11,
            ),
            ("execute p(?)", SyntaxError, "a parameter stands outside PREPARE", 11),
            ("execute p(1", SyntaxError, "expected )", 0),
            ("execute p(1,)", SyntaxError, "expected an expression", 13),
            ("execute p using", SyntaxError, "expected a value", 0),
            (
                "deallocate",
                SyntaxError,
                "expected the name of a prepared statement",
                0,
            ),
            ("deallocate a, b", SyntaxError, "expected the end of the statement", 13),
        ]);
    }
}
