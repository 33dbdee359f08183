//! What changes the session: USE, SET and RESET.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::not_yet;
use crate::error::Result;
use crate::syntax::command::{Command, Set};
use crate::syntax::names::Words;
use crate::syntax::reader::{Reader, at};

/// USE \[DATABASE | SCHEMA\] database.
pub(super) fn use_database(reader: &mut Reader<'_>) -> Result<Command> {
    reader.expect("USE")?;
    if matches!(reader.peek(1), Token::Word(_)) {
        if reader.is("CATALOG") || reader.is("ROLE") || reader.is("WAREHOUSE") {
            let word = reader.word().unwrap_or_default();
            return Err(reader.unsupported(&format!("USE {word}"), "write USE catalog.database"));
        }
        let _ = reader.takes("DATABASE") || reader.takes("SCHEMA");
    }
    Ok(Command::Use(reader.database()?))
}

/// SET \[SESSION\] name {= | TO} value, SET TIME ZONE value.
pub(super) fn set(reader: &mut Reader<'_>) -> Result<Command> {
    let position = reader.position();
    reader.expect("SET")?;
    let more = matches!(reader.peek(1), Token::Word(_)) && !reader.is_ahead(1, "TO");
    for word in ["GLOBAL", "LOCAL", "NAMES", "PATH", "ROLE", "TRANSACTION"] {
        if more && reader.is(word) {
            return Err(at(position, not_yet(&format!("SET {word}"))));
        }
    }
    if more && reader.is("SESSION CHARACTERISTICS") {
        return Err(at(position, not_yet("SET SESSION CHARACTERISTICS")));
    }
    if more {
        reader.takes("SESSION");
    }
    let name = if reader.takes("TIME ZONE") {
        let _ = reader.takes_token(&Token::Eq) || reader.takes("TO");
        "time_zone".to_owned()
    } else {
        let name = reader.setting_name()?;
        if !reader.takes_token(&Token::Eq) && !reader.takes("TO") {
            return Err(reader.expected("= or TO"));
        }
        name
    };
    let value = if reader.takes("DEFAULT") {
        None
    } else {
        Some(reader.constant("a value", Words::All)?)
    };
    if reader.is_token(&Token::Comma) {
        return Err(reader.unsupported("a list of values", "write one value, in quotes if it has commas"));
    }
    Ok(Command::Set(Set { name, value }))
}

/// RESET \[SESSION\] name, RESET ALL.
pub(super) fn reset(reader: &mut Reader<'_>) -> Result<Command> {
    reader.expect("RESET")?;
    if reader.takes("TIME ZONE") {
        return Ok(Command::Reset("time_zone".to_owned()));
    }
    if reader.is("ALL") && *reader.peek(1) != Token::Period {
        reader.advance();
        return Ok(Command::ResetAll);
    }
    if matches!(reader.peek(1), Token::Word(_)) {
        reader.takes("SESSION");
    }
    Ok(Command::Reset(reader.setting_name()?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals};
    use super::*;
    use crate::error::ErrorCode::{NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        match command {
            Command::Use(database) => {
                let catalog = database
                    .catalog
                    .as_ref()
                    .map_or_else(String::new, |name| format!("{name}."));
                format!("use {catalog}{}", database.database)
            }
            Command::Set(set) => format!("{} = {}", set.name, set.value.as_deref().unwrap_or("(default)")),
            Command::Reset(name) => format!("reset {name}"),
            Command::ResetAll => "reset everything".to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sessions_change() {
        check(
            shown,
            &[
                ("use Default", "use default"),
                ("use lake.\"D\"", "use lake.d"),
                ("use schema s", "use s"),
                ("use database d", "use d"),
                ("use database", "use database"),
                ("set a = 1", "a = 1"),
                ("SET A.B.c TO 'X y'", "a.b.c = X y"),
                ("set a = -1.5e3", "a = -1.5e3"),
                ("set a = true", "a = true"),
                ("set a to On", "a = On"),
                ("set session a = Berlin", "a = Berlin"),
                ("set session = 1", "session = 1"),
                ("set local to 2", "local = 2"),
                ("set a = default", "a = (default)"),
                ("set time zone '+02:00'", "time_zone = +02:00"),
                ("set time zone = 'UTC'", "time_zone = UTC"),
                ("set time zone to \"Europe/Berlin\"", "time_zone = Europe/Berlin"),
                ("set \"Quoted\".name = 1", "quoted.name = 1"),
                ("reset a.B", "reset a.b"),
                ("reset session a", "reset a"),
                ("reset time zone", "reset time_zone"),
                ("reset ALL", "reset everything"),
                ("reset all.x", "reset all.x"),
            ],
        );
    }

    #[test]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            ("use", SyntaxError, "expected the name of a database", 0),
            (
                "use 'd'",
                SyntaxError,
                "expected the name of a database, found a string",
                5,
            ),
            (
                "use a.b.c",
                SyntaxError,
                "the name of a database has more than two parts",
                8,
            ),
            ("use catalog c", NotSupported, "USE CATALOG", 5),
            ("set a", SyntaxError, "expected = or TO", 0),
            ("set a =", SyntaxError, "expected a value", 0),
            ("set a = 1, 2", NotSupported, "a list of values", 10),
            ("set a = 1 + 1", SyntaxError, "expected the end of the statement", 11),
            ("set a = b.c", SyntaxError, "expected the end of the statement", 10),
            ("set a = (select 1)", SyntaxError, "expected a value", 9),
            ("set local a = 1", NotSupported, "SET LOCAL is not supported yet", 1),
            ("set transaction read only", NotSupported, "SET TRANSACTION", 1),
            ("set role x", NotSupported, "SET ROLE", 1),
            ("set a.", SyntaxError, "expected the name of a setting", 0),
            ("reset", SyntaxError, "expected the name of a setting", 0),
        ]);
    }
}
