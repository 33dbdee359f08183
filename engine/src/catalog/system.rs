//! Owlet's own tables, in the database `system`: read-only views of its durable state.

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::datasource::MemTable;
use std::sync::Arc;

use super::{Catalog, Table};
use crate::error::{Error, ErrorCode, Result};
use crate::name::{SYSTEM_DATABASE, TableName};

/// One table of the database `system`. Its rows are read anew for each statement that names it.
#[async_trait]
pub trait SystemTable: std::fmt::Debug + Send + Sync {
    /// Its name, lower case.
    fn name(&self) -> &'static str;

    /// Its rows now.
    ///
    /// # Errors
    /// Those of the place where the rows are kept.
    async fn rows(&self) -> Result<RecordBatch>;
}

/// The catalogue of Owlet's own tables.
#[derive(Debug)]
pub struct SystemCatalog {
    tables: Vec<Arc<dyn SystemTable>>,
}

impl SystemCatalog {
    /// A catalogue of `tables`.
    #[must_use]
    pub fn new(tables: Vec<Arc<dyn SystemTable>>) -> Self {
        Self { tables }
    }
}

#[async_trait]
impl Catalog for SystemCatalog {
    async fn table(&self, name: &TableName) -> Result<Option<Table>> {
        if name.database != SYSTEM_DATABASE {
            return Ok(None);
        }
        let Some(table) = self.tables.iter().find(|table| table.name() == name.table) else {
            return Ok(None);
        };
        let rows = table.rows().await?;
        let provider = MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(|error| {
            Error::new(ErrorCode::Internal, format!("the rows of {name} do not fit its schema")).caused_by(error)
        })?;
        Ok(Some(Table::new(Arc::new(provider))))
    }

    async fn table_names(&self, database: &str) -> Result<Vec<String>> {
        if database != SYSTEM_DATABASE {
            return Ok(Vec::new());
        }
        Ok(self.tables.iter().map(|table| table.name().to_owned()).collect())
    }
}
