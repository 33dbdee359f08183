//! The grammar of statements: one file a family, which reads tokens and says what the statement asks for.
//!
//! A clause that nobody here reads is an error at its place, and one that is known and not offered is refused by its name:
//! nothing that was written is dropped.

mod columns;
mod create;
mod database;
mod describe;
mod explain;
mod insert;
mod partitions;
mod prepare;
mod properties;
mod session;
mod show;
mod storage;
mod table;
mod view;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::command::Command;
use super::reader::{Reader, at};
use super::statement::Statement;
use crate::error::{Error, ErrorCode, Position, Result};

/// Reads one statement up to its end.
pub(super) fn statement(reader: &mut Reader<'_>) -> Result<Statement> {
    let command = command(reader)?;
    Statement::of(command, reader.text(), reader.limits())
}

fn command(reader: &mut Reader<'_>) -> Result<Command> {
    if reader.is_query(0) {
        return Ok(Command::Query(reader.query()?));
    }
    let Some(verb) = reader.word() else {
        return Err(no_statement(reader));
    };
    match verb.as_str() {
        "EXPLAIN" => explain::explain(reader),
        "CREATE" => create::create(reader),
        "DROP" => create::drop(reader),
        "INSERT" => insert::insert(reader),
        "ALTER" => partitions::alter(reader),
        "MSCK" => partitions::repair(reader),
        "SHOW" => show::show(reader),
        "DESCRIBE" | "DESC" => describe::describe(reader),
        "USE" => session::use_database(reader),
        "SET" => session::set(reader),
        "RESET" => session::reset(reader),
        "PREPARE" => prepare::prepare(reader),
        "EXECUTE" => prepare::execute(reader),
        "DEALLOCATE" => prepare::deallocate(reader),
        _ => match NOT_YET.iter().find(|words| reader.is(words)) {
            Some(words) => Err(at(reader.position(), not_yet(words))),
            None => Err(no_statement(reader)),
        },
    }
}

fn no_statement(reader: &Reader<'_>) -> Error {
    if *reader.peek(0) == Token::EOF {
        return Error::new(ErrorCode::SyntaxError, "the statement is empty");
    }
    reader.expected("an SQL statement")
}

/// The first words of the statements that are known and not offered yet.
const NOT_YET: &[&str] = &[
    "ANALYZE",
    "ATTACH",
    "BEGIN",
    "CACHE",
    "CALL",
    "CHECKPOINT",
    "COMMENT",
    "COMMIT",
    "COPY",
    "DECLARE",
    "DELETE",
    "DETACH",
    "EXPORT",
    "FETCH",
    "GRANT",
    "IMPORT",
    "INSTALL",
    "KILL",
    "LOAD",
    "LOCK",
    "MERGE",
    "OPTIMIZE",
    "PIVOT",
    "PRAGMA",
    "REFRESH",
    "REPLACE",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "START TRANSACTION",
    "SUMMARIZE",
    "TRUNCATE",
    "UNLOAD",
    "UNLOCK",
    "UPDATE",
    "VACUUM",
];

pub(super) fn not_yet(what: &str) -> Error {
    Error::new(ErrorCode::NotSupported, format!("{what} is not supported yet"))
}

/// `first WORD … is not supported yet`, where the words are the next ones of the statement, at `position`.
fn not_yet_with(reader: &Reader<'_>, first: &str, position: Option<Position>) -> Error {
    match reader.word() {
        Some(word) => at(position, not_yet(&format!("{first} {word}"))),
        None => reader.expected(&format!("what to {first}")),
    }
}

#[cfg(test)]
mod testing {
    //! What the tests of every family share.

    use crate::error::ErrorCode;
    use crate::syntax::{Command, Limits, Statement, parse};

    pub(super) fn read(sql: &str) -> Statement {
        parse(sql, &Limits::default()).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Checks what `shown` makes of each statement.
    pub(super) fn check(shown: impl Fn(&Command) -> String, table: &[(&str, &str)]) {
        for (sql, expected) in table {
            assert_eq!(shown(read(sql).command()), *expected, "{sql}");
        }
    }

    /// Checks the code, the beginning of the message and the column of each refusal; column 0 is nowhere.
    pub(super) fn check_refusals(table: &[(&str, ErrorCode, &str, u64)]) {
        for (sql, code, message, column) in table {
            let error = parse(sql, &Limits::default()).map(|s| format!("{:?}", s.command()));
            let error = error.expect_err(sql);
            assert_eq!(error.code(), *code, "{sql}: {error}");
            assert!(error.message().starts_with(message), "{sql}: {error}");
            let found = error.position().map_or(0, |position| position.column);
            assert_eq!(found, *column, "{sql}: {error}");
        }
    }

    pub(super) fn names(statement: &Statement) -> (Vec<String>, Vec<String>) {
        let of =
            |references: &[crate::syntax::Reference]| references.iter().map(|r| r.name_parts().join(".")).collect();
        (of(statement.reads()), of(statement.writes()))
    }
}
