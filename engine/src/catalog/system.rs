//! Owlet's own tables, in the database `system`: read-only views of its durable state.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use std::sync::Arc;

use super::{Database, OwnDatabase, Relation};
use crate::error::Result;
use crate::name::SYSTEM_DATABASE;

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

/// The database `system` with `tables`.
#[must_use]
pub fn system_database(mut tables: Vec<Arc<dyn SystemTable>>) -> OwnDatabase {
    tables.sort_by_key(|table| table.name());
    OwnDatabase {
        database: Database {
            name: SYSTEM_DATABASE.to_owned(),
            comment: Some("Owlet's own tables".to_owned()),
            ..Database::default()
        },
        relations: tables.into_iter().map(Relation::System).collect(),
        refusal: "is Owlet's own and cannot be changed; use another one",
    }
}
