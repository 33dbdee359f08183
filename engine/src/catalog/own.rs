//! Databases that Owlet brings itself, beside those that a catalogue keeps: everybody reads them, and no statement changes them.

use async_trait::async_trait;
use std::sync::Arc;

use super::{Catalog, Change, Database, Outcome, Partition, Relation};
use crate::error::{Error, ErrorCode, Result};
use crate::name::TableName;

/// A database of Owlet's own.
#[derive(Debug)]
pub struct OwnDatabase {
    /// What it is.
    pub database: Database,
    /// What it holds, in the order of the names.
    pub relations: Vec<Relation>,
    /// What follows its name where a change of it is refused: why, and what to do instead.
    pub refusal: &'static str,
}

/// A catalogue with databases of Owlet's own beside those that it keeps. What the catalogue keeps itself under such a name wins: a
/// database that somebody made is never hidden by one that came later, and Owlet's own is there again once it is dropped.
#[derive(Debug)]
pub struct WithOwnDatabases {
    catalog: Arc<dyn Catalog>,
    own: Vec<OwnDatabase>,
}

impl WithOwnDatabases {
    /// `catalog` with `own` beside what it keeps.
    #[must_use]
    pub fn new(catalog: Arc<dyn Catalog>, own: Vec<OwnDatabase>) -> Self {
        Self { catalog, own }
    }

    /// Owlet's own database of that name, unless the catalogue keeps one.
    async fn own(&self, name: &str) -> Result<Option<&OwnDatabase>> {
        let Some(own) = self.own.iter().find(|own| own.database.name == name) else {
            return Ok(None);
        };
        let is_kept = self.catalog.database(name).await?.is_some();
        Ok((!is_kept).then_some(own))
    }
}

impl OwnDatabase {
    fn find(&self, name: &TableName) -> Option<&Relation> {
        self.relations.iter().find(|relation| match relation {
            Relation::Table(table) => table.name == *name,
            Relation::View(view) => view.name == *name,
            Relation::System(table) => self.database.name == name.database && table.name() == name.table,
        })
    }
}

#[async_trait]
impl Catalog for WithOwnDatabases {
    async fn databases(&self) -> Result<Vec<Database>> {
        let mut databases = self.catalog.databases().await?;
        for own in &self.own {
            if databases.iter().all(|kept| kept.name != own.database.name) {
                databases.push(own.database.clone());
            }
        }
        databases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(databases)
    }

    async fn database(&self, name: &str) -> Result<Option<Database>> {
        let kept = self.catalog.database(name).await?;
        let own = || self.own.iter().find(|own| own.database.name == name);
        Ok(kept.or_else(|| own().map(|own| own.database.clone())))
    }

    async fn relations(&self, database: &str) -> Result<Vec<Relation>> {
        match self.own(database).await? {
            Some(own) => Ok(own.relations.clone()),
            None => self.catalog.relations(database).await,
        }
    }

    async fn find(&self, names: &[TableName]) -> Result<Vec<Option<Relation>>> {
        let mut found: Vec<Option<Relation>> = vec![None; names.len()];
        for own in &self.own {
            let is_named = names.iter().any(|name| own.find(name).is_some());
            if !is_named || self.own(&own.database.name).await?.is_none() {
                continue;
            }
            for (name, found) in names.iter().zip(&mut found) {
                *found = found.take().or_else(|| own.find(name).cloned());
            }
        }
        if found.iter().all(Option::is_some) {
            return Ok(found);
        }
        let kept = self.catalog.find(names).await?;
        Ok(found.into_iter().zip(kept).map(|(own, kept)| own.or(kept)).collect())
    }

    async fn partitions(&self, table: &TableName) -> Result<Vec<Partition>> {
        self.catalog.partitions(table).await
    }

    async fn change(&self, change: Change) -> Result<Outcome> {
        if let Some(own) = self.own(change.database()).await? {
            let message = format!("the database \"{}\" {}", own.database.name, own.refusal);
            return Err(Error::new(ErrorCode::PermissionDenied, message));
        }
        self.catalog.change(change).await
    }
}
