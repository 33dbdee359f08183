//! `owlet doctor`: what is wrong with the way to a store, or with a Flight SQL server, step by step, and what to change.

mod flightsql;
mod report;

use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use owlet_engine::storage::{Examination, Terms};
use owlet_engine::{Config, Engine, ErrorCode};

use crate::destination::print;
use crate::diagnostic;
use crate::failure::Failure;
use crate::palette::Palette;
use crate::signals::Signals;
use report::{Step, Tally};

/// The variable with the password for a server: on a command line others could read it.
pub const PASSWORD: &str = "OWLET_PASSWORD";

/// Check the way to a store step by step, and say what to change
///
/// Settings, address, TLS, protocol, clock, credentials, region, path style, permission, bucket, list, range reads, and
/// with --write conditional writes. The exit code is 1 if a step failed; warnings are none.
#[derive(Args, Clone, Debug)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,

    /// The place to check, such as s3://bucket/prefix
    #[arg(value_name = "URL", required = true)]
    url: Option<String>,

    /// Also write a small object under the place, and delete it again
    #[arg(long)]
    write: bool,

    /// How long a step may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,

    /// How the findings are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What else can be checked.
#[derive(Clone, Debug, Subcommand)]
enum Other {
    Flightsql(flightsql::Arguments),
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a step and line.
    Ndjson,
}

/// Runs the checks and writes what they find to standard output.
///
/// A signal ends it; what it wrote to the store is deleted first, unless a second signal comes.
///
/// # Errors
/// A check failed, the place is none, or nobody reads the findings.
pub async fn run(
    config: Config,
    arguments: &Arguments,
    password: Option<String>,
    palette: Palette,
) -> Result<(), Failure> {
    // What goes into a pipe or a file is not painted, wherever the errors go.
    let palette = if io::stdout().is_terminal() {
        palette
    } else {
        Palette::PLAIN
    };
    match (&arguments.other, &arguments.url) {
        (Some(Other::Flightsql(server)), _) => flightsql::run(server, password, palette).await,
        (None, Some(url)) => store(config, url, arguments, palette).await,
        (None, None) => Err(Failure::Usage("there is nothing to check: name a place".to_owned())),
    }
}

/// Checks the way to a store.
async fn store(config: Config, url: &str, arguments: &Arguments, palette: Palette) -> Result<(), Failure> {
    let terms = Terms {
        may_write: arguments.write,
        step_limit: Duration::from_secs(arguments.timeout),
    };
    let examination = Engine::examine(config, url, terms).map_err(|error| match error.code() {
        ErrorCode::InvalidSetting => Failure::Start(error),
        _ => Failure::Usage(error.message().to_owned()),
    })?;
    examine(examination, arguments.format, palette).await
}

/// What is examined step by step, and may leave something behind.
trait Examined {
    /// How many columns the names of its steps take.
    const STEP_COLUMNS: usize;
    /// What it means that no step failed.
    const WELL: &'static str;

    /// Takes a step, if one is left.
    async fn step(&mut self) -> Option<Step>;

    /// Removes what the steps made, and says what has to be removed by hand.
    async fn tidy(&mut self) -> Option<String>;
}

impl Examined for Examination {
    const STEP_COLUMNS: usize = 15;
    const WELL: &'static str = "queries can read here";

    async fn step(&mut self) -> Option<Step> {
        let finding = self.next().await?;
        Some(Step {
            driver: None,
            name: finding.step,
            rule: None,
            verdict: finding.verdict,
        })
    }

    async fn tidy(&mut self) -> Option<String> {
        let left = self.take_back().await?;
        Some(format!("\"{left}\" could not be deleted: delete it by hand"))
    }
}

/// Takes all steps and tidies up after them, unless signals end it: the first ends the steps, the second the tidying.
async fn examine(mut examination: impl Examined, format: Format, palette: Palette) -> Result<(), Failure> {
    let mut signals =
        Signals::listen().map_err(|error| Failure::Output(format!("cannot listen to signals: {error}")))?;
    let outcome = tokio::select! {
        outcome = show(&mut examination, format, palette) => outcome,
        signal = signals.next() => Err(Failure::Stopped(signal)),
    };
    let left = tokio::select! {
        left = examination.tidy() => left,
        signal = signals.next() => return Err(Failure::Stopped(signal)),
    };
    if let Some(message) = left {
        diagnostic::say(&diagnostic::headline(&message, palette));
    }
    outcome
}

/// Writes what each step finds as it comes, and the conclusion.
async fn show<E: Examined>(examination: &mut E, format: Format, palette: Palette) -> Result<(), Failure> {
    let mut tally = Tally::default();
    while let Some(step) = examination.step().await {
        tally.note(&step);
        print(&match format {
            Format::Text => report::text(&step, E::STEP_COLUMNS, palette),
            Format::Ndjson => report::json(&step),
        })?;
    }
    if format == Format::Text {
        print(&tally.conclusion(E::WELL, palette))?;
    }
    if tally.has_failed() {
        return Err(Failure::Unwell);
    }
    Ok(())
}
