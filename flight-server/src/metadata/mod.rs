//! What the server says about its catalogues, its types and itself: the metadata commands of Flight SQL.

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::sql::Command;
use owlet_engine::{Result, Session};
use std::sync::Arc;

/// A metadata command.
#[derive(Clone, Debug)]
pub enum Metadata {}

impl Metadata {
    /// The metadata command that `command` is, if it is one.
    #[must_use]
    pub fn of(command: &Command) -> Option<Self> {
        let _ = command;
        None
    }

    /// The columns of its answer, as the protocol has them.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::empty())
    }

    /// Its answer in `session`.
    ///
    /// # Errors
    /// Those of the statements that find it.
    pub async fn rows(&self, session: &Session) -> Result<RecordBatch> {
        let _ = session;
        Ok(RecordBatch::new_empty(self.schema()))
    }
}

/// `schema` with what drivers read of its columns in their metadata: `ARROW:FLIGHT:SQL:TYPE_NAME` and its kind.
#[must_use]
pub fn annotated(schema: &Schema) -> Schema {
    schema.clone()
}
