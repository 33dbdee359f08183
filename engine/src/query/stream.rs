//! The result of a statement, while it runs.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::Stream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waker, Poll};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::run::Event;
use super::statistics::{Progress, Statistics};
use crate::error::Result;
use crate::syntax::StatementKind;

/// The batches of a result, as they come. Ends after the last batch, or after one error.
///
/// Dropping it cancels the statement: its work ends, its slot is given back and its record closed as `CANCELLED`, all without
/// the caller waiting.
#[derive(Debug)]
pub struct QueryStream {
    pub(super) query_id: String,
    pub(super) kind: StatementKind,
    pub(super) schema: SchemaRef,
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) progress: Arc<Progress>,
    pub(super) cancel: CancellationToken,
    pub(super) _cancel_on_drop: DropGuard,
}

impl QueryStream {
    /// The identifier under which `system.query_executions` has the statement.
    #[must_use]
    pub fn query_id(&self) -> &str {
        &self.query_id
    }

    /// What kind of statement it is.
    #[must_use]
    pub fn kind(&self) -> StatementKind {
        self.kind
    }

    /// The columns of every batch.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What the statement has cost so far; final once the stream has ended.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.progress.statistics()
    }

    /// Asks the statement to end. The stream then gives the error `CANCELLED`, once its record is closed.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}

impl Stream for QueryStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let event = std::task::ready!(self.events.poll_recv(waker));
            return Poll::Ready(match event {
                // These are taken before there is a stream.
                Some(Event::Planned(_) | Event::Admitted) => continue,
                Some(Event::Batch(batch)) => Some(Ok(batch)),
                Some(Event::Failed(error)) => Some(Err(error)),
                None => None,
            });
        }
    }
}
