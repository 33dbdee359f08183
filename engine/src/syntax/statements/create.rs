//! CREATE and DROP: which kind of thing it is about.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::{database, not_yet_with, table, view};
use crate::error::{ErrorCode, Result};
use crate::syntax::command::{Command, Drop};
use crate::syntax::reader::Reader;

/// What stands between CREATE and the kind of thing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Modifiers {
    pub(super) or_replace: bool,
    pub(super) external: bool,
    pub(super) temporary: bool,
}

pub(super) fn create(reader: &mut Reader<'_>) -> Result<Command> {
    let position = reader.position();
    reader.expect("CREATE")?;
    let mut modifiers = Modifiers {
        or_replace: reader.takes("OR REPLACE"),
        ..Modifiers::default()
    };
    loop {
        if !modifiers.external && reader.takes("EXTERNAL") {
            modifiers.external = true;
        } else if !modifiers.temporary && (reader.takes("TEMPORARY") || reader.takes("TEMP")) {
            modifiers.temporary = true;
        } else {
            break;
        }
    }
    let word = reader.word().unwrap_or_default();
    match word.as_str() {
        "TABLE" => return table::create(reader, modifiers),
        "VIEW" if modifiers.external => return Err(reader.expected("TABLE")),
        "VIEW" => return view::create(reader, modifiers),
        "DATABASE" | "SCHEMA" => {}
        "MATERIALIZED" => return Err(reader.unsupported("CREATE MATERIALIZED VIEW", "CREATE a TABLE AS the query")),
        _ if modifiers.external => return Err(reader.expected("TABLE")),
        _ => return Err(not_yet_with(reader, "CREATE", position)),
    }
    if modifiers.external || modifiers.temporary {
        return Err(reader.expected("TABLE"));
    }
    if modifiers.or_replace {
        let what = format!("CREATE OR REPLACE {word}");
        return Err(reader.unsupported(&what, "DROP it first, or write IF NOT EXISTS"));
    }
    database::create(reader)
}

/// DROP {TABLE | VIEW | DATABASE | SCHEMA}.
pub(super) fn drop(reader: &mut Reader<'_>) -> Result<Command> {
    let position = reader.position();
    reader.expect("DROP")?;
    if reader.takes("TABLE") {
        return Ok(Command::DropTable(drop_one(reader, "DROP TABLE")?));
    }
    if reader.takes("VIEW") {
        return Ok(Command::DropView(drop_one(reader, "DROP VIEW")?));
    }
    if reader.is("DATABASE") || reader.is("SCHEMA") {
        return database::drop(reader);
    }
    Err(not_yet_with(reader, "DROP", position))
}

fn drop_one(reader: &mut Reader<'_>, statement: &str) -> Result<Drop> {
    let if_exists = reader.takes("IF EXISTS");
    let name = reader.table("the name of what to drop")?;
    if reader.is_token(&Token::Comma) {
        return Err(reader.unsupported(&format!("{statement} of several names"), "drop them one at a time"));
    }
    for word in ["PURGE", "CASCADE", "RESTRICT"] {
        if reader.is(word) {
            return Err(reader.unsupported(&format!("{word} of {statement}"), "leave it out"));
        }
    }
    Ok(Drop { name, if_exists })
}

/// OR REPLACE and IF NOT EXISTS say two things at once.
pub(super) fn if_not_exists(reader: &mut Reader<'_>, or_replace: bool) -> Result<bool> {
    if or_replace && reader.is("IF NOT EXISTS") {
        let message = "OR REPLACE and IF NOT EXISTS do not go together; write one of them";
        return Err(reader.error(ErrorCode::SyntaxError, message));
    }
    Ok(reader.takes("IF NOT EXISTS"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::error::ErrorCode::{NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        let (kind, drop) = match command {
            Command::DropTable(drop) => ("table", drop),
            Command::DropView(drop) => ("view", drop),
            other => panic!("{other:?}"),
        };
        let if_exists = if drop.if_exists { " if exists" } else { "" };
        format!("{kind} {}{if_exists}", drop.name.name_parts().join("."))
    }

    #[test]
    fn tables_and_views_are_dropped() {
        check(
            shown,
            &[
                ("drop table t", "table t"),
                (
                    "DROP TABLE IF EXISTS lake.Default.\"T\";",
                    "table lake.default.t if exists",
                ),
                ("drop view `v`", "view v"),
                ("drop view if exists partitions", "view partitions if exists"),
            ],
        );
        assert_eq!(names(&read("drop table A.b")), (vec![], vec!["a.b".to_owned()]));
    }

    #[test]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            (
                "drop table a, b",
                NotSupported,
                "DROP TABLE of several names is not supported; drop them one",
                13,
            ),
            ("drop table t purge", NotSupported, "PURGE of DROP TABLE", 14),
            ("drop table t cascade", NotSupported, "CASCADE of DROP TABLE", 14),
            ("drop view v restrict", NotSupported, "RESTRICT of DROP VIEW", 13),
            (
                "drop table 's3://b/t'",
                SyntaxError,
                "expected the name of what to drop, found the location",
                12,
            ),
            ("drop table a.'b'", NotSupported, "the table name", 12),
            ("drop table", SyntaxError, "expected the name of what to drop", 0),
            ("drop temporary table t", NotSupported, "DROP TEMPORARY", 1),
            ("drop", SyntaxError, "expected what to DROP", 0),
            ("create", SyntaxError, "expected what to CREATE", 0),
            (
                "create materialized view v as select 1",
                NotSupported,
                "CREATE MATERIALIZED VIEW",
                8,
            ),
        ]);
    }
}
