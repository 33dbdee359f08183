//! CREATE TABLE, in all its forms.

use arrow::array::RecordBatch;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::stored::{self, Stored};
use super::{drop, place};
use crate::catalog::{Change, Column, IfExists, Ownership, Relation, TableDefinition, schema_of};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::write::Files;
use crate::formats::{self, Format, Inspected};
use crate::name::{TableName, quoted};
use crate::planner::plan::{Effect, KeepEffect, KeepMode, Plan, WriteEffect};
use crate::planner::planning::Planning;
use crate::planner::rows;
use crate::storage::Location;
use crate::syntax::CreateTable;

/// A table of files that are there, an empty one, or one with the rows of a query.
pub async fn create_table(planning: &Planning<'_>, create: &CreateTable) -> Result<Plan> {
    refuse_contradictions(create)?;
    place::refuse_secrets(create.properties.keys().chain(create.format_options.keys()))?;
    if create.temporary {
        return temporary(planning, create).await;
    }
    let (name, database) = place::relation_name(planning, &create.name).await?;
    let if_exists = match (create.if_not_exists, create.or_replace) {
        (true, _) => IfExists::Keep,
        (false, true) => IfExists::Replace,
        (false, false) => IfExists::Fail,
    };
    // Said before anything is read or written, and once more by the catalogue at the end.
    let orphaned = match (place::present(planning, &name).await?, if_exists) {
        (None, _) => None,
        (Some(_), IfExists::Keep) => return planning.answer(rows::nothing()).await,
        (Some(Relation::Table(table)), IfExists::Replace) => drop::owned_directory(planning, &table)?,
        (Some(present), _) => return Err(place::already_exists(&name, &present)),
    };
    let (location, ownership) = place::of_table(planning, &name, &database, create)?;
    let format = declared_format(create)?;
    match &create.query {
        None => {
            let table = without_query(
                planning,
                create,
                Shell {
                    name,
                    location,
                    ownership,
                    format,
                },
            )
            .await?;
            let change = Change::CreateTable {
                table: Box::new(table),
                if_exists,
                claim: None,
            };
            planning.change_and_remove(change, orphaned.into_iter().collect()).await
        }
        Some(tree) => {
            let rows = stored::rows(planning, tree, &create.columns, &partition_names(create)).await?;
            let shell = Shell {
                name,
                location,
                ownership,
                format,
            };
            let replaced = Replaced { if_exists, orphaned };
            as_query(planning, create, shell, rows, replaced).await
        }
    }
}

/// What a new table does to one of its name.
struct Replaced {
    if_exists: IfExists,
    /// The directory of the other, if that is to go with it.
    orphaned: Option<Location>,
}

/// What a new table is before its columns are known.
struct Shell {
    name: TableName,
    location: Location,
    ownership: Ownership,
    format: Option<Format>,
}

impl Shell {
    fn table(self, create: &CreateTable, columns: Vec<Column>, partition_columns: Vec<Column>) -> TableDefinition {
        TableDefinition {
            name: self.name,
            columns,
            partition_columns,
            location: self.location.to_string(),
            format: self.format.unwrap_or_else(Format::parquet),
            ownership: self.ownership,
            comment: create.comment.clone(),
            properties: create.properties.clone(),
        }
    }
}

fn refuse_contradictions(create: &CreateTable) -> Result<()> {
    let refused = |message: &str| Err(Error::new(ErrorCode::NotSupported, message));
    if create.external && create.location.is_none() {
        let message = "an external table needs the place of its files: LOCATION 's3://bucket/path/'";
        return Err(Error::new(ErrorCode::SyntaxError, message));
    }
    if create.external && create.query.is_some() {
        return refused(
            "CREATE EXTERNAL TABLE … AS SELECT is not supported; write CREATE TABLE … LOCATION '…' AS SELECT",
        );
    }
    if create.temporary && (create.location.is_some() || !create.partition_columns.is_empty()) {
        return refused("a temporary table has neither LOCATION nor PARTITIONED BY; leave them out");
    }
    let has_url_query = |location: &String| location.starts_with("http") && location.contains('?');
    if create.location.as_ref().is_some_and(has_url_query) {
        return refused("a URL with a query (?…) cannot be kept as the place of a table; query it in place");
    }
    Ok(())
}

