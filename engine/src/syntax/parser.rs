//! One text to one statement, with errors that point into the text.

use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::dialect::OwletDialect;
use super::limits::{self, Limits, exceeded};
use super::parameters::Parameters;
use super::reader::Reader;
use super::statement::Statement;
use super::statements;
use crate::error::{Error, ErrorCode, Position, Result};

/// A stack on which the parser can recurse as deep as the limits let it: a level of nested tables takes some 100 KB in a
/// debug build, and a worker of tokio has 2 MB in all.
const STACK_BYTES: usize = 16 << 20;

/// Reads exactly one statement. A semicolon after it is allowed.
///
/// # Errors
///
/// `SYNTAX_ERROR` with a position where the text is not one statement of the dialect, `NOT_SUPPORTED` for a statement or
/// a clause that this version would have to ignore, `EXCEEDED_STATEMENT_LIMIT` for a text beyond `limits`.
pub fn parse(sql: &str, limits: &Limits) -> Result<Statement> {
    read(sql, limits, Parameters::outside_prepare)
}

/// Reads exactly one statement, whose parameters are what `parameters` makes of its tokens.
pub(super) fn read(
    sql: &str,
    limits: &Limits,
    parameters: impl FnOnce(&[TokenWithSpan]) -> Result<Parameters>,
) -> Result<Statement> {
    if sql.len() > limits.sql_length_bytes {
        return Err(exceeded(&format!("{} bytes", sql.len()), limits.sql_length_bytes));
    }
    let tokens = significant(tokenize(sql)?);
    check_numbers(&tokens)?;
    limits::check(&tokens, limits)?;
    let parameters = parameters(&tokens)?;
    stacker::maybe_grow(STACK_BYTES / 2, STACK_BYTES, || {
        let mut reader = Reader::open(sql, tokens, limits, parameters);
        let statement = statements::statement(&mut reader)?;
        reader.finish()?;
        Ok(statement)
    })
}

/// Every token of `sql`, white space and comments included.
pub(super) fn tokenize(sql: &str) -> Result<Vec<TokenWithSpan>> {
    Tokenizer::new(&OwletDialect, sql)
        .tokenize_with_location()
        .map_err(|error| {
            let failure = syntax_error(&error.message);
            match position_of(error.location) {
                Some(position) => failure.at(position),
                None => failure,
            }
        })
}

/// The position that a location of sqlparser stands for; it writes zeros where it knows none.
pub(super) fn position_of(location: Location) -> Option<Position> {
    (location.line > 0 && location.column > 0).then_some(Position {
        line: location.line,
        column: location.column,
    })
}

fn significant(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    tokens
        .into_iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)))
        .collect()
}

/// A number that runs into a word, as in `1_000`, would be read as the number with the word for its alias.
fn check_numbers(tokens: &[TokenWithSpan]) -> Result<()> {
    for pair in tokens.windows(2) {
        if let (Token::Number(number, _), Token::Word(word)) = (&pair[0].token, &pair[1].token)
            && pair[0].span.end == pair[1].span.start
        {
            let message = format!(
                "\"{number}{word}\" is not a number; write digits without \"_\", and a space before an alias",
                word = word.value
            );
            let error = Error::new(ErrorCode::SyntaxError, message);
            return Err(match position_of(pair[0].span.start) {
                Some(position) => error.at(position),
                None => error,
            });
        }
    }
    Ok(())
}

/// Our error from one of sqlparser.
pub(super) fn from_sqlparser(error: ParserError, limits: &Limits) -> Error {
    match error {
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => syntax_error(&message),
        ParserError::RecursionLimitExceeded => exceeded("too many expressions within one another", limits.nesting),
    }
}

/// Our error from one of `DataFusion`'s parser.
pub(super) fn from_parser(error: DataFusionError, limits: &Limits) -> Error {
    match error {
        DataFusionError::SQL(error, _) => from_sqlparser(*error, limits),
        DataFusionError::Diagnostic(_, error) | DataFusionError::Context(_, error) => from_parser(*error, limits),
        other => Error::new(ErrorCode::SyntaxError, first_lower(&other.strip_backtrace())),
    }
}

