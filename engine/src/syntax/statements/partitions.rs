//! ALTER TABLE … ADD and DROP PARTITION, MSCK REPAIR TABLE.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::{not_yet, not_yet_with};
use crate::error::{Error, Result};
use crate::syntax::command::{AddPartitions, Command, DropPartitions, PartitionSpec};
use crate::syntax::names::{Name, Words, refuse_twice};
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
    let values = reader.list(|reader| {
        let name = reader.name("the name of a partition column")?;
        let compares = matches!(
            reader.peek(0),
            Token::Lt | Token::Gt | Token::LtEq | Token::GtEq | Token::Neq
        );
        if compares {
            return Err(reader.unsupported("a comparison of partition values", "name each partition with ="));
        }
        reader.expect_token(&Token::Eq)?;
        Ok((name, partition_value(reader)?))
    })?;
    refuse_twice(values.iter().map(|(name, _)| name), Name::lower, "partition column")?;
    Ok(PartitionSpec {
        values: values.into_iter().map(|(name, value)| (name.lower(), value)).collect(),
        location: None,
    })
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

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::error::ErrorCode::{AlreadyExists, NotSupported, SyntaxError};

    fn shown(command: &Command) -> String {
        let (table, flag, partitions) = match command {
            Command::AddPartitions(add) => (&add.table, add.if_not_exists, &add.partitions),
            Command::DropPartitions(drop) => (&drop.table, drop.if_exists, &drop.partitions),
            Command::RepairTable(table) => return format!("repair {}", table.name_parts().join(".")),
            other => panic!("{other:?}"),
        };
        let mut parts = vec![table.name_parts().join(".")];
        parts.extend(flag.then(|| "if".to_owned()));
        parts.extend(partitions.iter().map(|partition| {
            let values: Vec<String> = partition
                .values
                .iter()
                .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("NULL")))
                .collect();
            let location = partition
                .location
                .as_ref()
                .map_or_else(String::new, |text| format!(" at {text}"));
            format!("({}){location}", values.join(","))
        }));
        parts.join("; ")
    }

    #[test]
    fn partitions_are_added_dropped_and_found() {
        check(
            shown,
            &[
                ("alter table t add partition (dt = '2024-01-01')", "t; (dt=2024-01-01)"),
                (
                    "ALTER TABLE lake.default.`T` ADD IF NOT EXISTS PARTITION (Year = 2024, `month` = 'é', x = -1.5, ok = true) \
                     LOCATION 's3://b/x/' PARTITION (year = 2025, month = null, x = +2, ok = FALSE);",
                    "lake.default.t; if; (year=2024,month=é,x=-1.5,ok=true) at s3://b/x/; \
                     (year=2025,month=NULL,x=2,ok=FALSE)",
                ),
                (
                    "alter table t add partition (d = date '2024-01-01')",
                    "t; (d=2024-01-01)",
                ),
                (
                    "alter table t drop partition (a = 1), partition (a = 2)",
                    "t; (a=1); (a=2)",
                ),
                (
                    "alter table partitions drop if exists partition (date = 'x')",
                    "partitions; if; (date=x)",
                ),
                ("msck repair table d.T", "repair d.t"),
                ("MSCK REPAIR TABLE t ADD PARTITIONS", "repair t"),
            ],
        );
        assert_eq!(names(&read("msck repair table t")), (vec![], vec!["t".to_owned()]));
        let many = format!(
            "alter table t add {}",
            "partition (dt = 'x', hr = 1) location 'y' ".repeat(2_000)
        );
        assert_eq!(shown(read(&many).command()).matches("hr=1").count(), 2_000);
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a flat table")]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            (
                "alter table t add columns (a int)",
                NotSupported,
                "ALTER TABLE … ADD COLUMNS is not",
                15,
            ),
            (
                "alter table t rename to s",
                NotSupported,
                "ALTER TABLE … RENAME TO is not",
                15,
            ),
            (
                "alter table t partition (a = 1) rename to partition (a = 2)",
                NotSupported,
                "ALTER TABLE … PARTITION is",
                15,
            ),
            (
                "alter table t set tblproperties ('a'='b')",
                NotSupported,
                "ALTER TABLE … SET TBLPROPERTIES is",
                15,
            ),
            (
                "alter table t",
                SyntaxError,
                "expected ADD PARTITION or DROP PARTITION",
                0,
            ),
            (
                "alter table if exists t add partition (a = 1)",
                NotSupported,
                "IF EXISTS of ALTER TABLE",
                13,
            ),
            (
                "alter view v as select 1",
                NotSupported,
                "ALTER VIEW is not supported yet",
                1,
            ),
            (
                "alter table t drop partition (a < 1)",
                NotSupported,
                "a comparison of partition values",
                33,
            ),
            (
                "alter table t drop partition (a = 1) purge",
                NotSupported,
                "PURGE of DROP PARTITION",
                38,
            ),
            (
                "alter table t add partition (a = 1, A = 2)",
                AlreadyExists,
                "the partition column \"A\" is named twice",
                37,
            ),
            ("alter table t add partition (a)", SyntaxError, "expected =", 31),
            (
                "alter table t add partition (a = b)",
                SyntaxError,
                "expected a constant, found \"b\"",
                34,
            ),
            (
                "alter table t add partition ()",
                SyntaxError,
                "expected the name of a partition column",
                30,
            ),
            (
                "alter table t add partition (a = 1) location x",
                SyntaxError,
                "expected the location in quotes",
                46,
            ),
            (
                "msck repair table t sync partitions",
                NotSupported,
                "SYNC PARTITIONS of MSCK",
                21,
            ),
            (
                "msck repair table t drop partitions",
                NotSupported,
                "DROP PARTITIONS of MSCK",
                21,
            ),
            ("msck table t", SyntaxError, "expected REPAIR", 6),
            (
                "msck repair table 's3://b/x'",
                SyntaxError,
                "expected the name of a table, found the location",
                19,
            ),
        ]);
    }
}
