//! CREATE DATABASE and DROP DATABASE; SCHEMA is the same word.

use std::collections::BTreeMap;

use super::properties::{as_written, properties};
use crate::error::{ErrorCode, Position, Result};
use crate::syntax::command::{Command, CreateDatabase, DropDatabase};
use crate::syntax::reader::{Reader, at};

pub(super) fn create(reader: &mut Reader<'_>) -> Result<Command> {
    reader.advance();
    let if_not_exists = reader.takes("IF NOT EXISTS");
    let mut database = CreateDatabase {
        name: reader.database()?,
        if_not_exists,
        comment: None,
        location: None,
        properties: BTreeMap::new(),
        from: None,
    };
    let mut has_properties = false;
    loop {
        let position = reader.position();
        if reader.takes("COMMENT") {
            once(reader, database.comment.is_some(), "COMMENT", position)?;
            database.comment = Some(reader.string("the comment in quotes")?);
        } else if reader.takes("LOCATION") {
            once(reader, database.location.is_some(), "LOCATION", position)?;
            database.location = Some(reader.string("the location in quotes")?);
        } else if reader.takes("FROM") {
            once(reader, database.from.is_some(), "FROM", position)?;
            database.from = Some(reader.string("the location of the tables in quotes")?);
        } else if reader.takes("WITH DBPROPERTIES") {
            once(reader, has_properties, "WITH DBPROPERTIES", position)?;
            has_properties = true;
            database.properties = as_written(properties(reader)?)?;
        } else if reader.takes("WITH") {
            with(reader, &mut database)?;
        } else if reader.is("MANAGEDLOCATION") || reader.is("AUTHORIZATION") {
            let word = reader.word().unwrap_or_default();
            return Err(reader.unsupported(&format!("{word} of CREATE DATABASE"), "leave it out"));
        } else {
            return Ok(Command::CreateDatabase(database));
        }
    }
}

/// WITH (location = '…'), as Trino has it.
fn with(reader: &mut Reader<'_>, database: &mut CreateDatabase) -> Result<()> {
    for property in properties(reader)? {
        match property.key.as_str() {
            "location" if database.location.is_some() => return Err(property.error("is given twice")),
            "location" => database.location = Some(property.text()?),
            _ => return Err(property.unknown(&["location"])),
        }
    }
    Ok(())
}

pub(super) fn drop(reader: &mut Reader<'_>) -> Result<Command> {
    reader.advance();
    let if_exists = reader.takes("IF EXISTS");
    let name = reader.database()?;
    let cascade = reader.takes("CASCADE");
    if !cascade {
        reader.takes("RESTRICT");
    }
    Ok(Command::DropDatabase(DropDatabase {
        name,
        if_exists,
        cascade,
    }))
}

/// Refuses a clause that stands a second time.
pub(super) fn once(reader: &Reader<'_>, again: bool, clause: &str, position: Option<Position>) -> Result<()> {
    if !again {
        return Ok(());
    }
    let message = format!("{clause} stands twice; leave one out");
    Err(at(position, reader.error(ErrorCode::SyntaxError, message)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals};
    use super::*;
    use crate::error::ErrorCode::{InvalidValue, NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        let (name, mut parts) = match command {
            Command::CreateDatabase(create) => {
                let mut parts = Vec::new();
                parts.extend(create.if_not_exists.then(|| "if not exists".to_owned()));
                parts.extend(create.comment.as_ref().map(|text| format!("comment={text}")));
                parts.extend(create.location.as_ref().map(|text| format!("at={text}")));
                parts.extend(create.from.as_ref().map(|text| format!("from={text}")));
                parts.extend(create.properties.iter().map(|(key, value)| format!("#{key}={value}")));
                (&create.name, parts)
            }
            Command::DropDatabase(drop) => {
                let mut parts = Vec::new();
                parts.extend(drop.if_exists.then(|| "if exists".to_owned()));
                parts.extend(drop.cascade.then(|| "cascade".to_owned()));
                (&drop.name, parts)
            }
            other => panic!("{other:?}"),
        };
        let catalog = name
            .catalog
            .as_ref()
            .map_or_else(String::new, |catalog| format!("{catalog}."));
        parts.insert(0, format!("{catalog}{}", name.database));
        parts.join("; ")
    }

    #[test]
    fn databases_are_made_and_dropped() {
        check(
            shown,
            &[
                ("create database Sales", "sales"),
                (
                    "create schema if not exists lake.\"Sales\"",
                    "lake.sales; if not exists",
                ),
                (
                    "create database `x` comment 'it''s' location 's3://b/x' with dbproperties ('a'='b', 'C'='d');",
                    "x; comment=it's; at=s3://b/x; #C=d; #a=b",
                ),
                ("create schema s with (location = 's3://b/s/')", "s; at=s3://b/s/"),
                (
                    "create database d from 's3://b/p/' comment 'c'",
                    "d; comment=c; from=s3://b/p/",
                ),
                ("create database default", "default"),
                ("create database comment comment 'c'", "comment; comment=c"),
                ("drop database d", "d"),
                ("drop schema if exists lake.`D` cascade", "lake.d; if exists; cascade"),
                ("drop database d restrict", "d"),
            ],
        );
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a flat table")]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            (
                "create database",
                SyntaxError,
                "expected the name of a database, found the end",
                0,
            ),
            (
                "create database a.b.c",
                SyntaxError,
                "the name of a database has more than two parts",
                20,
            ),
            (
                "create database 's3://b/x'",
                SyntaxError,
                "expected the name of a database, found a string",
                17,
            ),
            (
                "create or replace database d",
                NotSupported,
                "CREATE OR REPLACE DATABASE",
                19,
            ),
            (
                "create database d comment x",
                SyntaxError,
                "expected the comment in quotes, found \"x\"",
                27,
            ),
            (
                "create database d comment 'x' comment 'y'",
                SyntaxError,
                "COMMENT stands twice",
                31,
            ),
            (
                "create database d managedlocation 'x'",
                NotSupported,
                "MANAGEDLOCATION of CREATE DATABASE",
                19,
            ),
            (
                "create schema d authorization me",
                NotSupported,
                "AUTHORIZATION of CREATE DATABASE",
                17,
            ),
            (
                "create database d with (locaton = 'x')",
                InvalidValue,
                "the property \"locaton\" is unknown; did you mean",
                25,
            ),
            (
                "create database d with dbproperties ('a'='b', 'a'='c')",
                InvalidValue,
                "the property \"a\" is given twice",
                47,
            ),
            (
                "create database d owner me",
                SyntaxError,
                "expected the end of the statement, found \"owner\"",
                19,
            ),
            ("create temporary database d", SyntaxError, "expected TABLE", 18),
            (
                "drop database d cascade restrict",
                SyntaxError,
                "expected the end of the statement",
                25,
            ),
            (
                "drop database a, b",
                SyntaxError,
                "expected the end of the statement",
                16,
            ),
        ]);
    }
}
