//! One statement on its way from the connection to its output, and what the user is told of it.

use arrow::array::RecordBatch;
use futures::StreamExt;
use owlet_engine::{Error, QueryStream, StatementText};

use crate::diagnostic;
use crate::failure::Failure;
use crate::footer::{self, Footer};
use crate::formats::WriteError;
use crate::output::Output;
use crate::palette::Palette;
use crate::script::Script;

/// What stopped a statement: the query itself, or the writing of its result.
#[derive(Debug)]
pub enum Stop {
    Query(Error),
    Output(WriteError),
}

/// The statements of `script`. An error has been told to the user.
///
/// # Errors
/// A quote or a comment is never closed.
pub fn split(script: &Script, palette: Palette) -> Result<Vec<StatementText<'_>>, Failure> {
    script.statements().map_err(|error| {
        diagnostic::tell(&error, script, error.position(), None, palette);
        Failure::Statement(error.code())
    })
}

/// Writes all of a result to `output`, once `first` has waited for its first rows. May be dropped at any time, which cuts the
/// result off.
///
/// # Errors
/// The query fails, or its result cannot be written.
pub async fn hand_over(
    rows: &mut QueryStream,
    output: &mut Output,
    first: impl AsyncFnOnce(&mut QueryStream) -> Option<Result<RecordBatch, Error>>,
) -> Result<(), Stop> {
    let mut next = first(rows).await.transpose().map_err(Stop::Query)?;
    let has_columns = has_columns(rows);
    if has_columns {
        output.begin(rows.schema()).map_err(Stop::Output)?;
    }
    while let Some(batch) = next {
        if has_columns {
            output.write(batch).await.map_err(Stop::Output)?;
        }
        next = rows.next().await.transpose().map_err(Stop::Query)?;
    }
    if has_columns {
        output.end().await.map_err(Stop::Output)?;
    }
    Ok(())
}

/// Tells the user what a statement has cost whose rows were all handed over.
pub fn tell_cost(rows: &QueryStream, output: &Output, footer: Footer) {
    let statistics = rows.statistics();
    let statement = footer::Statement {
        query_id: rows.query_id(),
        statistics: &statistics,
        has_columns: has_columns(rows),
        shown_rows: output.shown(statistics.rows),
    };
    if let Some(line) = footer.line(&statement) {
        diagnostic::say(&(line + "\n"));
    }
}

/// Ends the output of a statement that was stopped, and tells the user why, unless nobody reads any more; also where, if the
/// statement is their own, at `place`.
pub async fn tell_stop(
    stop: Stop,
    place: Option<(&Script, &StatementText<'_>)>,
    output: &mut Output,
    palette: Palette,
) -> Failure {
    let name = output.destination();
    let error = match stop {
        Stop::Query(error) | Stop::Output(WriteError::Value(error)) => error,
        Stop::Output(error) => return not_written(error, &name),
    };
    if let Err(error) = output.cut_off().await {
        return not_written(error, &name);
    }
    if let Some((script, statement)) = place {
        let position = error
            .position()
            .map(|within| Script::position(statement.position, within));
        diagnostic::tell(&error, script, position, Some(statement.position), palette);
    } else {
        let message = format!("{}: {}", error.code(), error.message());
        diagnostic::say(&diagnostic::headline(&message, palette));
    }
    Failure::Statement(error.code())
}

/// Why the result did not reach the destination called `name`.
pub fn not_written(error: WriteError, name: &str) -> Failure {
    match error {
        WriteError::Sink(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        WriteError::Sink(error) => Failure::Output(format!("cannot write the result to {name}: {error}")),
        WriteError::Value(error) => Failure::Output(error.to_string()),
    }
}

/// A statement without columns, such as SET, has no result to show.
fn has_columns(rows: &QueryStream) -> bool {
    !rows.schema().fields().is_empty()
}
