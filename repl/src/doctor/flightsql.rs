//! `owlet doctor flightsql`: what the drivers that people have would stumble over at a Flight SQL server.

use std::process;
use std::time::Duration;

use clap::Args;
use owlet_engine::Error;
use owlet_flight_server::doctor::{Address, Examination, Terms};

use super::report::Step;
use super::{Examined, Format, examine};
use crate::failure::Failure;
use crate::palette::Palette;

/// Check what drivers would stumble over at a Flight SQL server, Owlet's or any other
///
/// Plays the calls of JDBC, ADBC, ODBC, Superset, Grafana and Power BI when they connect, browse and query, and looks at
/// the answers as they do. Nothing is changed on the server without --write. The exit code is 1 if a driver would fail;
/// warnings are none.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// The server to check, such as grpc://127.0.0.1:50051
    #[arg(value_name = "ADDRESS")]
    address: String,

    /// Introduce oneself by this name, with the password of the variable OWLET_PASSWORD
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// The statement that is asked where any will do
    #[arg(long, value_name = "SQL", default_value = "select 1")]
    query: String,

    /// Also make a table of one's own, fill it in the ways of the drivers, and drop it again
    #[arg(long)]
    write: bool,

    /// How long a step may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,

    /// How the findings are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Runs the checks and writes what they find to standard output.
///
/// A signal ends it; a table that it made is dropped first, unless a second signal comes.
///
/// # Errors
/// A driver would fail, the address is none, or nobody reads the findings.
pub async fn run(arguments: &Arguments, password: Option<String>, palette: Palette) -> Result<(), Failure> {
    let usage = |error: Error| Failure::Usage(error.message().to_owned());
    let address = Address::parse(&arguments.address).map_err(usage)?;
    let terms = Terms {
        user: arguments.user.clone().map(|user| (user, password.unwrap_or_default())),
        step_limit: Duration::from_secs(arguments.timeout),
        query: arguments.query.clone(),
        own_table: arguments.write.then(|| format!("owlet_doctor_{}", process::id())),
    };
    let examination = Examination::new(address, terms).map_err(usage)?;
    examine(examination, arguments.format, palette).await
}

impl Examined for Examination {
    const STEP_COLUMNS: usize = 21;
    const WELL: &'static str = "these drivers can work with this server";

    async fn step(&mut self) -> Option<Step> {
        let finding = self.next().await?;
        Some(Step {
            driver: Some(finding.driver),
            name: finding.step,
            rule: finding.rule,
            verdict: finding.verdict,
        })
    }

    async fn tidy(&mut self) -> Option<String> {
        let left = self.take_back().await?;
        Some(format!("the table \"{left}\" could not be dropped: drop it by hand"))
    }
}
