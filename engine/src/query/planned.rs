//! A statement that is planned and does not run yet.

use arrow::datatypes::SchemaRef;
use tokio::sync::oneshot;

use super::run::{Event, panicked};
use super::stream::QueryStream;
use crate::error::Result;
use crate::syntax::StatementKind;

/// A statement that is planned, and that runs when somebody says so: for a protocol which tells the columns of a result before
/// anybody asks for its rows.
///
/// It holds neither a slot nor memory of the engine's, and its record says QUEUED. Dropping it closes the record as `CANCELLED`.
#[derive(Debug)]
pub struct PlannedQuery {
    pub(super) stream: QueryStream,
    pub(super) go: oneshot::Sender<()>,
    pub(super) returns_rows: bool,
}

impl PlannedQuery {
    /// The identifier under which `system.query_executions` has the statement.
    #[must_use]
    pub fn query_id(&self) -> &str {
        self.stream.query_id()
    }

    /// What kind of statement it is.
    #[must_use]
    pub fn kind(&self) -> StatementKind {
        self.stream.kind()
    }

    /// Whether it is asked for its rows. Else it changes something, and its rows are a report.
    #[must_use]
    pub fn returns_rows(&self) -> bool {
        self.returns_rows
    }

    /// The columns of its result.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.stream.schema()
    }

    /// Runs it. Returns once it is admitted; what was planned counts, unless an object has changed since: then it is planned anew.
    ///
    /// # Errors
    /// `QUERY_QUEUE_FULL`; others come through the stream.
    pub async fn start(self) -> Result<QueryStream> {
        let Self { mut stream, go, .. } = self;
        // If nobody waits for it, the query has failed meanwhile, and says so.
        let _ = go.send(());
        match stream.events.recv().await {
            Some(Event::Admitted) => Ok(stream),
            Some(Event::Failed(error)) => Err(error),
            Some(Event::Planned(_) | Event::Batch(_)) | None => Err(panicked()),
        }
    }

    /// Asks it to end, whether it runs or not.
    pub fn cancel(&self) {
        self.stream.cancel();
    }
}
