//! The clauses of CREATE TABLE that say how its files are written: STORED AS, ROW FORMAT, WITH.

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::columns;
use super::database::once;
use super::properties::{Property, PropertyValue, insert, properties};
use super::table::Draft;
use crate::error::Result;
use crate::syntax::command::CreateTable;
use crate::syntax::names::unescaped;
use crate::syntax::reader::{Reader, unsupported};

/// STORED AS format, or INPUTFORMAT '…' OUTPUTFORMAT '…'.
pub(super) fn stored_as(reader: &mut Reader<'_>, table: &mut CreateTable) -> Result<()> {
    if reader.is("STORED BY") {
        return Err(reader.unsupported("STORED BY", "write STORED AS with the name of the format"));
    }
    let position = reader.position();
    reader.expect("STORED AS")?;
    once(reader, table.stored_as.is_some(), "the format", position)?;
    if reader.takes("INPUTFORMAT") {
        table.input_format = Some(reader.string("the class of the input format in quotes")?);
        reader.expect("OUTPUTFORMAT")?;
        // What is read by the first is written by its counterpart; the second says nothing that the first does not.
        reader.string("the class of the output format in quotes")?;
        return Ok(());
    }
    table.stored_as = Some(match reader.peek(0) {
        Token::Word(word) if word.quote_style.is_none() => {
            let word = word.value.clone();
            reader.advance();
            word
        }
        _ => reader.string("the name of a format")?,
    });
    Ok(())
}

/// ROW FORMAT DELIMITED …, or ROW FORMAT SERDE '…'.
pub(super) fn row_format(reader: &mut Reader<'_>, table: &mut CreateTable) -> Result<()> {
    reader.expect("ROW FORMAT")?;
    if reader.takes("SERDE") {
        table.serde = Some(reader.string("the class of the serde in quotes")?);
        return Ok(());
    }
    if !reader.takes("DELIMITED") {
        return Err(reader.expected("DELIMITED or SERDE"));
    }
    loop {
        let position = reader.position();
        let Some((words, key)) = DELIMITERS.iter().find(|(words, _)| reader.takes(words)) else {
            return Ok(());
        };
        let value = unescaped(&reader.string(&format!("the character of {words} in quotes"))?);
        once(reader, table.format_options.contains_key(*key), words, position)?;
        table.format_options.insert((*key).to_owned(), value);
    }
}

/// The clauses of ROW FORMAT DELIMITED with the names that Hive keeps them under.
const DELIMITERS: &[(&str, &str)] = &[
    ("FIELDS TERMINATED BY", "field.delim"),
    ("ESCAPED BY", "escape.delim"),
    ("COLLECTION ITEMS TERMINATED BY", "collection.delim"),
    ("MAP KEYS TERMINATED BY", "mapkey.delim"),
    ("LINES TERMINATED BY", "line.delim"),
    ("NULL DEFINED AS", "serialization.null.format"),
];

/// WITH SERDEPROPERTIES (…) of Hive, or WITH (…) of Athena.
pub(super) fn with(reader: &mut Reader<'_>, draft: &mut Draft) -> Result<()> {
    let position = reader.position();
    if reader.is("WITH ORDER") {
        return Err(reader.unsupported(
            "WITH ORDER",
            "leave it out, the order of rows in files is not relied on",
        ));
    }
    if reader.is("WITH HEADER ROW") {
        return Err(reader.unsupported("WITH HEADER ROW", "write OPTIONS ('format.has_header' 'true')"));
    }
    if reader.takes("WITH SERDEPROPERTIES") {
        once(
            reader,
            !draft.seen.insert("WITH SERDEPROPERTIES"),
            "WITH SERDEPROPERTIES",
            position,
        )?;
        return serde_properties(properties(reader)?, &mut draft.table.format_options);
    }
    reader.expect("WITH")?;
    once(reader, !draft.seen.insert("WITH"), "WITH", position)?;
    for property in properties(reader)? {
        table_property(property, draft)?;
    }
    Ok(())
}

/// Keys in lower case, values as Hive reads its strings.
fn serde_properties(list: Vec<Property>, options: &mut BTreeMap<String, String>) -> Result<()> {
    for mut property in list {
        property.key = property.key.to_lowercase();
        if let PropertyValue::One(value) = &mut property.value {
            *value = unescaped(value);
        }
        insert(options, property)?;
    }
    Ok(())
}

/// The properties of Athena's CREATE TABLE … WITH (…) AS.
const TABLE_PROPERTIES: &[&str] = &[
    "bucket_count",
    "bucketed_by",
    "compression_level",
    "external_location",
    "field_delimiter",
    "format",
    "is_external",
    "orc_compression",
    "parquet_compression",
    "partitioned_by",
    "table_type",
    "write_compression",
];

fn table_property(mut property: Property, draft: &mut Draft) -> Result<()> {
    property.key = property.key.to_lowercase();
    let refused = |what: &str, advice: &str| Err(unsupported(property.position, what, advice));
    match property.key.as_str() {
        "format" if draft.table.stored_as.is_some() || draft.table.input_format.is_some() => {
            Err(property.error("is given twice"))
        }
        "format" => {
            draft.table.stored_as = Some(property.text()?);
            Ok(())
        }
        "external_location" if draft.table.location.is_some() => Err(property.error("is given twice")),
        "external_location" => {
            draft.table.location = Some(property.text()?);
            Ok(())
        }
        "partitioned_by" => partitioned_by(property, draft),
        "field_delimiter" => {
            "field.delim".clone_into(&mut property.key);
            serde_properties(vec![property], &mut draft.table.format_options)
        }
        "parquet_compression" => {
            "write_compression".clone_into(&mut property.key);
            insert(&mut draft.table.format_options, property)
        }
        "write_compression" | "compression_level" => insert(&mut draft.table.format_options, property),
        "table_type" => match property.clone().text()?.to_ascii_uppercase().as_str() {
            "HIVE" => Ok(()),
            other => refused(&format!("the table type {other}"), "leave table_type out"),
        },
        "is_external" => match property.clone().text()?.as_str() {
            word if word.eq_ignore_ascii_case("true") => Ok(()),
            _ => refused("is_external = false", "leave it out"),
        },
        "bucketed_by" | "bucket_count" => refused(&property.key, "leave it out, buckets are not written"),
        "orc_compression" => refused(&property.key, "write the table as Parquet"),
        "partitioning" | "location" | "vacuum_min_snapshots_to_keep" | "vacuum_max_snapshot_age_seconds" => refused(
            &format!("{}, a property of Iceberg tables,", property.key),
            "write external_location and partitioned_by",
        ),
        _ => Err(property.unknown(TABLE_PROPERTIES)),
    }
}

fn partitioned_by(property: Property, draft: &mut Draft) -> Result<()> {
    if !draft.partitions.is_empty() {
        return Err(property.error("is given twice"));
    }
    match property.value {
        PropertyValue::List(names) => {
            let declared = |name| columns::named_by_property(name, property.position);
            draft.partitions = names.into_iter().map(declared).collect();
            Ok(())
        }
        PropertyValue::One(_) => Err(property.error("is a list, such as ARRAY['year', 'month']")),
    }
}
