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

#[cfg(test)]
mod tests {
    use super::testing::check_refusals;
    use crate::error::ErrorCode;
    use crate::syntax::{Limits, parse};

    /// One statement of each kind, with every clause that it takes.
    const WHOLE: &[&str] = &[
        "create database if not exists d comment 'c' location 'l' with dbproperties ('a'='b') from 'x'",
        "create schema d with (location = 'l')",
        "drop database if exists lake.d cascade",
        "create external table if not exists lake.d.t (a int not null comment 'x', b struct<a:array<map<string,int>>>) \
         comment 'c' partitioned by (p string comment 'x') row format delimited fields terminated by ',' escaped by '\\\\' \
         collection items terminated by 'x' map keys terminated by 'y' lines terminated by 'z' null defined as 'n' stored as \
         textfile location 's3://b/' tblproperties ('a'='b', 'c'='d')",
        "create external table t (a int) row format serde 's' with serdeproperties ('a'='b') stored as inputformat 'i' \
         outputformat 'o' location 'x' options (e 'b', 'c' 1)",
        "create table t with (format = 'PARQUET', partitioned_by = array['a', 'b'], field_delimiter = ',') as select 1 with no data",
        "create or replace view d.v (a comment 'x', b) comment 'c' as select 1, 2",
        "drop table if exists d.t",
        "drop view v",
        "insert into table t (a, b) partition (c = 'x', d) values (1, 'x')",
        "alter table t add if not exists partition (a = 1, b = 'x') location 'l' partition (a = null, b = date '2024-01-01')",
        "alter table t drop if exists partition (a = 1), partition (a = 2)",
        "msck repair table t add partitions",
        "show databases from lake like 'x'",
        "show tables from lake.d 'x'",
        "show columns from t from d",
        "show tblproperties t ('k')",
        "show a.b.c",
        "describe database d",
        "describe table 's3://b/x'",
        "use lake.d",
        "set session a.b = 'x'",
        "set time zone 'x'",
        "reset session a.b",
        "prepare p (int, array<string>) as select $1, $2",
        "prepare p from 'select ?'",
        "execute p (1, 'x', cast('1' as int), array['a'], date '2024-01-01', null)",
        "execute p using -1, 'x'",
        "deallocate prepare p",
        "explain (analyze, format tree) select 1",
        "explain verbose format indent insert into t select 1",
    ];

    /// Parses on a thread with the stack of a tokio worker.
    fn outcome(sql: String) -> Option<ErrorCode> {
        let limits = Limits {
            sql_length_bytes: 4 << 20,
            ..Limits::default()
        };
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || parse(&sql, &limits).err().map(|error| error.code()))
            .expect("a thread")
            .join()
            .expect("no panic")
    }

    #[test]
    fn whole_statements_are_read() {
        for sql in WHOLE {
            assert_eq!(outcome((*sql).to_owned()), None, "{sql}");
        }
    }

    /// Cut off, doubled, without one of its tokens, with another in its place: an error or a statement, never a panic.
    #[test]
    fn broken_statements_are_errors() {
        for sql in WHOLE {
            for (cut, _) in sql.char_indices() {
                let _ = parse(&sql[..cut], &Limits::default());
                let _ = parse(&sql[cut..], &Limits::default());
            }
            let words: Vec<&str> = sql.split(' ').collect();
            for place in 0..words.len() {
                for instead in [
                    "", "(", ")", "'x'", "\"\"", ",", "<", ">>", "?", ";", "table", "x x", "1", "=", ".",
                ] {
                    let mut broken = words.clone();
                    broken[place] = instead;
                    let _ = parse(&broken.join(" "), &Limits::default());
                }
            }
        }
    }

    #[test]
    fn unterminated_strings_are_errors_where_they_begin() {
        for sql in WHOLE.iter().filter(|sql| sql.contains('\'')) {
            for (quote, _) in sql.match_indices('\'').step_by(2) {
                let error = parse(&sql[..=quote], &Limits::default()).expect_err(sql);
                assert_eq!(error.code(), ErrorCode::SyntaxError, "{sql}");
                assert!(error.position().is_some(), "{}: {error}", &sql[..=quote]);
            }
        }
    }

    #[test]
    fn deep_and_long_clauses_are_refused_and_exhaust_no_stack() {
        let exceeded = Some(ErrorCode::ExceededStatementLimit);
        for before in [
            "create table t (a ",
            "create table t as select ",
            "create table t with (format = ",
            "create view v as select ",
            "insert into t values ",
            "insert into t ",
            "alter table t add partition ",
            "show tblproperties t ",
            "describe ",
            "set a = ",
            "prepare p as select ",
            "prepare p ",
            "execute p ",
            "explain ",
            "",
        ] {
            for part in ["(", "struct<a:", "array<", "map(", "[", "case when "] {
                let sql = format!("{before}{}", part.repeat(1_000));
                assert_eq!(outcome(sql), exceeded, "{before} {part}");
            }
        }
        for before in ["create table t (a ", "insert into t values ", ""] {
            assert_eq!(
                outcome(format!("{before}{}", "(".repeat(1 << 20))),
                exceeded,
                "{before}"
            );
        }
        for sql in [
            "prepare p as ".repeat(50_000),
            "explain ".repeat(50_000),
            format!("create table t (a int{})", "[]".repeat(100_000)),
            format!("drop table {}", "a.".repeat(100_000)),
            format!("create table t (a int) {}", "comment 'x' ".repeat(50_000)),
            format!("alter table t add {}", "partition (a = 1) ".repeat(50_000)),
        ] {
            outcome(sql);
        }
    }

    #[test]
    fn what_is_no_statement_is_a_syntax_error() {
        use crate::error::ErrorCode::SyntaxError;
        check_refusals(&[
            (
                "\"select\" 1",
                SyntaxError,
                "expected an SQL statement, found \"\"select\"\"",
                1,
            ),
            ("'x'", SyntaxError, "expected an SQL statement", 1),
            ("1", SyntaxError, "expected an SQL statement", 1),
            (") select 1", SyntaxError, "expected an SQL statement", 1),
            (
                "select 1 with no data",
                SyntaxError,
                "expected the end of the statement, found \"WITH\"",
                10,
            ),
            (
                "drop table t with data",
                SyntaxError,
                "expected the end of the statement, found \"WITH\"",
                14,
            ),
        ]);
    }
}
