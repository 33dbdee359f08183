//! The server: from a listener to its graceful end.

use arrow_flight::flight_service_server::FlightServiceServer;
use owlet_engine::{Engine, Error, ErrorCode, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::authentication::Authentication;
use crate::connections::accepted;
use crate::service::FlightSql;
use crate::sessions::Sessions;
use crate::settings::{GREATEST_MESSAGE_LIMIT_BYTES, Settings, refuse_beyond_loopback};

/// How long calls that were cancelled may take to say so.
const FAREWELL: Duration = Duration::from_secs(5);

/// How often a client that says nothing is asked whether it is still there, and how long it may take to answer.
const KEEPALIVE: (Duration, Duration) = (Duration::from_mins(1), Duration::from_secs(20));

/// Calls that are under way on one connection.
const STREAM_LIMIT: u32 = 256;

/// Listens where `settings` say.
///
/// # Errors
/// `INVALID_SETTING` if that is no address for this server, or if it cannot be listened on.
pub async fn bind(settings: &Settings) -> Result<TcpListener> {
    refuse_beyond_loopback(settings.listen)?;
    TcpListener::bind(settings.listen).await.map_err(|error| {
        let message = format!("cannot listen on \"{}\": {error}", settings.listen);
        Error::new(ErrorCode::InvalidSetting, message).caused_by(error)
    })
}

/// Answers the clients of `listener` with `engine` until `shutdown` is ready, and then to the end of what is under way.
///
/// Once `shutdown` is ready, no connection and no call is accepted any more; what is under way has `drain_limit` of the
/// settings to end, and is cancelled after that. The engine stays open.
///
/// # Errors
/// `INVALID_SETTING` for settings that contradict each other, and for a listener that other machines reach; `INTERNAL` if the
/// transport fails.
pub async fn serve(
    engine: Engine,
    settings: Settings,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    settings.check()?;
    let address = listener.local_addr().map_err(transport)?;
    refuse_beyond_loopback(address)?;
    let settings = Arc::new(settings);
    let (closing, ends) = (CancellationToken::new(), CancellationToken::new());
    let sessions = Sessions::new(engine, Authentication::Trust, Arc::clone(&settings), ends.clone());
    let sessions = Arc::new(sessions);
    let service = FlightSql::new(Arc::clone(&sessions), Arc::clone(&settings), closing.clone());
    let service = FlightServiceServer::new(service)
        .max_decoding_message_size(settings.received_message_limit_bytes)
        // Results are cut before; a schema or an announcement may be longer than the limit of a result's messages.
        .max_encoding_message_size(2 * GREATEST_MESSAGE_LIMIT_BYTES);
    let server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE.0))
        .http2_keepalive_timeout(Some(KEEPALIVE.1))
        .max_concurrent_streams(STREAM_LIMIT)
        .add_service(service)
        .serve_with_incoming_shutdown(
            accepted(listener, Arc::clone(&sessions)),
            closing.clone().cancelled_owned(),
        );
    let ending = async {
        shutdown.await;
        closing.cancel();
        tokio::time::sleep(settings.drain_limit).await;
        ends.cancel();
        tokio::time::sleep(FAREWELL).await;
    };
    let outcome = tokio::select! {
        outcome = server => outcome.map_err(transport),
        () = ending => Ok(()),
        () = sweep(&sessions, &settings) => Ok(()),
    };
    sessions.clear();
    outcome
}

/// Ends sessions and results that have been idle for too long, for ever.
async fn sweep(sessions: &Sessions, settings: &Settings) {
    let limits = [
        settings.session_idle_limit,
        settings.session_absence_limit,
        settings.prepared_statement_idle_limit,
        settings.ticket_age_limit,
    ];
    let shortest = limits.into_iter().min().unwrap_or(settings.session_idle_limit);
    let pause = (shortest / 4).clamp(Duration::from_millis(20), Duration::from_secs(30));
    loop {
        tokio::time::sleep(pause).await;
        sessions.sweep();
    }
}

fn transport(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = format!("the server cannot go on: {error}");
    Error::new(ErrorCode::Internal, message).caused_by(error)
}
