//! EXPLAIN, of queries and of statements that write the rows of one.

use datafusion::common::format::{ExplainFormat, ExplainStatementOptions};
use datafusion::sql::parser::{ExplainStatement, Statement as Tree};
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;
use std::str::FromStr;

use super::not_yet;
use crate::error::Result;
use crate::syntax::command::{Command, Explain};
use crate::syntax::names::Words;
use crate::syntax::parser::from_parser;
use crate::syntax::reader::{Reader, at};

pub(super) fn explain(reader: &mut Reader<'_>) -> Result<Command> {
    let start = reader.position();
    reader.expect("EXPLAIN")?;
    let options = options(reader)?;
    let position = reader.position();
    for word in ["EXPLAIN", "PREPARE", "EXECUTE"] {
        if reader.is(word) {
            return Err(at(position, not_yet(&format!("EXPLAIN of {word}"))));
        }
    }
    let statement = super::statement(reader).map_err(|error| error.context("EXPLAIN"))?;
    let query = match statement.command() {
        Command::Query(query) => Some(query),
        command @ (Command::Insert(_) | Command::CreateTable(_) | Command::CreateView(_)) => command.query(),
        _ => None,
    };
    let Some(query) = query else {
        let kind = statement.kind().as_str().replace('_', " ");
        return Err(at(position, not_yet(&format!("EXPLAIN of {kind}"))));
    };
    if options.analyze && !matches!(statement.command(), Command::Query(_)) {
        return Err(at(
            start,
            not_yet("EXPLAIN ANALYZE of a statement that writes, since it would run it,"),
        ));
    }
    Ok(Command::Explain(Box::new(Explain {
        analyze: options.analyze,
        tree: Tree::Explain(ExplainStatement {
            options,
            statement: Box::new(query.clone()),
        }),
        statement: Box::new(statement),
    })))
}

/// `(option value, …)` as PostgreSQL has it, or ANALYZE VERBOSE FORMAT name.
fn options(reader: &mut Reader<'_>) -> Result<ExplainStatementOptions> {
    let limits = reader.limits();
    if reader.is_token(&Token::LParen) && !reader.is_query(1) {
        let options = reader.sqlparser(Parser::parse_utility_options)?;
        return ExplainStatementOptions::from_utility_options(&options).map_err(|error| from_parser(error, limits));
    }
    let analyze = reader.takes("ANALYZE");
    let verbose = reader.takes("VERBOSE");
    let format = if reader.takes("FORMAT") {
        let position = reader.position();
        let name = reader.constant("the name of a format", Words::All)?;
        Some(ExplainFormat::from_str(&name).map_err(|error| at(position, from_parser(error, limits)))?)
    } else {
        None
    };
    Ok(ExplainStatementOptions {
        analyze,
        verbose,
        format,
        ..ExplainStatementOptions::default()
    })
}
