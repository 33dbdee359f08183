//! Tables and views made and dropped.

use super::databases;
use super::row::{self, Kind};
use crate::catalog::transaction::Transaction;
use crate::catalog::{IfExists, IfMissing, Outcome, TableDefinition, ViewDefinition, WriteClaim, writes};
use crate::error::{Error, ErrorCode, Result};
use crate::metastore::Statement;
use crate::name::{TableName, nearest};

pub(super) async fn create_table(
    transaction: &mut Transaction<'_>,
    table: &TableDefinition,
    if_exists: IfExists,
    claim: Option<&WriteClaim>,
) -> Result<Outcome> {
    let name = &table.name;
    databases::demand(transaction, &name.database).await?;
    match (kind_of(transaction, name).await?, if_exists) {
        (Some(_), IfExists::Keep) => return Ok(Outcome::Unchanged),
        (Some(Kind::Table), IfExists::Replace) => remove(transaction, name).await?,
        (Some(kind), _) => return Err(taken(name, kind)),
        (None, _) => {}
    }
    if let Some(claim) = claim {
        writes::surrender(transaction, claim).await?;
    }
    transaction.execute(row::insert_table(table)?).await?;
    Ok(Outcome::Changed)
}

pub(super) async fn create_view(
    transaction: &mut Transaction<'_>,
    view: &ViewDefinition,
    if_exists: IfExists,
) -> Result<Outcome> {
    let name = &view.name;
    databases::demand(transaction, &name.database).await?;
    match (kind_of(transaction, name).await?, if_exists) {
        (Some(_), IfExists::Keep) => return Ok(Outcome::Unchanged),
        (Some(Kind::View), IfExists::Replace) => {
            transaction.execute(delete(name)).await?;
        }
        (Some(kind), _) => return Err(taken(name, kind)),
        (None, _) => {}
    }
    transaction.execute(row::insert_view(view)?).await?;
    Ok(Outcome::Changed)
}

/// Drops the table or view `name`, which must be of `kind`.
pub(super) async fn drop(
    transaction: &mut Transaction<'_>,
    name: &TableName,
    kind: Kind,
    if_missing: IfMissing,
) -> Result<Outcome> {
    match (kind_of(transaction, name).await?, if_missing) {
        (None, IfMissing::Ignore) => return Ok(Outcome::Unchanged),
        (None, IfMissing::Fail) => return Err(missing(transaction, name, kind).await?),
        (Some(found), _) if found != kind => {
            let (word, statement) = (found.word(), found.word().to_uppercase());
            let message = format!("\"{name}\" is a {word}: drop it with DROP {statement}");
            return Err(Error::new(ErrorCode::TableNotFound, message));
        }
        (Some(_), _) => {}
    }
    remove(transaction, name).await?;
    Ok(Outcome::Changed)
}

async fn remove(transaction: &mut Transaction<'_>, name: &TableName) -> Result<()> {
    let sql = "DELETE FROM owlet_partitions WHERE database_name = $1 AND table_name = $2";
    transaction.execute(named(sql, name)).await?;
    transaction.execute(delete(name)).await?;
    Ok(())
}

/// What there is of this name.
pub(super) async fn kind_of(transaction: &mut Transaction<'_>, name: &TableName) -> Result<Option<Kind>> {
    let select = named(
        "SELECT kind FROM owlet_relations WHERE database_name = $1 AND name = $2",
        name,
    );
    let kinds = transaction.fetch_texts(select).await?;
    kinds.first().map(|kind| Kind::read(kind)).transpose()
}

/// The names of all that `database` holds, in order.
pub(super) async fn names(transaction: &mut Transaction<'_>, database: &str) -> Result<Vec<String>> {
    let select = sqlx::query("SELECT name FROM owlet_relations WHERE database_name = $1").bind(database.to_owned());
    let mut names = transaction.fetch_texts(select).await?;
    names.sort_unstable();
    Ok(names)
}

/// The error for a table or view that is not there, or whose database is not.
pub(super) async fn missing(transaction: &mut Transaction<'_>, name: &TableName, kind: Kind) -> Result<Error> {
    databases::demand(transaction, &name.database).await?;
    let known = names(transaction, &name.database).await?;
    let word = kind.word();
    let hint = match nearest(&name.table, known.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => format!("; SHOW {}S lists those that are there", word.to_uppercase()),
    };
    Ok(Error::new(
        ErrorCode::TableNotFound,
        format!("there is no {word} \"{name}\"{hint}"),
    ))
}

/// The error for OR REPLACE of anything but a table or view.
pub(super) fn not_replaceable(name: impl std::fmt::Display) -> Error {
    let message = format!("\"{name}\" cannot be replaced: only tables and views can; drop it first if it is there");
    Error::new(ErrorCode::NotSupported, message)
}

fn taken(name: &TableName, kind: Kind) -> Error {
    let word = kind.word();
    Error::new(
        ErrorCode::AlreadyExists,
        format!("there is already a {word} \"{name}\""),
    )
}

fn delete(name: &TableName) -> Statement {
    named(
        "DELETE FROM owlet_relations WHERE database_name = $1 AND name = $2",
        name,
    )
}

/// `sql` with the database as `$1` and the table as `$2`.
pub(super) fn named(sql: &'static str, name: &TableName) -> Statement {
    sqlx::query(sql).bind(name.database.clone()).bind(name.table.clone())
}
