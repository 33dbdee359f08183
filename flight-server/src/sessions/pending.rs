//! A result that was announced and is not fetched yet.

use arrow::array::RecordBatch;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use owlet_engine::{Error, ErrorCode, PlannedQuery, Result, Session};

use crate::results::Wire;

/// A result that waits to be fetched, with the columns that were announced for it.
pub(crate) struct Pending {
    /// How its batches become those that were announced.
    pub wire: Wire,
    /// Where its rows come from.
    pub source: Source,
}

/// Where the rows of a result come from.
pub(crate) enum Source {
    /// A statement that runs when its rows are fetched.
    Planned(PlannedQuery),
    /// One statement with several rows of parameters, which runs once for each: the first is planned.
    Series {
        /// The statement with the first row.
        first: PlannedQuery,
        /// Its text.
        sql: String,
        /// The other rows, each a batch of its own.
        rest: Vec<RecordBatch>,
    },
    /// A statement that has run already, for it changes something.
    Kept {
        /// The identifier of the statement.
        query_id: String,
        /// What it reported.
        batches: Vec<RecordBatch>,
    },
}

/// The rows of a result, and the statement that its failures are told with.
pub(crate) struct Started {
    /// The identifier of the statement, the first of a series.
    pub query_id: String,
    /// The batches of the engine.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
}

impl Source {
    /// Runs it. Dropping what it gives ends the work.
    pub(crate) fn start(self, session: &Session) -> Started {
        match self {
            Self::Planned(planned) => {
                let query_id = planned.query_id().to_owned();
                Started {
                    query_id,
                    batches: run(planned).boxed(),
                }
            }
            Self::Series { first, sql, rest } => {
                let query_id = first.query_id().to_owned();
                let columns = first.schema();
                let session = session.clone();
                let others = stream::iter(rest).then(move |parameters| {
                    let (session, sql, columns) = (session.clone(), sql.clone(), columns.clone());
                    async move {
                        let planned = session.plan(&sql, Some(&parameters)).await?;
                        if planned.schema() == columns {
                            return Ok(run(planned));
                        }
                        let message = "the statement has other columns for another row of parameters; \
                                       cast its parameters to one type";
                        Err(Error::new(ErrorCode::TypeMismatch, message))
                    }
                });
                Started {
                    query_id,
                    batches: run(first).chain(others.try_flatten()).boxed(),
                }
            }
            Self::Kept { query_id, batches } => Started {
                query_id,
                batches: stream::iter(batches.into_iter().map(Ok)).boxed(),
            },
        }
    }
}

/// The rows of a planned statement, which runs when the first is asked for.
fn run(planned: PlannedQuery) -> BoxStream<'static, Result<RecordBatch>> {
    stream::once(planned.start()).try_flatten().boxed()
}
