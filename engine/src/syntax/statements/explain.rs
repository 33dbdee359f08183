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
    if reader.at_end() {
        return Err(reader.expected("a statement to explain"));
    }
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

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::error::ErrorCode::{NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        let Command::Explain(explain) = command else {
            panic!("{command:?}")
        };
        format!("{}: {}", explain.statement.kind().as_str(), explain.tree)
    }

    #[test]
    fn the_query_within_is_explained() {
        check(
            shown,
            &[
                ("explain select 1", "SELECT: EXPLAIN SELECT 1"),
                (
                    "explain analyze verbose select 1",
                    "SELECT: EXPLAIN ANALYZE VERBOSE SELECT 1",
                ),
                ("explain format tree select 1", "SELECT: EXPLAIN FORMAT tree SELECT 1"),
                (
                    "explain (format pgjson) select 1",
                    "SELECT: EXPLAIN FORMAT pgjson SELECT 1",
                ),
                ("explain (analyze) select 1", "SELECT: EXPLAIN ANALYZE SELECT 1"),
                ("explain (select 1)", "SELECT: EXPLAIN (SELECT 1)"),
                ("explain insert into t values (1)", "INSERT: EXPLAIN VALUES (1)"),
                (
                    "explain create table t as select 1",
                    "CREATE_TABLE_AS_SELECT: EXPLAIN SELECT 1",
                ),
                (
                    "explain verbose create view v as select 1",
                    "CREATE_VIEW: EXPLAIN VERBOSE SELECT 1",
                ),
                (
                    "explain create table t as select 1 with no data",
                    "CREATE_TABLE_AS_SELECT: EXPLAIN SELECT 1",
                ),
            ],
        );
        let statement = read("explain insert into t select * from s");
        assert_eq!(names(&statement), (vec!["s".to_owned()], vec![]));
        assert!(statement.command().query().is_some());
    }

    #[test]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            (
                "explain analyze insert into t values (1)",
                NotSupported,
                "EXPLAIN ANALYZE of a statement that writes",
                1,
            ),
            (
                "explain (analyze true) create table t as select 1",
                NotSupported,
                "EXPLAIN ANALYZE of",
                1,
            ),
            (
                "explain create table t (a int)",
                NotSupported,
                "EXPLAIN of CREATE TABLE",
                9,
            ),
            ("explain show tables", NotSupported, "EXPLAIN of SHOW", 9),
            ("explain describe select 1", NotSupported, "EXPLAIN of DESCRIBE", 9),
            ("explain explain select 1", NotSupported, "EXPLAIN of EXPLAIN", 9),
            ("explain execute p", NotSupported, "EXPLAIN of EXECUTE", 9),
            ("explain prepare p as select 1", NotSupported, "EXPLAIN of PREPARE", 9),
            ("explain drop table t", NotSupported, "EXPLAIN of DROP TABLE", 9),
            ("explain", SyntaxError, "expected a statement to explain", 0),
            (
                "explain t",
                SyntaxError,
                "EXPLAIN: expected an SQL statement, found \"t\"",
                9,
            ),
            ("explain format nonsense select 1", SyntaxError, "", 16),
            (
                "explain select ?",
                SyntaxError,
                "a parameter stands outside PREPARE",
                16,
            ),
        ]);
    }
}
