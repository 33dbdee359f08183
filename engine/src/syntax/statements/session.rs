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
