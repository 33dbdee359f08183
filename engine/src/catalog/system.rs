//! Owlet's own tables, in the database `system`: read-only views of its durable state.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use std::sync::Arc;

use super::{Catalog, Change, Database, Outcome, Partition, Relation};
use crate::error::{Error, ErrorCode, Result};
use crate::name::{SYSTEM_DATABASE, TableName};

/// One table of the database `system`. Its rows are read anew for each statement that names it.
#[async_trait]
pub trait SystemTable: std::fmt::Debug + Send + Sync {
    /// Its name, lower case.
    fn name(&self) -> &'static str;

    /// The schema of its rows.
    fn schema(&self) -> SchemaRef;

    /// Its rows now.
    ///
    /// # Errors
    /// Those of the place where the rows are kept.
    async fn rows(&self) -> Result<RecordBatch>;
}

/// A catalogue with the database `system` beside its own.
#[derive(Debug)]
pub struct SystemCatalog {
    catalog: Arc<dyn Catalog>,
    tables: Vec<Arc<dyn SystemTable>>,
}

impl SystemCatalog {
    /// `catalog` with `tables` in its database `system`.
    #[must_use]
    pub fn new(catalog: Arc<dyn Catalog>, mut tables: Vec<Arc<dyn SystemTable>>) -> Self {
        tables.sort_by_key(|table| table.name());
        Self { catalog, tables }
    }

    fn table(&self, name: &TableName) -> Option<Relation> {
        let wanted = |table: &&Arc<dyn SystemTable>| name.database == SYSTEM_DATABASE && table.name() == name.table;
        self.tables
            .iter()
            .find(wanted)
            .map(|table| Relation::System(Arc::clone(table)))
    }
}

fn own_database() -> Database {
    Database {
        name: SYSTEM_DATABASE.to_owned(),
        comment: Some("Owlet's own tables".to_owned()),
        ..Database::default()
    }
}

#[async_trait]
impl Catalog for SystemCatalog {
    async fn databases(&self) -> Result<Vec<Database>> {
        let mut databases = self.catalog.databases().await?;
        databases.push(own_database());
        databases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(databases)
    }

    async fn database(&self, name: &str) -> Result<Option<Database>> {
        if name == SYSTEM_DATABASE {
            return Ok(Some(own_database()));
        }
        self.catalog.database(name).await
    }

    async fn relations(&self, database: &str) -> Result<Vec<Relation>> {
        if database != SYSTEM_DATABASE {
            return self.catalog.relations(database).await;
        }
        Ok(self
            .tables
            .iter()
            .map(|table| Relation::System(Arc::clone(table)))
            .collect())
    }

    async fn find(&self, names: &[TableName]) -> Result<Vec<Option<Relation>>> {
        let own: Vec<Option<Relation>> = names.iter().map(|name| self.table(name)).collect();
        if own.iter().all(Option::is_some) {
            return Ok(own);
        }
        let found = self.catalog.find(names).await?;
        Ok(own.into_iter().zip(found).map(|(own, found)| own.or(found)).collect())
    }

    async fn partitions(&self, table: &TableName) -> Result<Vec<Partition>> {
        self.catalog.partitions(table).await
    }

    async fn change(&self, change: Change) -> Result<Outcome> {
        if change.database() == SYSTEM_DATABASE {
            let message = "the database \"system\" is Owlet's own and cannot be changed; use another one";
            return Err(Error::new(ErrorCode::PermissionDenied, message));
        }
        self.catalog.change(change).await
    }
}
