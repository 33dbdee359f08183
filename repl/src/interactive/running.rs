//! Statements at their turn: their rows, their costs, their errors, and what Ctrl-C does to them.

use arrow::array::RecordBatch;
use futures::StreamExt;
use owlet_engine::{ErrorCode, QueryStream, Result as EngineResult, StatementText};

use super::progress::Progress;
use super::{Next, Shell};
use crate::connected::GRACE;
use crate::failure::Failure;
use crate::output::Output;
use crate::script::Script;
use crate::signals::Signal;
use crate::statement::{self, Stop, not_written};

/// How a statement came to its end, if no error did.
enum End {
    Whole(Box<QueryStream>),
    Interrupted(Signal),
}

impl Shell<'_> {
    /// Runs the statements of `text` in their order, until one does not come to its end.
    pub(super) async fn run_all(&mut self, name: &str, text: String) -> Result<Next, Failure> {
        let script = Script {
            name: name.to_owned(),
            text,
        };
        let statements = match statement::split(&script, self.manner.palette) {
            Ok(statements) => statements,
            Err(failure) => return self.go_on(failure),
        };
        for statement in statements {
            if let Err(failure) = self.run_one(&script, &statement).await {
                return self.go_on(failure);
            }
        }
        Ok(Next::Step)
    }

    async fn run_one(&mut self, script: &Script, statement: &StatementText<'_>) -> Result<(), Failure> {
        let mut output = self.manner.output()?;
        // Whatever becomes of this statement, the next result goes where results go.
        let goes_to_file = self.manner.once.take().is_some();
        match self.write(statement.text, &mut output).await {
            Ok(End::Whole(rows)) => {
                statement::tell_cost(&rows, &output, self.manner.footer);
                if goes_to_file {
                    let name = output.destination();
                    output.publish().await.map_err(|error| not_written(error, &name))?;
                }
                Ok(())
            }
            Ok(End::Interrupted(Signal::Interrupt)) => {
                self.complain(&format!("{}: the query was cancelled", ErrorCode::Cancelled));
                Err(Failure::Statement(ErrorCode::Cancelled))
            }
            Ok(End::Interrupted(signal)) => Err(Failure::Stopped(signal)),
            Err(stop) => Err(statement::tell_stop(stop, script, statement, &mut output, self.manner.palette).await),
        }
    }

    /// Runs a statement and writes its rows, until its end or a signal.
    async fn write(&mut self, sql: &str, output: &mut Output) -> Result<End, Stop> {
        let mut progress = Progress::start(self.manner.shows_progress);
        let mut planned = self.connection.run(sql);
        let mut rows = loop {
            tokio::select! {
                rows = &mut planned => break Box::new(rows.map_err(Stop::Query)?),
                // Dropping what runs it cancels the statement.
                signal = self.signals.next() => return Ok(End::Interrupted(signal)),
                () = progress.due() => progress.show(None),
            }
        };
        let first = async |rows: &mut QueryStream| first_rows(rows, progress).await;
        let signal = tokio::select! {
            written = statement::hand_over(&mut rows, output, first) => return written.map(|()| End::Whole(rows)),
            signal = self.signals.next() => signal,
        };
        if signal != Signal::Interrupt {
            return Ok(End::Interrupted(signal));
        }
        tokio::select! {
            () = cancelled(&mut rows, output) => Ok(End::Interrupted(signal)),
            // Whoever insists does not wait for the record. A signal that ends the shell ends it.
            signal = self.signals.next() => Ok(End::Interrupted(signal)),
            () = tokio::time::sleep(GRACE) => Ok(End::Interrupted(signal)),
        }
    }
}

/// The first rows, once they come; until then `progress` shows that they will.
async fn first_rows(rows: &mut QueryStream, mut progress: Progress) -> Option<EngineResult<RecordBatch>> {
    loop {
        tokio::select! {
            first = rows.next() => return first,
            () = progress.due() => progress.show(Some(&rows.statistics())),
        }
    }
}

/// Cancels a statement, and waits until its record is closed and its rows so far are written.
async fn cancelled(rows: &mut QueryStream, output: &mut Output) {
    rows.cancel();
    while let Some(Ok(_)) = rows.next().await {}
    // What is cut off is not whole, whether or not its last bytes could be written.
    let _ = output.cut_off().await;
}
