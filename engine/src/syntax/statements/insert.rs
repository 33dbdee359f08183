//! INSERT INTO: where the rows go, and the query that gives them.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::partitions::partition_value;
use crate::error::Result;
use crate::syntax::command::{Command, Insert};
use crate::syntax::names::{Name, refuse_twice};
use crate::syntax::reader::{Reader, unsupported};

pub(super) fn insert(reader: &mut Reader<'_>) -> Result<Command> {
    let position = reader.position();
    reader.expect("INSERT")?;
    for (words, advice) in [
        ("OVERWRITE", "write INSERT INTO, or CREATE a new TABLE AS the query"),
        ("OR", "write INSERT INTO"),
        ("IGNORE", "write INSERT INTO"),
    ] {
        if reader.is(words) {
            return Err(unsupported(position, &format!("INSERT {words}"), advice));
        }
    }
    reader.expect("INTO")?;
    if matches!(reader.peek(1), Token::Word(_)) && !reader.is_ahead(1, "VALUES") && !reader.is_query(1) {
        reader.takes("TABLE");
    }
    let table = reader.table("the name of a table")?;
    let mut columns = None;
    let mut partition = None;
    loop {
        if columns.is_none() && reader.is_token(&Token::LParen) && !reader.is_query(1) {
            columns = Some(reader.list(|reader| reader.name("the name of a column"))?);
        } else if partition.is_none() && reader.takes("PARTITION") {
            partition = Some(reader.list(|reader| {
                let name = reader.name("the name of a partition column")?;
                let value = if reader.takes_token(&Token::Eq) {
                    partition_value(reader)?
                } else {
                    None
                };
                Ok((name, value))
            })?);
        } else {
            break;
        }
    }
    refuse_clause(reader)?;
    if !reader.is_query(0) {
        return Err(reader.expected("VALUES or a query"));
    }
    let query = reader.query()?;
    refuse_clause(reader)?;
    let columns = columns.unwrap_or_default();
    let partition: Vec<(Name, Option<String>)> = partition.unwrap_or_default();
    refuse_twice(&columns, Name::folded, "column")?;
    refuse_twice(partition.iter().map(|(name, _)| name), Name::lower, "partition column")?;
    Ok(Command::Insert(Box::new(Insert {
        table,
        columns: columns.iter().map(Name::folded).collect(),
        partition: partition
            .into_iter()
            .map(|(name, value)| (name.lower(), value))
            .collect(),
        query,
    })))
}

/// Clauses of other systems that stand before or behind the rows.
fn refuse_clause(reader: &Reader<'_>) -> Result<()> {
    for (words, advice) in [
        ("DEFAULT VALUES", "write VALUES (NULL, …)"),
        ("SET", "write (columns) VALUES (…)"),
        ("BY NAME", "name the columns behind the table"),
        ("BY POSITION", "leave it out"),
        ("AS", "leave the alias out"),
        ("OVERRIDING", "leave it out"),
        ("ON", "leave it out, tables have no keys"),
        ("RETURNING", "leave it out, and SELECT the rows"),
    ] {
        if reader.is(words) {
            return Err(reader.unsupported(&format!("{words} of INSERT"), advice));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::error::ErrorCode::{AlreadyExists, NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        let Command::Insert(insert) = command else {
            panic!("{command:?}")
        };
        let mut parts = vec![insert.table.name_parts().join(".")];
        parts.extend(insert.columns.iter().cloned());
        parts.extend(insert.partition.iter().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => format!("{name}=?"),
        }));
        parts.push(format!("<- {}", insert.query));
        parts.join("; ")
    }

    #[test]
    fn rows_come_from_values_and_queries() {
        check(
            shown,
            &[
                (
                    "insert into t values (1, 'a'), (2, 'b')",
                    "t; <- VALUES (1, 'a'), (2, 'b')",
                ),
                (
                    "INSERT INTO Lake.D.`T` (A, b) SELECT 1, 2",
                    "lake.d.t; a; b; <- SELECT 1, 2",
                ),
                ("insert into table t select * from s", "t; <- SELECT * FROM s"),
                ("insert into t (select 1)", "t; <- (SELECT 1)"),
                ("insert into t (a) (select 1)", "t; a; <- (SELECT 1)"),
                (
                    "insert into t with x as (select 1) select * from x",
                    "t; <- WITH x AS (SELECT 1) SELECT * FROM x",
                ),
                (
                    "insert into t partition (dt='2024-01-01', HR) select 1, 2",
                    "t; dt=2024-01-01; hr=?; <- SELECT 1, 2",
                ),
                (
                    "insert into t partition (y=2024) (a) values (-1)",
                    "t; a; y=2024; <- VALUES (-1)",
                ),
                (
                    "insert into t (a) partition (d = date '2024-01-01') values (1)",
                    "t; a; d=2024-01-01; <- VALUES (1)",
                ),
                ("insert into \"table\" values (1)", "table; <- VALUES (1)"),
            ],
        );
        let statement = read("insert into t select * from t, s");
        assert_eq!(
            names(&statement),
            (vec!["t".to_owned(), "s".to_owned()], vec!["t".to_owned()])
        );
    }

    #[test]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            ("insert overwrite table t select 1", NotSupported, "INSERT OVERWRITE", 1),
            ("insert or replace into t values (1)", NotSupported, "INSERT OR", 1),
            (
                "insert into t values (1) on conflict do nothing",
                NotSupported,
                "ON of INSERT",
                26,
            ),
            (
                "insert into t values (1) returning a",
                NotSupported,
                "RETURNING of INSERT",
                26,
            ),
            (
                "insert into t default values",
                NotSupported,
                "DEFAULT VALUES of INSERT",
                15,
            ),
            ("insert into t set a = 1", NotSupported, "SET of INSERT", 15),
            ("insert into t by name select 1", NotSupported, "BY NAME of INSERT", 15),
            ("insert into t as x values (1)", NotSupported, "AS of INSERT", 15),
            (
                "insert into 's3://b/t/' values (1)",
                SyntaxError,
                "expected the name of a table, found the location",
                13,
            ),
            (
                "insert into t (a, a) values (1, 2)",
                AlreadyExists,
                "the column \"a\" is named twice",
                19,
            ),
            ("insert into t", SyntaxError, "expected VALUES or a query", 0),
            (
                "insert into t partition (a = 1, A) select 1",
                AlreadyExists,
                "the partition column \"A\" is named twice",
                33,
            ),
            ("insert t values (1)", SyntaxError, "expected INTO", 8),
            (
                "insert into t values (?)",
                SyntaxError,
                "a parameter stands outside PREPARE",
                23,
            ),
            (
                "insert into t partition (a = b) select 1",
                SyntaxError,
                "expected a constant",
                30,
            ),
            (
                "insert into t select * from s for update",
                NotSupported,
                "FOR UPDATE",
                15,
            ),
            (
                "insert into t values (1) values (2)",
                SyntaxError,
                "expected the end of the statement",
                26,
            ),
        ]);
    }
}
