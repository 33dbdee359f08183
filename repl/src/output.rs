//! Results on their way to their destination.
//!
//! Encoding and writing have a thread of their own, one batch behind the query at most. So the query goes on while a
//! batch is written, and a reader who does not read never keeps a signal from being heard: whoever waits here can be
//! dropped at any time, which cuts the result off and leaves a file unpublished.

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use owlet_engine::{Error, ErrorCode};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::arguments::RowLimit;
use crate::destination::Destination;
use crate::formats::{self, Format, Page, Reader, WriteError};

/// How many rows of a table a terminal gets unless the user says otherwise.
const TERMINAL_ROWS: usize = 40;

/// How many rows of each result are shown in `format`, `None` being all: by default some on a terminal and all elsewhere.
pub fn shown_rows(limit: Option<RowLimit>, is_terminal: bool, format: &Format) -> Option<usize> {
    let rows = match limit {
        Some(RowLimit::All) => None,
        Some(RowLimit::AtMost(rows)) => Some(rows),
        None => is_terminal.then_some(TERMINAL_ROWS),
    };
    // Other formats have no place to say that rows are left out.
    rows.filter(|_| format.shows_some_rows)
}

/// The results of one run: one destination, one format.
pub struct Output {
    format: &'static Format,
    destination: Destination,
    shown_rows: Option<usize>,
    /// The table being written.
    table: Option<Table>,
    has_results: bool,
}

/// A table being written by its thread.
struct Table {
    schema: SchemaRef,
    steps: mpsc::Sender<Step>,
    done: JoinHandle<Result<(), WriteError>>,
}

/// What the writing thread is told. Silence instead of an end means that the result is cut off.
enum Step {
    Rows(RecordBatch),
    End,
}

impl Output {
    /// Writes results in `format` to `destination`; the format `table` shows `shown_rows` of each, `None` being all.
    pub fn new(format: &'static Format, destination: Destination, shown_rows: Option<usize>) -> Self {
        Self {
            format,
            destination,
            shown_rows,
            table: None,
            has_results: false,
        }
    }

    /// Begins the result of a statement. Where the destination holds one table, a further result continues it.
    ///
    /// # Errors
    /// NOT_SUPPORTED: the destination holds one table, and this result has other columns.
    pub fn begin(&mut self, schema: SchemaRef) -> Result<(), WriteError> {
        self.has_results = true;
        if let Some(table) = &self.table {
            if formats::are_one_table(&table.schema, &schema) {
                return Ok(());
            }
            let (format, name) = (self.format.name, self.destination.name());
            let message = format!(
                "{name} in the format {format} holds one table, and this result has other columns than the one before; \
                 give it a run and a file of its own, or use --format table"
            );
            return Err(WriteError::Value(Error::new(ErrorCode::NotSupported, message)));
        }
        let page = Page {
            schema: schema.clone(),
            shown_rows: self.shown_rows,
            terminal_columns: self.destination.terminal_columns(),
            is_file: self.destination.is_file(),
        };
        let (format, sink) = (self.format, self.destination.sink()?);
        let (steps, mut received) = mpsc::channel(1);
        let done = tokio::task::spawn_blocking(move || {
            let mut writer = formats::open(format, &page, sink)?;
            while let Some(step) = received.blocking_recv() {
                match step {
                    Step::Rows(batch) => writer.write(&batch)?,
                    Step::End => return writer.finish(),
                }
            }
            Ok(())
        });
        self.table = Some(Table { schema, steps, done });
        Ok(())
    }

    /// Adds rows to the result that was begun. Returns before they are written; an error may be one of earlier rows.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<(), WriteError> {
        self.send(Step::Rows(batch)).await
    }

    /// Ends the result of a statement. When this returns, the destination has it, unless it holds one table, which
    /// stays open.
    pub async fn end(&mut self) -> Result<(), WriteError> {
        if self.holds_one_table() {
            Ok(())
        } else {
            self.close().await
        }
    }

    /// Cuts off the result that was begun, if any: what came is written, and nothing that would make it look whole.
    pub async fn cut_off(&mut self) -> Result<(), WriteError> {
        self.join().await
    }

    /// Ends the run: writes what ends the format and makes a file visible. No result at all is an error for a file,
    /// which would otherwise keep what an earlier run left there.
    pub async fn publish(mut self) -> Result<(), WriteError> {
        self.close().await?;
        if self.has_results || !self.destination.is_file() {
            return Ok(self.destination.publish()?);
        }
        let message = format!(
            "no statement gave a result, so {} was not written",
            self.destination.name()
        );
        Err(WriteError::Sink(io::Error::other(message)))
    }

    /// Whether a statement has given a result.
    pub fn has_results(&self) -> bool {
        self.has_results
    }

    /// What messages call the destination.
    pub fn destination(&self) -> String {
        self.destination.name()
    }

    /// How many of `rows` are shown, if not all.
    pub fn shown(&self, rows: u64) -> Option<u64> {
        let shown = self.shown_rows? as u64;
        (rows > shown).then_some(shown)
    }

    fn holds_one_table(&self) -> bool {
        match self.format.reader {
            Reader::Person => false,
            Reader::TextProgram => self.destination.is_file(),
            Reader::BinaryProgram => true,
        }
    }

    async fn close(&mut self) -> Result<(), WriteError> {
        if self.table.is_none() {
            return Ok(());
        }
        self.send(Step::End).await?;
        self.join().await
    }

    async fn send(&mut self, step: Step) -> Result<(), WriteError> {
        let Some(table) = &self.table else {
            return Err(WriteError::Value(Error::new(
                ErrorCode::Internal,
                "rows came before their result was begun",
            )));
        };
        match table.steps.send(step).await {
            Ok(()) => Ok(()),
            // The thread ended early, and says why.
            Err(_) => self.join().await,
        }
    }

    async fn join(&mut self) -> Result<(), WriteError> {
        let Some(table) = self.table.take() else { return Ok(()) };
        drop(table.steps);
        table.done.await.unwrap_or_else(|error| {
            let message = "the thread that writes the result ended unexpectedly";
            Err(WriteError::Value(
                Error::new(ErrorCode::Internal, message).caused_by(error),
            ))
        })
    }
}
