//! PREPARE, EXECUTE and DEALLOCATE.

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::catalog::types;
use crate::error::{ErrorCode, Result};
use crate::syntax::command::{Command, Execute, Prepare};
use crate::syntax::parameters::{Parameters, check_constant};
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
    Ok(Command::Prepare(Box::new(Prepare {
        name: name.folded(),
        types,
        sql,
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
        let argument = reader.sqlparser(Parser::parse_expr)?;
        check_constant(&argument).map_err(|error| {
            let known = error.position().or(position);
            at(known, error)
        })?;
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
