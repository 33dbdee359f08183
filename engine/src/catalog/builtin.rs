//! The catalogue `lake`, which Owlet keeps in its metastore.

use async_trait::async_trait;

use super::{Catalog, Change, Database, Outcome, Partition, Relation};
use crate::error::{Error, ErrorCode, Result};
use crate::metastore::Metastore;
use crate::name::{DEFAULT_DATABASE, TableName};

/// The catalogue in a metastore.
#[derive(Clone, Debug)]
pub struct BuiltinCatalog {
    #[expect(dead_code, reason = "read from the next change on")]
    metastore: Metastore,
}

impl BuiltinCatalog {
    /// The catalogue in `metastore`.
    #[must_use]
    pub fn new(metastore: Metastore) -> Self {
        Self { metastore }
    }
}

#[async_trait]
impl Catalog for BuiltinCatalog {
    async fn databases(&self) -> Result<Vec<Database>> {
        Ok(vec![Database {
            name: DEFAULT_DATABASE.to_owned(),
            ..Database::default()
        }])
    }

    async fn database(&self, name: &str) -> Result<Option<Database>> {
        Ok(self
            .databases()
            .await?
            .into_iter()
            .find(|database| database.name == name))
    }

    async fn relations(&self, _database: &str) -> Result<Vec<Relation>> {
        Ok(Vec::new())
    }

    async fn find(&self, names: &[TableName]) -> Result<Vec<Option<Relation>>> {
        Ok(names.iter().map(|_| None).collect())
    }

    async fn partitions(&self, _table: &TableName) -> Result<Vec<Partition>> {
        Ok(Vec::new())
    }

    async fn change(&self, _change: Change) -> Result<Outcome> {
        Err(Error::new(
            ErrorCode::NotSupported,
            "the catalogue cannot be changed yet",
        ))
    }
}
