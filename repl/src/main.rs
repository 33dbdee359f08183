//! `owlet`: SQL over files in object storage, from the command line.
//!
//! Read `main` and then `run`: arguments, scripts, settings, output, engine. Everything that comes from outside
//! (arguments, environment, terminals) is read here, once, and handed on. What happens to the statements is `one_shot`, or
//! `interactive` where a person sits.

mod arguments;
mod connected;
mod datasets;
mod destination;
mod diagnostic;
mod doctor;
mod failure;
mod footer;
mod formats;
mod interactive;
mod one_shot;
mod output;
mod palette;
mod screen;
mod script;
mod serve;
mod signals;
mod statement;
mod text;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use owlet_engine::{Config, Environment};

use crate::arguments::{Arguments, Errand};
use crate::destination::Destination;
use crate::failure::Failure;
use crate::formats::{Format, Reader};
use crate::interactive::{Keyboard, Opening};
use crate::one_shot::Manner;
use crate::output::Output;
use crate::palette::Palette;
use crate::script::Source;

/// What memory comes from. The system's allocator costs a query several parts in a hundred of its time. It is the program's to
/// choose, so no library of ours does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(help_or_error) => {
            // Whoever closed the pipe does not want to read it.
            let _ = help_or_error.print();
            return ExitCode::from(u8::try_from(help_or_error.exit_code()).unwrap_or(2));
        }
    };
    let variables = environment();
    let palette = Palette::choose(io::stderr().is_terminal(), |name| variables.get(name).cloned());
    match run(arguments, variables, palette) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                diagnostic::say(&diagnostic::headline(&message, palette));
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: Arguments, mut variables: BTreeMap<String, String>, palette: Palette) -> Result<(), Failure> {
    // It is no setting, and nobody else is told.
    let password = variables.remove(doctor::PASSWORD);
    if let Some(errand) = arguments.errand.clone() {
        let config = configuration(&arguments, variables)?;
        return on_runtime(async {
            match errand {
                Errand::Doctor(doctor) => doctor::run(config, &doctor, password, palette).await,
                Errand::Datasets(datasets) => datasets::run(config, &datasets, palette).await,
                Errand::Serve(serve) => serve::run(config, &serve).await,
            }
        });
    }
    let format = arguments.format().map_err(Failure::Usage)?;
    if arguments.sources.is_empty() && io::stdin().is_terminal() {
        let opening = opening(&arguments, format, &variables, palette)?;
        let config = configuration(&arguments, variables)?;
        return on_runtime(interactive::run(config, opening));
    }
    let scripts = script::read(&sources(&arguments)?, &mut io::stdin().lock())?;
    let config = configuration(&arguments, variables)?;
    let output = output(&arguments, format)?;
    let manner = Manner {
        footer: arguments.footer(),
        palette,
        continue_on_error: arguments.continue_on_error,
    };
    on_runtime(one_shot::run(config, &scripts, output, &manner))
}

/// Runs `work` on threads for signals, deadlines and requests. What computes does so on threads of the engine's own.
fn on_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Output(format!("cannot start threads: {error}")))?;
    let outcome = runtime.block_on(work);
    // A thread that waits for a reader of its pipe must not keep the process.
    runtime.shutdown_background();
    outcome
}

/// How the shell begins, on the terminals of this process.
fn opening(
    arguments: &Arguments,
    format: &'static Format,
    variables: &BTreeMap<String, String>,
    palette: Palette,
) -> Result<Opening, Failure> {
    let refused = |what: &str| Err(Failure::Usage(format!("{what}; or give the statements with -c or -f")));
    if arguments.output.is_some() {
        return refused("-o is not for the interactive shell: write .once FILE before a statement");
    }
    if arguments.continue_on_error {
        return refused("--continue-on-error is not for the interactive shell, which always goes on");
    }
    let variable = |name: &str| variables.get(name).cloned();
    let writes_to_terminal = io::stdout().is_terminal();
    let moves_cursor = variable("TERM").is_none_or(|terminal| terminal != "dumb");
    let keyboard = if writes_to_terminal && moves_cursor {
        let paints = !Palette::choose(true, variable).plain.is_empty();
        Keyboard::Edited { paints }
    } else {
        Keyboard::Plain
    };
    let mut manner = interactive::Manner {
        format,
        max_rows: arguments.max_rows,
        footer: arguments.footer(),
        writes_to_terminal,
        shows_progress: io::stderr().is_terminal() && moves_cursor && !arguments.quiet,
        palette,
        once: None,
    };
    manner.choose(format).map_err(Failure::Usage)?;
    Ok(Opening {
        keyboard,
        manner,
        home: variable("HOME").map(PathBuf::from),
        greets: !arguments.quiet,
    })
}

/// What to run: what was asked for, else standard input.
fn sources(arguments: &Arguments) -> Result<Vec<Source>, Failure> {
    let from_input = arguments
        .sources
        .iter()
        .filter(|source| **source == Source::StandardInput);
    if from_input.count() > 1 {
        let message = "standard input can be read once, so give \"-f -\" once";
        return Err(Failure::Usage(message.to_owned()));
    }
    if !arguments.sources.is_empty() {
        return Ok(arguments.sources.clone());
    }
    Ok(vec![Source::StandardInput])
}

/// The engine's settings, from the file and the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the working directory is read here, once, and handed on"
)]
fn configuration(arguments: &Arguments, variables: BTreeMap<String, String>) -> Result<Config, Failure> {
    let working_directory = std::env::current_dir()
        .map_err(|error| Failure::Usage(format!("cannot tell the working directory: {error}")))?;
    let data_directory = arguments
        .data_dir
        .as_ref()
        .map(|directory| working_directory.join(directory));
    let environment = Environment::from_iter(variables);
    let mut config =
        Config::load(arguments.config.as_deref(), environment, working_directory).map_err(Failure::Start)?;
    if let Some(directory) = data_directory {
        config.set_data_directory(directory);
    }
    config.set_sample(owlet_datasets::sample::FILES.iter().map(|file| (file.path, file.bytes)));
    Ok(config)
}

/// Where results go, and how.
fn output(arguments: &Arguments, format: &'static Format) -> Result<Output, Failure> {
    let is_terminal = arguments.output.is_none() && io::stdout().is_terminal();
    if is_terminal && format.reader == Reader::BinaryProgram {
        let message = format!(
            "the format {} is not for terminals: add -o FILE, or redirect standard output",
            format.name
        );
        return Err(Failure::Usage(message));
    }
    if arguments.continue_on_error && format.reader == Reader::BinaryProgram {
        let message = format!(
            "--continue-on-error cannot go with the format {}, which is whole or not there",
            format.name
        );
        return Err(Failure::Usage(message));
    }
    let shown_rows = output::shown_rows(arguments.max_rows, is_terminal, format);
    let destination = match &arguments.output {
        None => Destination::standard_output(is_terminal),
        Some(path) => Destination::file(path),
    };
    let destination = destination.map_err(|error| {
        let name = arguments
            .output
            .as_deref()
            .map_or("standard output".into(), |path| path.display().to_string());
        Failure::Output(format!("cannot write to {name}: {error}"))
    })?;
    Ok(Output::new(format, destination, shown_rows))
}

/// The environment. A variable that is not UTF-8 is no setting of ours and is left out.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is read here, once, and handed on"
)]
fn environment() -> BTreeMap<String, String> {
    let as_text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(as_text).collect()
}
