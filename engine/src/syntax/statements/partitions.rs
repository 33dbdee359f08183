//! ALTER TABLE … ADD and DROP PARTITION, MSCK REPAIR TABLE.

use std::collections::HashSet;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::{not_yet, not_yet_with};
use crate::error::{Error, ErrorCode, Result};
use crate::syntax::command::{AddPartitions, Command, DropPartitions, PartitionSpec};
use crate::syntax::names::Words;
use crate::syntax::reader::{Reader, at};

pub(super) fn alter(reader: &mut Reader<'_>) -> Result<Command> {
    let position = reader.position();
    reader.expect("ALTER")?;
    if !reader.takes("TABLE") {
        return Err(not_yet_with(reader, "ALTER", position));
    }
    if reader.is("IF EXISTS") {
        return Err(reader.unsupported("IF EXISTS of ALTER TABLE", "leave it out"));
    }
    let table = reader.table("the name of a table")?;
    if reader.is("ADD PARTITION") || reader.is("ADD IF NOT EXISTS PARTITION") {
        reader.expect("ADD")?;
        let if_not_exists = reader.takes("IF NOT EXISTS");
        let mut partitions = Vec::new();
        while reader.is("PARTITION") {
            let mut partition = partition(reader)?;
            if reader.takes("LOCATION") {
                partition.location = Some(reader.string("the location in quotes")?);
            }
            partitions.push(partition);
            reader.takes_token(&Token::Comma);
        }
        return Ok(Command::AddPartitions(AddPartitions {
            table,
            if_not_exists,
            partitions,
        }));
    }
    if reader.is("DROP PARTITION") || reader.is("DROP IF EXISTS PARTITION") {
        reader.expect("DROP")?;
        let if_exists = reader.takes("IF EXISTS");
        let mut partitions = vec![partition(reader)?];
        while reader.takes_token(&Token::Comma) {
            partitions.push(partition(reader)?);
        }
        if reader.is("PURGE") {
            return Err(reader.unsupported("PURGE of DROP PARTITION", "leave it out"));
        }
        return Ok(Command::DropPartitions(DropPartitions {
            table,
            if_exists,
            partitions,
        }));
    }
    Err(other_change(reader))
}

/// The name of a change of a table that is not offered: its first two words, or three where two say little.
fn other_change(reader: &mut Reader<'_>) -> Error {
    let position = reader.position();
    let mut words = Vec::new();
    while let (Some(word), true) = (reader.word(), words.len() < 2) {
        reader.advance();
        words.push(word);
    }
    if words.is_empty() {
        return reader.expected("ADD PARTITION or DROP PARTITION");
    }
    at(position, not_yet(&format!("ALTER TABLE … {}", words.join(" "))))
}

/// PARTITION (key = constant, …).
fn partition(reader: &mut Reader<'_>) -> Result<PartitionSpec> {
    reader.expect("PARTITION")?;
    let mut seen = HashSet::new();
    let values = reader.list(|reader| {
        let name = reader.name("the name of a partition column")?;
        if !seen.insert(name.lower()) {
            let message = format!("the partition column \"{}\" is given twice", name.written);
            return Err(name.error(ErrorCode::AlreadyExists, message));
        }
        let compares = matches!(
            reader.peek(0),
            Token::Lt | Token::Gt | Token::LtEq | Token::GtEq | Token::Neq
        );
        if compares {
            return Err(reader.unsupported("a comparison of partition values", "name each partition with ="));
        }
        reader.expect_token(&Token::Eq)?;
        Ok((name.lower(), partition_value(reader)?))
    })?;
    Ok(PartitionSpec { values, location: None })
}

/// A constant as the text that stands in a path; `None` is NULL.
pub(super) fn partition_value(reader: &mut Reader<'_>) -> Result<Option<String>> {
    if reader.takes("NULL") {
        return Ok(None);
    }
    // DATE '2024-01-31' is written as its text.
    if reader.is("DATE") && matches!(reader.peek(1), Token::SingleQuotedString(_)) {
        reader.advance();
    }
    reader.constant("a constant", Words::Booleans).map(Some)
}

/// MSCK REPAIR TABLE t \[ADD PARTITIONS\].
pub(super) fn repair(reader: &mut Reader<'_>) -> Result<Command> {
    reader.expect("MSCK REPAIR TABLE")?;
    let table = reader.table("the name of a table")?;
    for words in ["DROP PARTITIONS", "SYNC PARTITIONS"] {
        if reader.is(words) {
            let advice = "write ALTER TABLE … DROP PARTITION for those that are gone";
            return Err(reader.unsupported(&format!("{words} of MSCK REPAIR TABLE"), advice));
        }
    }
    reader.takes("ADD PARTITIONS");
    Ok(Command::RepairTable(table))
}
