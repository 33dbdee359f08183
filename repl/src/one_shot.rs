//! One run without a person at the prompt: statements in, results and footers out, and the end.

use futures::StreamExt;
use owlet_engine::{Config, Connection, StatementText};

use crate::connected::with_connection;
use crate::failure::Failure;
use crate::footer::Footer;
use crate::output::Output;
use crate::palette::Palette;
use crate::script::Script;
use crate::signals::Signals;
use crate::statement::{self, Stop, not_written};

/// How a run behaves, apart from what it runs.
pub struct Manner {
    pub footer: Footer,
    pub palette: Palette,
    pub continue_on_error: bool,
}

/// Starts the engine, runs every statement of `scripts`, and stops the engine once all records are written. A signal cancels
/// the statement that runs.
///
/// # Errors
/// The first failure. Failures of statements have been told to the user already.
pub async fn run(config: Config, scripts: &[Script], output: Output, manner: &Manner) -> Result<(), Failure> {
    let work = async |connection: &dyn Connection, signals: &mut Signals| {
        tokio::select! {
            outcome = run_scripts(connection, scripts, output, manner) => outcome,
            // Dropping the run cancels its query and leaves an output file unpublished.
            signal = signals.next() => Err(Failure::Stopped(signal)),
        }
    };
    with_connection(config, manner.palette, work).await
}

async fn run_scripts(
    connection: &dyn Connection,
    scripts: &[Script],
    mut output: Output,
    manner: &Manner,
) -> Result<(), Failure> {
    let mut first_failure = None;
    for (script, statements) in split(scripts, manner)? {
        for statement in statements {
            match run_statement(connection, script, &statement, &mut output, manner).await {
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
    let split = |script: &'a Script| Ok((script, statement::split(script, manner.palette)?));
    scripts.iter().map(split).collect()
}

/// Runs one statement, and tells the user what it cost or why it failed.
async fn run_statement(
    connection: &dyn Connection,
    script: &Script,
    statement: &StatementText<'_>,
    output: &mut Output,
    manner: &Manner,
) -> Result<(), Failure> {
    let written = async {
        let mut rows = connection.run(statement.text).await.map_err(Stop::Query)?;
        statement::hand_over(&mut rows, output, StreamExt::next).await?;
        Ok(rows)
    };
    let stop = match written.await {
        Ok(rows) => {
            statement::tell_cost(&rows, output, manner.footer);
            return Ok(());
        }
        Err(stop) => stop,
    };
    Err(statement::tell_stop(stop, Some((script, statement)), output, manner.palette).await)
}