/// The format that the statement declares, if it declares one.
fn declared_format(create: &CreateTable) -> Result<Option<Format>> {
    let mut options: BTreeMap<String, String> = create.format_options.clone();
    // Hive has what concerns the bytes among the properties of the table as well.
    let about_bytes = [
        "skip.header.line.count",
        "serialization.null.format",
        "compressiontype",
        "compression",
        "projection.enabled",
    ];
    for (key, value) in &create.properties {
        let lower = key.to_lowercase();
        if about_bytes.contains(&lower.as_str()) {
            options.entry(lower).or_insert_with(|| value.clone());
        }
    }
    let declared = [&create.stored_as, &create.serde, &create.input_format];
    if declared.iter().all(|one| one.is_none()) && create.format_options.is_empty() {
        formats::refuse_other_meanings(&options)?;
        return Ok(None);
    }
    formats::format_of(
        create.stored_as.as_deref(),
        create.serde.as_deref(),
        create.input_format.as_deref(),
        &options,
    )
    .map(Some)
}

fn partition_names(create: &CreateTable) -> Vec<String> {
    create
        .partition_columns
        .iter()
        .map(|column| column.name.clone())
        .collect()
}

/// A table whose columns are declared, or found in the files that are there.
async fn without_query(planning: &Planning<'_>, create: &CreateTable, mut shell: Shell) -> Result<TableDefinition> {
    if !create.columns.is_empty() {
        let (columns, partition_columns) = declared_columns(create)?;
        if shell.format.is_none() && create.location.is_some() {
            shell.format = found_format(planning, &shell.location).await?;
        }
        let location = shell.location.clone();
        let table = shell.table(create, columns, partition_columns);
        if create.location.is_some() {
            check_partition_order(planning, location, &table).await?;
        }
        return Ok(table);
    }
    if create.location.is_none() {
        let message = "the table has no columns; declare them, as in CREATE TABLE t (id BIGINT), or add AS SELECT …";
        return Err(Error::new(ErrorCode::SyntaxError, message));
    }
    let sources = planning.sources();
    let locations = std::slice::from_ref(&shell.location);
    let found = formats::inspect(sources.storage, locations, shell.format.as_ref(), sources.formats).await;
    let found = found.map_err(|error| match error.code() {
        ErrorCode::TableNotFound => {
            let place = &shell.location;
            let message = format!("there is no file at \"{place}\" to find the columns in; declare them");
            Error::new(ErrorCode::TableNotFound, message).caused_by(error)
        }
        _ => error,
    })?;
    let partition_columns = found_partition_columns(create, &found)?;
    let columns = found
        .columns
        .fields()
        .iter()
        .map(|field| Column::from(field.as_ref()))
        .collect();
    shell.format = Some(found.format);
    Ok(shell.table(create, columns, partition_columns))
}

/// Refuses a table whose directories spell its partition columns in another order.
async fn check_partition_order(planning: &Planning<'_>, location: Location, table: &TableDefinition) -> Result<()> {
    let declaration = table.declaration(location, Vec::new());
    let sources = planning.sources();
    formats::check_partition_order(sources.storage, &declaration, sources.formats).await
}

