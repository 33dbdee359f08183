//! DROP DATABASE, DROP TABLE, DROP VIEW.

use std::path::Path;

use super::place;
use crate::catalog::{Change, IfMissing, Ownership, Relation, TableDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::governance;
use crate::name::DEFAULT_DATABASE;
use crate::planner::plan::Plan;
use crate::planner::planning::Planning;
use crate::planner::session::SessionChange;
use crate::storage::Location;
use crate::syntax::{Drop, DropDatabase};

/// Drops a database, and with CASCADE what is in it.
pub async fn drop_database(planning: &Planning<'_>, drop: &DropDatabase) -> Result<Plan> {
    let database = place::database_name(planning, &drop.name)?;
    if database == DEFAULT_DATABASE {
        let message = "the database \"default\" cannot be dropped; drop its tables";
        return Err(Error::new(ErrorCode::NotSupported, message));
    }
    let mut orphaned = Vec::new();
    if drop.cascade {
        for relation in planning.sources().catalog.relations(&database).await? {
            if let Relation::Table(table) = relation {
                orphaned.extend(owned_directory(planning, &table)?);
            }
        }
    }
    let change = Change::DropDatabase {
        database,
        cascade: drop.cascade,
        if_missing: if_missing(drop.if_exists),
    };
    planning.change_and_remove(change, orphaned).await
}

/// Drops a table, a temporary one of that name before any other. Files that the table owns go after it.
pub async fn drop_table(planning: &Planning<'_>, drop: &Drop) -> Result<Plan> {
    if let [name] = drop.name.parts()
        && planning.defaults().temporary.contains_key(&name.to_lowercase())
    {
        return planning
            .session_change(SessionChange::DropTemporary(name.to_lowercase()))
            .await;
    }
    let table = governance::full_name(&drop.name, planning.defaults());
    let orphaned = match place::present(planning, &table).await? {
        Some(Relation::Table(table)) => owned_directory(planning, &table)?.into_iter().collect(),
        _ => Vec::new(),
    };
    let if_missing = if_missing(drop.if_exists);
    planning
        .change_and_remove(Change::DropTable { table, if_missing }, orphaned)
        .await
}

/// Drops a view.
pub async fn drop_view(planning: &Planning<'_>, drop: &Drop) -> Result<Plan> {
    let view = governance::full_name(&drop.name, planning.defaults());
    let if_missing = if_missing(drop.if_exists);
    planning.change(Change::DropView { view, if_missing }).await
}

fn if_missing(if_exists: bool) -> IfMissing {
    if if_exists { IfMissing::Ignore } else { IfMissing::Fail }
}

/// The directory whose files end with the table.
pub(super) fn owned_directory(planning: &Planning<'_>, table: &TableDefinition) -> Result<Option<Location>> {
    if table.ownership == Ownership::External {
        return Ok(None);
    }
    let location = Location::parse(&table.location, Path::new("/"))?;
    planning.sources().storage.permit(&location);
    Ok(Some(location))
}
