//! An engine from its opening to its end, with work in between.

use std::time::Duration;

use owlet_engine::{Config, Connection, Engine, Principal, Session};

use crate::diagnostic;
use crate::failure::Failure;
use crate::palette::Palette;
use crate::signals::Signals;

/// How long the records of what was cancelled may take to be written, once a signal has asked for the end.
pub const GRACE: Duration = Duration::from_secs(5);

/// Opens the engine, does `work` over a connection to it, and closes it once all records are written.
///
/// If the work was stopped by a signal, the records are not waited for longer than [`GRACE`], and a second signal does not wait
/// for them at all.
///
/// # Errors
/// The engine does not start, the failure of the work, or a record that could not be written.
pub async fn with_connection<Work>(config: Config, palette: Palette, work: Work) -> Result<(), Failure>
where
    Work: AsyncFnOnce(&dyn Connection, &mut Signals) -> Result<(), Failure>,
{
    with_session(config, palette, async |session: &Session, signals: &mut Signals| {
        work(session, signals).await
    })
    .await
}

/// The same for work that needs more of an engine in this process than a connection offers.
///
/// # Errors
/// Those of [`with_connection`].
pub async fn with_session<Work>(config: Config, palette: Palette, work: Work) -> Result<(), Failure>
where
    Work: AsyncFnOnce(&Session, &mut Signals) -> Result<(), Failure>,
{
    let mut signals =
        Signals::listen().map_err(|error| Failure::Output(format!("cannot listen to signals: {error}")))?;
    let engine = tokio::select! {
        engine = Engine::open(config) => engine.map_err(Failure::Start)?,
        signal = signals.next() => return Err(Failure::Stopped(signal)),
    };
    let session = engine.session(Principal::local());
    let outcome = work(&session, &mut signals).await;
    let was_stopped = matches!(outcome, Err(Failure::Stopped(_)));
    let closed = tokio::select! {
        closed = engine.close() => closed,
        signal = signals.next() => return Err(Failure::Stopped(signal)),
        () = tokio::time::sleep(GRACE), if was_stopped => return outcome,
    };
    match closed {
        Ok(()) => outcome,
        Err(error) => {
            diagnostic::say(&diagnostic::headline(&error.to_string(), palette));
            outcome.and(Err(Failure::Statement(error.code())))
        }
    }
}
