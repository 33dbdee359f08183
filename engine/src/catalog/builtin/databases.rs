//! Databases made and dropped.

use sqlx::any::AnyRow;

use super::encoding::{read_map, write_map};
use super::{relations, row};
use crate::catalog::transaction::{Transaction, column};
use crate::catalog::{Database, IfExists, IfMissing, Outcome, TableDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::metastore::Statement;
use crate::name::{DEFAULT_DATABASE, nearest};

/// The columns that [`read`] takes, by place.
pub(super) const COLUMNS: &str = "name, comment, location, properties";

/// The database in a row of [`COLUMNS`].
pub(super) fn read(row: &AnyRow) -> Result<Database> {
    let name: String = column(row, 0)?;
    let properties = read_map(column(row, 3)?);
    Ok(Database {
        comment: column(row, 1)?,
        location: column(row, 2)?,
        properties: properties.map_err(|error| error.context(format!("the database \"{name}\" cannot be read")))?,
        name,
    })
}

pub(super) async fn create(
    transaction: &mut Transaction<'_>,
    database: &Database,
    tables: &[TableDefinition],
    if_exists: IfExists,
) -> Result<Outcome> {
    let name = &database.name;
    if is_there(transaction, name).await? {
        return match if_exists {
            IfExists::Keep => Ok(Outcome::Unchanged),
            IfExists::Fail => Err(Error::new(
                ErrorCode::AlreadyExists,
                format!("there is already a database \"{name}\""),
            )),
            IfExists::Replace => Err(relations::not_replaceable(name)),
        };
    }
    transaction.execute(insert(database)).await?;
    let mut names: Vec<&str> = tables.iter().map(|table| table.name.table.as_str()).collect();
    names.sort_unstable();
    if let Some((twice, _)) = names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next) {
        let message = format!("the new database \"{name}\" has two tables \"{twice}\"");
        return Err(Error::new(ErrorCode::AlreadyExists, message));
    }
    for table in tables {
        transaction.execute(row::insert_table(table)?).await?;
    }
    Ok(Outcome::Changed)
}

fn insert(database: &Database) -> Statement {
    let sql = "INSERT INTO owlet_databases (name, comment, location, properties) VALUES ($1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(database.name.clone())
        .bind(database.comment.clone())
        .bind(database.location.clone())
        .bind(write_map(&database.properties))
}

/// `cascade`: whether what it holds goes with it.
pub(super) async fn drop(
    transaction: &mut Transaction<'_>,
    name: &str,
    cascade: bool,
    if_missing: IfMissing,
) -> Result<Outcome> {
    if name == DEFAULT_DATABASE {
        let message = format!("the database \"{name}\" cannot be dropped: sessions start in it");
        return Err(Error::new(ErrorCode::PermissionDenied, message));
    }
    if !is_there(transaction, name).await? {
        return match if_missing {
            IfMissing::Ignore => Ok(Outcome::Unchanged),
            IfMissing::Fail => Err(missing(transaction, name).await?),
        };
    }
    let held = relations::names(transaction, name).await?;
    if let (Some(first), false) = (held.first(), cascade) {
        let count = held.len();
        let message = format!(
            "the database \"{name}\" is not empty: it holds \"{first}\"{}; drop what it holds first, or all at once with CASCADE",
            if count > 1 {
                format!(" and {} more", count - 1)
            } else {
                String::new()
            }
        );
        return Err(Error::new(ErrorCode::AlreadyExists, message));
    }
    for sql in [
        "DELETE FROM owlet_partitions WHERE database_name = $1",
        "DELETE FROM owlet_relations WHERE database_name = $1",
        "DELETE FROM owlet_databases WHERE name = $1",
    ] {
        transaction.execute(sqlx::query(sql).bind(name.to_owned())).await?;
    }
    Ok(Outcome::Changed)
}

/// Fails unless there is the database `name`.
pub(super) async fn demand(transaction: &mut Transaction<'_>, name: &str) -> Result<()> {
    if is_there(transaction, name).await? {
        return Ok(());
    }
    Err(missing(transaction, name).await?)
}

async fn is_there(transaction: &mut Transaction<'_>, name: &str) -> Result<bool> {
    let select = sqlx::query("SELECT name FROM owlet_databases WHERE name = $1").bind(name.to_owned());
    Ok(!transaction.fetch_all(select).await?.is_empty())
}

async fn missing(transaction: &mut Transaction<'_>, name: &str) -> Result<Error> {
    let known = transaction
        .fetch_texts(sqlx::query("SELECT name FROM owlet_databases"))
        .await?;
    let hint = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => "; SHOW DATABASES lists those that are there".to_owned(),
    };
    let message = format!("there is no database \"{name}\"{hint}");
    Ok(Error::new(ErrorCode::DatabaseNotFound, message))
}
