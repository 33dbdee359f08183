//! `owlet serve`: the engine for clients of Arrow Flight SQL, until a signal ends it.

use std::net::SocketAddr;

use clap::Args;
use owlet_engine::{Config, Engine};
use owlet_flight_server::{Settings, bind, serve};
use tokio::sync::oneshot;

use crate::diagnostic;
use crate::failure::Failure;
use crate::signals::Signals;

/// Serve tables to clients of Arrow Flight SQL: ADBC, JDBC and ODBC drivers, BI tools, data frames
///
/// Clients come from this machine alone, under whatever name they give. On SIGTERM or Ctrl-C no new work is taken and
/// what runs comes to its end, or is cancelled after a while; a second signal does not wait. The exit code is 0 then.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Where to listen [default: the configuration's server.listen, else 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// Serves until a signal comes, and then to the end of what runs. Standard error says the address, once there is one to connect to.
///
/// # Errors
/// The configuration is wrong, the address cannot be listened on, the engine does not open, or a second signal came.
pub async fn run(config: Config, arguments: &Arguments) -> Result<(), Failure> {
    let mut signals =
        Signals::listen().map_err(|error| Failure::Output(format!("cannot listen to signals: {error}")))?;
    let mut settings: Settings = config.server().map_err(Failure::Start)?;
    settings.listen = arguments.listen.unwrap_or(settings.listen);
    let listener = bind(&settings).await.map_err(Failure::Start)?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::Output(format!("cannot tell the address: {error}")))?;
    let engine = Engine::open(config).await.map_err(Failure::Start)?;
    diagnostic::say(&format!("listening on grpc://{address}\n"));
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        // The sender is dropped to say it.
        let _ = stopped.await;
    };
    let served = async {
        serve(engine.clone(), settings, listener, shutdown).await?;
        engine.clone().close().await
    };
    tokio::pin!(served);
    tokio::select! {
        outcome = &mut served => return outcome.map_err(Failure::Start),
        _ = signals.next() => drop(stop),
    }
    tokio::select! {
        outcome = served => outcome.map_err(Failure::Start),
        signal = signals.next() => Err(Failure::Stopped(signal)),
    }
}