/// The format of the files that are there already, if there are any: their endings say it.
async fn found_format(planning: &Planning<'_>, location: &Location) -> Result<Option<Format>> {
    let sources = planning.sources();
    match formats::inspect(sources.storage, std::slice::from_ref(location), None, sources.formats).await {
        Ok(found) => Ok(Some(found.format)),
        Err(error) if error.code() == ErrorCode::TableNotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The columns of the files and those of the paths, as declared. A partition column without a type is one of those declared above.
fn declared_columns(create: &CreateTable) -> Result<(Vec<Column>, Vec<Column>)> {
    let mut columns = create.columns.clone();
    let mut partition_columns = Vec::new();
    for partition in &create.partition_columns {
        let place = columns.iter().position(|column| column.name == partition.name);
        match (&partition.data_type, place) {
            (None, Some(place)) => partition_columns.push(columns.remove(place)),
            (None, None) => {
                let name = quoted(&partition.name);
                let message = format!("the partition column {name} has no type; write PARTITIONED BY ({name} STRING)");
                return Err(Error::new(ErrorCode::SyntaxError, message));
            }
            (Some(_), Some(_)) => {
                let name = quoted(&partition.name);
                let message = format!(
                    "the column {name} is declared twice; a partition column is not among the columns of the files"
                );
                return Err(Error::new(ErrorCode::AlreadyExists, message));
            }
            (Some(data_type), None) => partition_columns.push(Column {
                comment: partition.comment.clone(),
                ..Column::new(&partition.name, data_type.clone())
            }),
        }
    }
    if columns.is_empty() {
        let message = "every column is a partition column; the files of a table need one of their own";
        return Err(Error::new(ErrorCode::SyntaxError, message));
    }
    Ok((columns, partition_columns))
}

/// The partition columns that the paths spell, which must be those that the statement names, if it names any.
fn found_partition_columns(create: &CreateTable, found: &Inspected) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = found
        .partition_columns
        .iter()
        .map(|field| Column::from(field.as_ref()))
        .collect();
    let declared = &create.partition_columns;
    if declared.is_empty() {
        return Ok(columns);
    }
    let same = declared.len() == columns.len() && declared.iter().zip(&columns).all(|(a, b)| a.name == b.name);
    if !same {
        let names = |names: Vec<&str>| {
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        };
        let message = format!(
            "the paths of the files spell other partition columns ({}) than PARTITIONED BY names ({})",
            names(columns.iter().map(|column| column.name.as_str()).collect()),
            names(declared.iter().map(|column| column.name.as_str()).collect()),
        );
        return Err(Error::new(ErrorCode::BadData, message));
    }
    for (column, declared) in columns.iter_mut().zip(declared) {
        if let Some(data_type) = &declared.data_type {
            column.data_type.clone_from(data_type);
        }
        column.comment.clone_from(&declared.comment);
    }
    Ok(columns)
}

/// A table with the rows of a query: files first, then one row in the catalogue that makes them a table.
async fn as_query(
    planning: &Planning<'_>,
    create: &CreateTable,
    shell: Shell,
    rows: Stored,
    replaced: Replaced,
) -> Result<Plan> {
    let location = shell.location.clone();
    let partition_count = create.partition_columns.len();
    let mut columns: Vec<Column> = rows
        .columns
        .fields()
        .iter()
        .map(|field| Column::from(field.as_ref()))
        .collect();
    for (column, declared) in columns.iter_mut().zip(&create.columns) {
        column.comment.clone_from(&declared.comment);
        column.nullable = declared.nullable;
    }
    let partition_columns = columns.split_off(columns.len() - partition_count);
    if columns.is_empty() {
        let message = "every column is a partition column; the files of a table need one of their own";
        return Err(Error::new(ErrorCode::SyntaxError, message));
    }
    let table = shell.table(create, columns, partition_columns);
    let format = table.format.clone();
    let claim = planning.claim(&location);
    let change = Change::CreateTable {
        table: Box::new(table),
        if_exists: replaced.if_exists,
        claim: create.with_data.then(|| claim.clone()),
    };
    if !create.with_data {
        let orphaned = replaced.orphaned.into_iter().collect();
        return planning.change_and_remove(change, orphaned).await;
    }
    let effect = WriteEffect {
        target: planning.target(location, format, &rows.columns, partition_names(create)),
        files: Files::Many,
        create: Some(change),
        claim: Some(claim),
        orphaned: replaced.orphaned,
    };
    Ok(rows.plan(planning, Effect::Write(Box::new(effect))))
}

/// A table that the session keeps in memory.
async fn temporary(planning: &Planning<'_>, create: &CreateTable) -> Result<Plan> {
    let [name] = create.name.parts() else {
        let message = "a temporary table is in no database; give its name alone";
        return Err(Error::new(ErrorCode::NotSupported, message));
    };
    let name = name.to_lowercase();
    if planning.defaults().temporary.contains_key(&name) && !create.or_replace {
        if create.if_not_exists {
            return planning.answer(rows::nothing()).await;
        }
        let message = format!(
            "there is a temporary table {} already; drop it, or add IF NOT EXISTS",
            quoted(&name)
        );
        return Err(Error::new(ErrorCode::AlreadyExists, message));
    }
    let keep = |columns| {
        Effect::Keep(KeepEffect {
            table: name.clone(),
            columns,
            mode: if create.or_replace {
                KeepMode::Replace
            } else {
                KeepMode::New
            },
        })
    };
    match &create.query {
        Some(tree) if create.with_data => {
            let rows = stored::rows(planning, tree, &create.columns, &[]).await?;
            let effect = keep(Arc::clone(&rows.columns));
            Ok(rows.plan(planning, effect))
        }
        Some(tree) => {
            let rows = stored::rows(planning, tree, &create.columns, &[]).await?;
            let empty = RecordBatch::new_empty(Arc::clone(&rows.columns));
            planning.with_effect(empty, keep(rows.columns)).await
        }
        None if create.columns.is_empty() => {
            let message = "the table has no columns; declare them, or add AS SELECT …";
            Err(Error::new(ErrorCode::SyntaxError, message))
        }
        None => {
            let columns = schema_of(&create.columns);
            let empty = RecordBatch::new_empty(Arc::clone(&columns));
            planning.with_effect(empty, keep(columns)).await
        }
    }
}
