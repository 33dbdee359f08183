//! The history as the table `system.query_executions`.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;

use super::{Filter, History, record_batch, schema};
use crate::catalog::SystemTable;
use crate::error::Result;

/// The most rows of the history that one statement sees, the newest.
const ROW_LIMIT: u32 = 1_000_000;

/// The query executions that the history keeps, one row each.
#[derive(Clone, Debug)]
pub struct QueryExecutions(pub History);

#[async_trait]
impl SystemTable for QueryExecutions {
    fn name(&self) -> &'static str {
        "query_executions"
    }

    fn schema(&self) -> SchemaRef {
        schema()
    }

    async fn rows(&self) -> Result<RecordBatch> {
        let filter = Filter {
            limit: ROW_LIMIT,
            ..Filter::default()
        };
        record_batch(&self.0.list(&filter).await?)
    }
}