/// A `SYNTAX_ERROR` in our words from sqlparser's, whose position stands at the end of its message.
fn syntax_error(message: &str) -> Error {
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let (message, position) = match message.rsplit_once(" at Line: ") {
        Some((message, tail)) => (message, parse_position(tail)),
        None => (message, None),
    };
    let message = first_lower(message.trim()).replacen("expected: ", "expected ", 1);
    let message = message.replacen(", found: EOF", ", found the end of the text", 1);
    let message = match message.split_once(", found: ") {
        Some((expected, found)) => format!("{expected}, found \"{found}\""),
        None => message,
    };
    let error = Error::new(ErrorCode::SyntaxError, message);
    match position {
        Some(position) => error.at(position),
        None => error,
    }
}

/// `7, Column: 12` as sqlparser writes it after `Line: `.
fn parse_position(tail: &str) -> Option<Position> {
    let (line, column) = tail.split_once(", Column: ")?;
    let location = Location {
        line: line.trim().parse().ok()?,
        column: column.trim().parse().ok()?,
    };
    position_of(location)
}

/// Lower case at the start, unless the first word is a keyword or a name in capitals.
fn first_lower(message: &str) -> String {
    let mut chars = message.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if first.is_ascii_uppercase() && second.is_lowercase() => {
            format!("{}{}", first.to_ascii_lowercase(), &message[first.len_utf8()..])
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::Command;
    use super::super::statement::StatementKind;
    use super::*;

    fn check(sql: &str, code: ErrorCode, message: &str, position: Option<(u64, u64)>) {
        let error = parse(sql, &Limits::default()).expect_err(sql);
        assert_eq!(error.code(), code, "{sql}: {error}");
        assert_eq!(error.message(), message, "{sql}");
        assert_eq!(error.position().map(|p| (p.line, p.column)), position, "{sql}: {error}");
    }

    #[test]
    fn queries_and_their_explanations_are_classified() {
        for (sql, kind) in [
            ("select 1", StatementKind::Select),
            ("  -- why\n select 1;  ; -- end", StatementKind::Select),
            ("with a as (select 1) select * from a", StatementKind::Select),
            ("values (1), (2)", StatementKind::Select),
            ("(select 1) union all (select 2)", StatementKind::Select),
            ("from t select x", StatementKind::Select),
            ("explain select 1", StatementKind::Explain),
            ("explain verbose format tree select 1", StatementKind::Explain),
            ("explain (analyze false) select 1", StatementKind::Explain),
            ("explain analyze select 1", StatementKind::ExplainAnalyze),
            ("EXPLAIN ANALYZE VERBOSE (select 1)", StatementKind::ExplainAnalyze),
        ] {
            let statement = parse(sql, &Limits::default()).expect(sql);
            assert_eq!(statement.kind(), kind, "{sql}");
        }
    }

    #[test]
    fn what_is_no_statement_is_a_syntax_error_at_its_place() {
        let syntax = ErrorCode::SyntaxError;
        check("", syntax, "the statement is empty", None);
        check(" ; -- nothing", syntax, "the statement is empty", None);
        check(
            "select 1; select 2",
            syntax,
            "a second statement begins at \"select\"; run one statement at a time",
            Some((1, 11)),
        );
        check(
            "select 1 2",
            syntax,
            "expected the end of the statement, found \"2\"",
            Some((1, 10)),
        );
        check(
            "select",
            syntax,
            "expected an expression, found the end of the text",
            None,
        );
        check(
            "selec 1",
            syntax,
            "expected an SQL statement, found \"selec\"",
            Some((1, 1)),
        );
        check(
            "select a\nfrom t\nwhere",
            syntax,
            "expected an expression, found the end of the text",
            None,
        );
        check(
            "select a\nfrom t\nwhere )",
            syntax,
            "expected an expression, found \")\"",
            Some((3, 7)),
        );
        check("select (1", syntax, "expected ), found the end of the text", None);
        check("select 'abc", syntax, "unterminated string literal", Some((1, 8)));
        check(
            "select 1 /* x",
            syntax,
            "unexpected EOF while in a multi-line comment",
            Some((1, 14)),
        );
        check(
            "select 1_000",
            syntax,
            "\"1_000\" is not a number; write digits without \"_\", and a space before an alias",
            Some((1, 8)),
        );
        check(
            "select 12abc",
            syntax,
            "\"12abc\" is not a number; write digits without \"_\", and a space before an alias",
            Some((1, 8)),
        );
    }

    #[test]
    fn every_kind_of_statement_is_named() {
        for (sql, kind) in [
            ("insert into t values (1)", StatementKind::Insert),
            ("create table t (a int)", StatementKind::CreateTable),
            ("create table t as select 1", StatementKind::CreateTableAsSelect),
            ("create or replace view v as select 1", StatementKind::CreateView),
            (
                "create external table t (a struct<b:int>) row format serde 'x' location 'y'",
                StatementKind::CreateTable,
            ),
            ("create database d", StatementKind::CreateDatabase),
            ("drop schema d", StatementKind::DropDatabase),
            ("drop table t", StatementKind::DropTable),
            ("drop view v", StatementKind::DropView),
            ("alter table t add partition (a = 1)", StatementKind::AddPartitions),
            ("alter table t drop partition (a = 1)", StatementKind::DropPartitions),
            ("set a.b = 1", StatementKind::Set),
            ("reset a.b", StatementKind::Set),
            ("reset all", StatementKind::Set),
            ("prepare p as select ?", StatementKind::Prepare),
            ("execute p(1)", StatementKind::Execute),
            ("deallocate p", StatementKind::Deallocate),
            ("show tables in db", StatementKind::Show),
            ("describe t", StatementKind::Describe),
            ("desc select 1", StatementKind::Describe),
            ("msck repair table t", StatementKind::RepairTable),
            (";; use db", StatementKind::Use),
            ("explain insert into t values (1)", StatementKind::Explain),
            ("explain create table t as select 1", StatementKind::Explain),
        ] {
            let statement = parse(sql, &Limits::default()).expect(sql);
            assert_eq!(statement.kind(), kind, "{sql}");
        }
    }

    #[test]
    fn statements_of_other_kinds_are_refused_by_name() {
        for (sql, kind) in [
            ("update t set a = 1", "UPDATE"),
            ("delete from t", "DELETE"),
            ("merge into t using s on t.a = s.a when matched then delete", "MERGE"),
            ("create something", "CREATE SOMETHING"),
            ("create or replace function f() returns int return 1", "CREATE FUNCTION"),
            ("create temporary sequence s", "CREATE SEQUENCE"),
            ("drop index i", "DROP INDEX"),
            ("alter database d set dbproperties ('a'='b')", "ALTER DATABASE"),
            ("alter table t add columns (x int)", "ALTER TABLE … ADD COLUMNS"),
            ("copy t to 'x.parquet'", "COPY"),
            ("truncate table t", "TRUNCATE"),
            ("unload (select 1) to 's3://b/' with (format = 'PARQUET')", "UNLOAD"),
            ("optimize t rewrite data using bin_pack", "OPTIMIZE"),
            (" ; vacuum t", "VACUUM"),
            ("start transaction", "START TRANSACTION"),
            ("begin", "BEGIN"),
            ("grant select on t to u", "GRANT"),
            ("show grants", "SHOW GRANTS"),
        ] {
            let error = parse(sql, &Limits::default()).expect_err(sql);
            assert_eq!(error.code(), ErrorCode::NotSupported, "{sql}: {error}");
            assert_eq!(error.message(), format!("{kind} is not supported yet"), "{sql}");
            assert!(error.position().is_some(), "{sql}");
        }
    }

    #[test]
    fn changes_of_data_are_refused_wherever_a_query_may_hold_them() {
        for sql in [
            "explain delete from t",
            "explain analyze delete from t",
            "explain analyze insert into t values (1)",
            "explain analyze create table t as select 1",
            "explain explain select 1",
            "explain copy t to 'x'",
            "with x as (select 1) insert into t select * from x",
            "with x as (select 1) delete from t",
            "with x as (select 1) update t set a = 1",
            "explain with x as (select 1) delete from t",
            "select 1 into t",
            "select * from (with x as (select 1) delete from t) y",
            "create table t as with x as (select 1) delete from t",
            "insert into t with x as (select 1) delete from t",
            "create view v as with x as (select 1) insert into t select * from x",
            "prepare p as with x as (select 1) delete from t",
            "describe with x as (select 1) delete from t",
        ] {
            let error = parse(sql, &Limits::default()).expect_err(sql);
            assert_eq!(error.code(), ErrorCode::NotSupported, "{sql}: {error}");
        }
    }

    #[test]
    fn a_comment_is_never_code() {
        for sql in [
            "select 1 /*! , 2 */",
            "select 1 /*!50000 , 2 */",
            "select /*+ x */ 1",
            "select 1 -- , 2",
        ] {
            let statement = parse(sql, &Limits::default()).expect(sql);
            let Command::Query(tree) = statement.command() else {
                panic!("{sql}")
            };
            assert_eq!(tree.to_string(), "SELECT 1", "{sql}");
        }
    }
}
