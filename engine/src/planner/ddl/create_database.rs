//! CREATE DATABASE: an empty one, or one that opens with the tables under a prefix.

use super::{discover, place};
use crate::catalog::{Change, Database, IfExists};
use crate::error::Result;
use crate::planner::plan::{CatalogEffect, Effect, Plan};
use crate::planner::planning::Planning;
use crate::planner::rows;
use crate::syntax::CreateDatabase;

/// A new database, empty or with the tables that lie under a prefix.
pub async fn create_database(planning: &Planning<'_>, create: &CreateDatabase) -> Result<Plan> {
    let name = place::database_name(planning, &create.name)?;
    place::refuse_secrets(create.properties.keys())?;
    let location = match &create.location {
        None => None,
        Some(written) => Some(place::writable(place::directory(planning, written)?)?.to_string()),
    };
    let database = Database {
        name: name.clone(),
        comment: create.comment.clone(),
        location,
        properties: create.properties.clone(),
    };
    let if_exists = if create.if_not_exists {
        IfExists::Keep
    } else {
        IfExists::Fail
    };
    let is_there = planning.sources().catalog.database(&name).await?.is_some();
    let (tables, report) = match &create.from {
        Some(prefix) if !is_there => discover::tables_under(planning, &name, prefix).await?,
        _ => (Vec::new(), rows::nothing()),
    };
    let effect = CatalogEffect {
        change: Change::CreateDatabase {
            database,
            tables,
            if_exists,
        },
        orphaned: Vec::new(),
    };
    planning.with_effect(report, Effect::Catalog(Box::new(effect))).await
}
