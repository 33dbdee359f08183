//! Statements at their turn: their rows, their costs, their errors, and what Ctrl-C does to them.

use arrow::array::RecordBatch;
use futures::StreamExt;
use owlet_engine::{ErrorCode, QueryStream, Result as EngineResult, StatementText};

use super::progress::Progress;
use super::{Next, Shell};
use crate::connected::GRACE;
use crate::diagnostic;
use crate::failure::Failure;
use crate::output::Output;
use crate::script::Script;
use crate::signals::Signal;
use crate::statement::{self, Stop, not_written};
use crate::text::counted;

/// How a statement came to its end, if no error did.
enum End {
    Whole(Box<QueryStream>),
    Interrupted(Signal),
}

/// Whether a statement gave a result, be it one without rows.
enum Given {
    Result,
    Nothing,
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
        for (index, statement) in statements.iter().enumerate() {
            if let Err(failure) = self.run_one(&script, statement).await {
                let next = self.go_on(failure)?;
                let behind = statements.len() - index - 1;
                if behind > 0 {
                    let counted = counted(behind as u64, "statement");
                    diagnostic::say(&format!("{counted} behind it did not run\n"));
                }
                return Ok(next);
            }
        }
        Ok(Next::Step)
    }

    /// Runs the statement that a command stands for. Its result is always shown: `.once` means statements. The person never
    /// typed it, so an error has no place in it.
    pub(super) async fn run_command(&mut self, sql: &str) -> Result<Next, Failure> {
        let outcome = match self.manner.output() {
            Ok(output) => self.run_to(output, sql, None).await,
            Err(failure) => Err(failure),
        };
        match outcome {
            Ok(_) => Ok(Next::Step),
            Err(failure) => self.go_on(failure),
        }
    }

    async fn run_one(&mut self, script: &Script, statement: &StatementText<'_>) -> Result<(), Failure> {
        let place = Some((script, statement));
        let Some(file) = self.manner.file() else {
            let output = self.manner.output()?;
            return self.run_to(output, statement.text, place).await.map(|_| ());
        };
        let outcome = match file {
            Ok(output) => self.run_to(output, statement.text, place).await,
            Err(failure) => Err(failure),
        };
        match outcome {
            // What gave no result leaves the file to the next statement.
            Ok(Given::Nothing) => Ok(()),
            Err(failure @ Failure::Statement(_)) => Err(failure),
            Ok(Given::Result) => {
                self.manner.once = None;
                Ok(())
            }
            Err(failure) => {
                self.manner.once = None;
                Err(match failure {
                    Failure::Output(message) => Failure::Output(format!("{message}; results are shown here again")),
                    other => other,
                })
            }
        }
    }

    /// Runs a statement to its end; an error has been told, unless it is one of the output.
    async fn run_to(
        &mut self,
        mut output: Output,
        sql: &str,
        place: Option<(&Script, &StatementText<'_>)>,
    ) -> Result<Given, Failure> {
        match self.write(sql, &mut output).await {
            Ok(End::Whole(rows)) => {
                statement::tell_cost(&rows, &output, self.manner.footer);
                if !output.has_results() {
                    return Ok(Given::Nothing);
                }
                let name = output.destination();
                output.publish().await.map_err(|error| not_written(error, &name))?;
                Ok(Given::Result)
            }
            Ok(End::Interrupted(signal)) => Err(self.stopped(signal)),
            Err(stop) => Err(statement::tell_stop(stop, place, &mut output, self.manner.palette).await),
        }
    }

    /// Why a statement ended that `signal` stopped; Ctrl-C has been told.
    pub(super) fn stopped(&self, signal: Signal) -> Failure {
        if signal != Signal::Interrupt {
            return Failure::Stopped(signal);
        }
        self.complain(&format!("{}: the query was cancelled", ErrorCode::Cancelled));
        Failure::Statement(ErrorCode::Cancelled)
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
