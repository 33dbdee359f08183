//! What the catalogue takes and what it refuses, before it looks at what it has.

use std::collections::HashSet;

use crate::catalog::{Change, Column, Database, Partition, TableDefinition, ViewDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::name::{DEFAULT_CATALOG, INFORMATION_SCHEMA, SYSTEM_DATABASE, TableName};

/// The longest name of a database, table, view or column, in bytes. Glue's limit.
const NAME_LIMIT_BYTES: usize = 255;
/// The most columns of a table or view, partition columns among them.
const COLUMN_LIMIT: usize = 10_000;
/// The most bytes of all the texts of one definition.
const DEFINITION_LIMIT_BYTES: usize = 4 << 20;
/// The most tables that a database opens with.
const TABLE_LIMIT: usize = 10_000;
/// The most partitions that one change adds or drops.
const PARTITION_LIMIT: usize = 100_000;
/// The most bytes of one partition's values. They are a path of at most 1,024 bytes; and PostgreSQL keeps no longer keys.
pub(super) const PARTITION_VALUES_LIMIT_BYTES: usize = 2_000;

/// Whether `change` is one that this catalogue could make.
pub(super) fn check(change: &Change) -> Result<()> {
    check_place(change)?;
    match change {
        Change::CreateDatabase { database, tables, .. } => {
            check_database(database)?;
            at_most("tables", tables.len(), TABLE_LIMIT)?;
            tables.iter().try_for_each(check_table)
        }
        Change::CreateTable { table, .. } => check_table(table),
        Change::CreateView { view, .. } => check_view(view),
        Change::AddPartitions { table, partitions, .. } => check_partitions(table, partitions),
        Change::DropPartitions { partitions, .. } => at_most("partitions", partitions.len(), PARTITION_LIMIT),
        Change::DropDatabase { .. } | Change::DropTable { .. } | Change::DropView { .. } => Ok(()),
    }
}

/// Whether the change concerns this catalogue, and a database that users may change.
fn check_place(change: &Change) -> Result<()> {
    let database = change.database();
    if [INFORMATION_SCHEMA, SYSTEM_DATABASE].contains(&database) {
        let message = format!("the database \"{database}\" is Owlet's own and cannot be changed; use another one");
        return Err(Error::new(ErrorCode::PermissionDenied, message));
    }
    let name = match change {
        Change::CreateTable { table, .. } => &table.name,
        Change::CreateView { view, .. } => &view.name,
        Change::DropView { view: name, .. }
        | Change::DropTable { table: name, .. }
        | Change::AddPartitions { table: name, .. }
        | Change::DropPartitions { table: name, .. } => name,
        Change::CreateDatabase { database, tables, .. } => return check_tables_belong(database, tables),
        Change::DropDatabase { .. } => return Ok(()),
    };
    check_catalog(name)
}

fn check_tables_belong(database: &Database, tables: &[TableDefinition]) -> Result<()> {
    let Some(stray) = tables.iter().find(|table| table.name.database != database.name) else {
        return tables.iter().try_for_each(|table| check_catalog(&table.name));
    };
    let (name, database) = (&stray.name, &database.name);
    Err(Error::new(
        ErrorCode::Internal,
        format!("the table \"{name}\" is not in the new database \"{database}\""),
    ))
}

fn check_catalog(name: &TableName) -> Result<()> {
    if name.catalog == DEFAULT_CATALOG {
        return Ok(());
    }
    let catalog = &name.catalog;
    let message = format!("there is no catalogue \"{catalog}\" that could be changed; use \"{DEFAULT_CATALOG}\"");
    Err(Error::new(ErrorCode::DatabaseNotFound, message))
}

fn check_database(database: &Database) -> Result<()> {
    check_name("database", &database.name)?;
    let own = format!("the database \"{}\"", database.name);
    let texts = [&database.comment, &database.location].into_iter().flatten();
    check_texts(&own, texts)?;
    let properties = database.properties.iter().map(|(key, value)| key.len() + value.len());
    check_size(&own, properties.sum())
}

fn check_table(table: &TableDefinition) -> Result<()> {
    check_name("table", &table.name.table)?;
    let own = format!("the table \"{}\"", table.name);
    check_columns(&own, table.columns.iter().chain(&table.partition_columns))?;
    check_texts(&own, table.comment.iter().chain([&table.location]))?;
    let properties = table.properties.iter().chain(table.format.options());
    check_size(&own, properties.map(|(key, value)| key.len() + value.len()).sum())
}

fn check_view(view: &ViewDefinition) -> Result<()> {
    check_name("view", &view.name.table)?;
    let own = format!("the view \"{}\"", view.name);
    check_columns(&own, view.columns.iter())?;
    check_texts(&own, view.comment.iter().chain([&view.sql, &view.database]))
}

fn check_partitions(table: &TableName, partitions: &[Partition]) -> Result<()> {
    at_most("partitions", partitions.len(), PARTITION_LIMIT)?;
    check_texts(
        &format!("a partition of \"{table}\""),
        partitions.iter().filter_map(|partition| partition.location.as_ref()),
    )
}

fn check_name(kind: &str, name: &str) -> Result<()> {
    let fault = if name.is_empty() {
        "is empty"
    } else if name.len() > NAME_LIMIT_BYTES {
        return Err(invalid(format!(
            "the name of a {kind} has {} bytes, where {NAME_LIMIT_BYTES} are the limit: \"{name}\"",
            name.len()
        )));
    } else if name.contains(char::is_control) {
        "holds a control character"
    } else {
        return Ok(());
    };
    Err(invalid(format!("the name of a {kind} {fault}: choose another one")))
}

fn check_columns<'a>(own: &str, columns: impl Iterator<Item = &'a Column> + Clone) -> Result<()> {
    at_most("columns", columns.clone().count(), COLUMN_LIMIT).map_err(|error| error.context(own))?;
    let mut names = HashSet::new();
    for column in columns.clone() {
        let name = &column.name;
        if name.len() > NAME_LIMIT_BYTES {
            let length = name.len();
            return Err(invalid(format!(
                "{own} has a column whose name has {length} bytes, where {NAME_LIMIT_BYTES} are the limit: \"{name}\""
            )));
        }
        if !names.insert(name) {
            return Err(invalid(format!(
                "{own} has two columns \"{name}\": give one of them another name"
            )));
        }
    }
    check_size(
        own,
        columns
            .filter_map(|column| column.comment.as_ref())
            .map(String::len)
            .sum(),
    )
}

/// PostgreSQL's text holds no NUL, and no definition may be so long that reading it hurts everybody.
fn check_texts<'a>(own: &str, texts: impl Iterator<Item = &'a String> + Clone) -> Result<()> {
    if texts.clone().any(|text| text.contains('\0')) {
        return Err(invalid(format!("{own} holds a NUL character: leave it out")));
    }
    check_size(own, texts.map(String::len).sum())
}

fn check_size(own: &str, bytes: usize) -> Result<()> {
    if bytes <= DEFINITION_LIMIT_BYTES {
        return Ok(());
    }
    let message = format!("{own} has {bytes} bytes of text, where {DEFINITION_LIMIT_BYTES} are the limit: shorten it");
    Err(Error::new(ErrorCode::ExceededStatementLimit, message))
}

fn at_most(what: &str, count: usize, limit: usize) -> Result<()> {
    if count <= limit {
        return Ok(());
    }
    let message = format!("{count} {what} in one definition or change, where {limit} are the limit");
    Err(Error::new(ErrorCode::ExceededStatementLimit, message))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::InvalidValue, message)
}
