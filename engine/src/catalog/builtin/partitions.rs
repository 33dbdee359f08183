//! Partitions registered, and partitions dropped.
//!
//! A dropped partition leaves a row: its files may still be there, and listing would find them again.

use std::collections::HashSet;

use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::encoding::{read_columns, read_values, write_values};
use super::limits::PARTITION_VALUES_LIMIT_BYTES;
use super::relations::{self, named};
use super::row::Kind;
use crate::catalog::transaction::{Transaction, column};
use crate::catalog::{Column, IfExists, Outcome, Partition};
use crate::error::{Error, ErrorCode, Result};
use crate::metastore::Statement;
use crate::name::TableName;

/// Reads what [`read`] takes, by place. Bound: the database and the table.
pub(super) const SELECT: &str =
    "SELECT partition_values, location, dropped FROM owlet_partitions WHERE database_name = $1 AND table_name = $2";

/// The rows that one INSERT carries: four values each, and SQLite binds at most 32,766.
const ROWS_OF_ONE_INSERT: usize = 1_000;

/// The partition in a row of [`SELECT`].
pub(super) fn read(row: &AnyRow) -> Result<Partition> {
    Ok(Partition {
        values: read_values(column(row, 0)?)?,
        location: column(row, 1)?,
        dropped: column::<i64>(row, 2)? != 0,
    })
}

pub(super) async fn add(
    transaction: &mut Transaction<'_>,
    table: &TableName,
    partitions: &[Partition],
    if_exists: IfExists,
) -> Result<Outcome> {
    let columns = partition_columns(transaction, table).await?;
    let mut given = HashSet::new();
    let mut rows = Vec::with_capacity(partitions.len());
    for partition in partitions {
        let values = checked_values(table, &columns, &partition.values)?;
        if given.insert(values.clone()) {
            rows.push((values, partition.location.clone()));
        } else if if_exists == IfExists::Fail {
            return Err(taken(table, &columns, &partition.values, "is named twice"));
        }
    }
    if if_exists == IfExists::Replace {
        return Err(relations::not_replaceable(table));
    }
    if if_exists == IfExists::Fail
        && let Some(partition) = first_registered(transaction, table, partitions).await?
    {
        return Err(taken(table, &columns, &partition.values, "is registered already"));
    }
    let changed = upsert(transaction, table, &rows, State::Registered).await?;
    Ok(if changed > 0 {
        Outcome::Changed
    } else {
        Outcome::Unchanged
    })
}

pub(super) async fn drop(
    transaction: &mut Transaction<'_>,
    table: &TableName,
    partitions: &[Vec<Option<String>>],
) -> Result<Outcome> {
    let columns = partition_columns(transaction, table).await?;
    let mut rows = partitions
        .iter()
        .map(|values| Ok((checked_values(table, &columns, values)?, None)))
        .collect::<Result<Vec<_>>>()?;
    rows.sort_unstable();
    rows.dedup();
    let changed = upsert(transaction, table, &rows, State::Dropped).await?;
    Ok(if changed > 0 {
        Outcome::Changed
    } else {
        Outcome::Unchanged
    })
}

/// What a row says of its partition.
#[derive(Clone, Copy)]
enum State {
    Registered,
    Dropped,
}

/// Writes rows of values and location, all different, where there is none that says the same state already. Gives how many.
async fn upsert(
    transaction: &mut Transaction<'_>,
    table: &TableName,
    rows: &[(String, Option<String>)],
    state: State,
) -> Result<usize> {
    let mut changed = 0;
    for chunk in rows.chunks(ROWS_OF_ONE_INSERT) {
        changed += transaction.execute(upsert_statement(table, chunk, state)).await?;
    }
    Ok(usize::try_from(changed).unwrap_or(usize::MAX))
}

fn upsert_statement(table: &TableName, rows: &[(String, Option<String>)], state: State) -> Statement {
    let places: Vec<String> = (0..rows.len())
        .map(|row| format!("($1, $2, ${}, ${}, $3)", 2 * row + 4, 2 * row + 5))
        .collect();
    let sql = format!(
        "INSERT INTO owlet_partitions (database_name, table_name, partition_values, location, dropped) VALUES {} \
         ON CONFLICT (database_name, table_name, partition_values) \
         DO UPDATE SET location = excluded.location, dropped = excluded.dropped \
         WHERE owlet_partitions.dropped <> excluded.dropped",
        places.join(", ")
    );
    let dropped = match state {
        State::Registered => 0_i64,
        State::Dropped => 1,
    };
    let statement = sqlx::query(AssertSqlSafe(sql))
        .bind(table.database.clone())
        .bind(table.table.clone())
        .bind(dropped);
    rows.iter().fold(statement, |statement, (values, location)| {
        statement.bind(values.clone()).bind(location.clone())
    })
}

/// The partition columns of `table`, which must be a table that has some.
async fn partition_columns(transaction: &mut Transaction<'_>, table: &TableName) -> Result<Vec<Column>> {
    match relations::kind_of(transaction, table).await? {
        Some(Kind::Table) => {}
        Some(Kind::View) => {
            let message = format!("\"{table}\" is a view: only tables have partitions");
            return Err(Error::new(ErrorCode::TableNotFound, message));
        }
        None => return Err(relations::missing(transaction, table, Kind::Table).await?),
    }
    let sql = "SELECT partition_columns FROM owlet_relations WHERE database_name = $1 AND name = $2";
    let texts = transaction.fetch_texts(named(sql, table)).await?;
    let columns = texts.first().map_or(Ok(Vec::new()), |text| read_columns(text))?;
    if columns.is_empty() {
        let message = format!("the table \"{table}\" has no partition columns: it was made without PARTITIONED BY");
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    Ok(columns)
}

/// `values` as they are stored.
fn checked_values(table: &TableName, columns: &[Column], values: &[Option<String>]) -> Result<String> {
    if values.len() != columns.len() {
        let (given, wanted) = (values.len(), columns.len());
        let message =
            format!("a partition of \"{table}\" has {wanted} values, one for each partition column, not {given}");
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    let text = write_values(values);
    if text.len() > PARTITION_VALUES_LIMIT_BYTES {
        let length = text.len();
        let message = format!(
            "the values of a partition of \"{table}\" have {length} bytes, where {PARTITION_VALUES_LIMIT_BYTES} are the limit"
        );
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    Ok(text)
}

/// The first of `partitions` that is registered, and not dropped.
async fn first_registered<'a>(
    transaction: &mut Transaction<'_>,
    table: &TableName,
    partitions: &'a [Partition],
) -> Result<Option<&'a Partition>> {
    let rows = transaction.fetch_all(named(SELECT, table)).await?;
    let registered = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    let registered: HashSet<_> = registered
        .iter()
        .filter(|known| !known.dropped)
        .map(|known| &known.values)
        .collect();
    Ok(partitions
        .iter()
        .find(|partition| registered.contains(&partition.values)))
}

fn taken(table: &TableName, columns: &[Column], values: &[Option<String>], fault: &str) -> Error {
    let steps = columns.iter().zip(values).map(|(column, value)| {
        let value = value.as_ref().map_or("NULL".to_owned(), |value| format!("'{value}'"));
        format!("{} = {value}", column.name)
    });
    let steps = steps.collect::<Vec<_>>().join(", ");
    Error::new(
        ErrorCode::AlreadyExists,
        format!("the partition ({steps}) of \"{table}\" {fault}"),
    )
}
