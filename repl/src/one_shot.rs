//! One run without a person at the prompt: statements in, results and footers out, and the end.

use std::time::Duration;

use futures::StreamExt;
use owlet_engine::{Config, Engine, Error, Principal, Session, StatementText};

use crate::diagnostic;
use crate::failure::Failure;
use crate::footer::{self, Footer};
use crate::formats::WriteError;
use crate::output::Output;
use crate::palette::Palette;
use crate::script::Script;
use crate::signals::Signals;

/// How long the records of what was cancelled may take to be written, once a signal has asked for the end.
const GRACE: Duration = Duration::from_secs(5);

/// How a run behaves, apart from what it runs.
pub struct Manner {
    pub footer: Footer,
    pub palette: Palette,
    pub continue_on_error: bool,
}

/// Starts the engine, runs every statement of `scripts`, and stops the engine once all records are written.
///
/// A signal cancels the statement that runs. Its record is waited for, but not for longer than [`GRACE`], and a second signal
/// does not wait for it.
///
/// # Errors
/// The first failure. Failures of statements have been told to the user already.
pub async fn run(config: Config, scripts: &[Script], output: Output, manner: &Manner) -> Result<(), Failure> {
    let mut signals =
        Signals::listen().map_err(|error| Failure::Output(format!("cannot listen to signals: {error}")))?;
    let engine = tokio::select! {
        engine = Engine::open(config) => engine.map_err(Failure::Start)?,
        signal = signals.next() => return Err(Failure::Stopped(signal)),
    };
    let session = engine.session(Principal::local());
    let outcome = tokio::select! {
        outcome = run_scripts(&session, scripts, output, manner) => outcome,
        // Dropping the run cancels its query and leaves an output file unpublished.
        signal = signals.next() => Err(Failure::Stopped(signal)),
    };
    let was_stopped = matches!(outcome, Err(Failure::Stopped(_)));
    let closed = tokio::select! {
        closed = engine.close() => closed,
        signal = signals.next() => return Err(Failure::Stopped(signal)),
        () = tokio::time::sleep(GRACE), if was_stopped => return outcome,
    };
    match closed {
        Ok(()) => outcome,
        Err(error) => {
            diagnostic::say(&diagnostic::headline(&error.to_string(), manner.palette));
            outcome.and(Err(Failure::Statement(error.code())))
        }
    }
}

async fn run_scripts(
    session: &Session,
    scripts: &[Script],
    mut output: Output,
    manner: &Manner,
) -> Result<(), Failure> {
    let mut first_failure = None;
    for (script, statements) in split(scripts, manner)? {
        for statement in statements {
            match run_statement(session, script, &statement, &mut output, manner).await {
                Ok(()) => {}
                Err(failure @ Failure::Statement(_)) if manner.continue_on_error => {
                    first_failure.get_or_insert(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
    }
    if let Some(failure) = first_failure {
        return Err(failure);
    }
    let name = output.destination();
    output.publish().await.map_err(|error| not_written(error, &name))
}

/// The statements of every script. All are split before the first one runs, so that a quote that is never closed runs
/// nothing.
fn split<'a>(scripts: &'a [Script], manner: &Manner) -> Result<Vec<(&'a Script, Vec<StatementText<'a>>)>, Failure> {
    let split = |script: &'a Script| match script.statements() {
        Ok(statements) => Ok((script, statements)),
        Err(error) => {
            let report = diagnostic::render(&error, script, error.position(), None, manner.palette);
            diagnostic::say(&report);
            Err(Failure::Statement(error.code()))
        }
    };
    scripts.iter().map(split).collect()
}

/// Runs one statement, and tells the user what it cost or why it failed.
async fn run_statement(
    session: &Session,
    script: &Script,
    statement: &StatementText<'_>,
    output: &mut Output,
    manner: &Manner,
) -> Result<(), Failure> {
    let name = output.destination();
    let error = match write_result(session, statement.text, output, manner.footer).await {
        Ok(()) => return Ok(()),
        Err(Stop::Query(error) | Stop::Output(WriteError::Value(error))) => error,
        Err(Stop::Output(error)) => return Err(not_written(error, &name)),
    };
    output.cut_off().await.map_err(|error| not_written(error, &name))?;
    let position = error
        .position()
        .map(|within| Script::position(statement.position, within));
    let report = diagnostic::render(&error, script, position, Some(statement.position), manner.palette);
    diagnostic::say(&report);
    Err(Failure::Statement(error.code()))
}

/// What stopped a statement: the query itself, or the writing of its result.
enum Stop {
    Query(Error),
    Output(WriteError),
}

async fn write_result(session: &Session, sql: &str, output: &mut Output, footer: Footer) -> Result<(), Stop> {
    let mut rows = session.run(sql).await.map_err(Stop::Query)?;
    // A statement without columns, such as SET, has no result to show.
    let has_columns = !rows.schema().fields().is_empty();
    if has_columns {
        output.begin(rows.schema()).map_err(Stop::Output)?;
    }
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(Stop::Query)?;
        if has_columns {
            output.write(batch).await.map_err(Stop::Output)?;
        }
    }
    if has_columns {
        output.end().await.map_err(Stop::Output)?;
    }
    let statistics = rows.statistics();
    let shown_rows = output.shown(statistics.rows);
    let statement = footer::Statement {
        query_id: rows.query_id(),
        statistics: &statistics,
        has_columns,
        shown_rows,
    };
    if let Some(line) = footer.line(&statement) {
        diagnostic::say(&(line + "\n"));
    }
    Ok(())
}

/// Why the result did not reach the destination called `name`.
fn not_written(error: WriteError, name: &str) -> Failure {
    match error {
        WriteError::Sink(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        WriteError::Sink(error) => Failure::Output(format!("cannot write the result to {name}: {error}")),
        WriteError::Value(error) => Failure::Output(error.to_string()),
    }
}
