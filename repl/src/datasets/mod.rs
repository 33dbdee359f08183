//! `owlet datasets`: seeded sets of any size, written to a bucket or a directory.
//!
//! Standard output holds the SQL that opens the set, and nothing else, so that it can be piped into `owlet`; how far the
//! writing is goes to standard error.

mod arguments;
mod progress;

pub use arguments::Arguments;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use owlet_datasets::generators::{self, Generator, Plan, Progress, Stop, Target};
use owlet_engine::storage::{Location, from_object_store};
use owlet_engine::{Config, Error, ErrorCode, Session};

use self::progress::Reporter;
use crate::connected::with_session;
use crate::destination::print;
use crate::diagnostic;
use crate::failure::Failure;
use crate::palette::Palette;
use crate::signals::{Signal, Signals};

/// How long uploads may take to be ended, once a signal has asked for the end.
const GRACE: Duration = Duration::from_secs(20);

/// Generates a set, or lists them if none is named.
///
/// A signal ends the uploads that are under way; files that were whole by then stay, and the user is told how many. A second
/// signal does not wait for the first.
///
/// # Errors
/// What is wrong with the arguments, or why the set was not written to its end. Failures of the store have been told to the
/// user already.
pub async fn run(config: Config, arguments: &Arguments, palette: Palette) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        return print(&arguments::listing());
    };
    let usage = |refusal: generators::Refusal| Failure::Usage(refusal.0);
    let generator = Generator::named(name).map_err(usage)?;
    let plan = generator.plan(&arguments.wishes()?).map_err(usage)?;
    let to = arguments.to()?;
    let work = async |session: &Session, signals: &mut Signals| {
        let place = Place::open(session, to, arguments.may_overwrite()).map_err(|error| told(&error, palette))?;
        place.write(plan, arguments, signals, palette).await?;
        print(&opening(generator, &place.location))
    };
    with_session(config, palette, work).await
}

/// Where a set goes.
struct Place {
    location: Location,
    target: Target,
}

impl Place {
    fn open(session: &Session, to: &str, may_overwrite: bool) -> Result<Self, Error> {
        let (store, location) = session.store(to)?;
        let refused = |why: &str| {
            let message = format!("a set cannot be written to \"{location}\": {why}");
            Err(Error::new(ErrorCode::InvalidValue, message))
        };
        if location.is_glob() {
            return refused("name one directory, without a wildcard");
        }
        if location.scheme().starts_with("http") {
            return refused("name a bucket or a local directory");
        }
        let directory = location.path().clone();
        Ok(Self {
            location: location.into_directory(),
            target: Target {
                store,
                directory,
                may_overwrite,
            },
        })
    }

    /// Writes the files, and says how far it is and how it ended.
    async fn write(
        &self,
        plan: Plan,
        arguments: &Arguments,
        signals: &mut Signals,
        palette: Palette,
    ) -> Result<(), Failure> {
        let replaced = tokio::select! {
            replaced = generators::check(&plan, &self.target) => replaced,
            signal = signals.next() => return Err(Failure::Stopped(signal)),
        };
        let replaced = replaced.map_err(|failure| self.told(failure, palette))?;
        let progress = Arc::new(Progress::default());
        let mut reporter = Reporter::start(&plan, Arc::clone(&progress), arguments.is_quiet());
        reporter.begin(replaced, &self.location);
        let stop = Stop::new();
        let parallel = arguments.parallel().unwrap_or_else(processors);
        let mut writing = std::pin::pin!(generators::write(plan, &self.target, parallel, &progress, &stop));
        let ended = tokio::select! {
            written = &mut writing => Ok(written),
            signal = signals.next() => Err(signal),
            never = reporter.report() => match never {},
        };
        let outcome = match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(self.told(failure, palette)),
            Err(signal) => {
                stop.stop();
                end_of(writing, signals, signal).await
            }
        };
        reporter.end(outcome.is_ok());
        outcome
    }

    /// Tells the user why a set was not written, with the code that a statement would have for it.
    fn told(&self, failure: generators::Failure, palette: Palette) -> Failure {
        let error = match failure {
            generators::Failure::Refused(refusal) => {
                Error::new(ErrorCode::AlreadyExists, format!("\"{}\": {refusal}", self.location))
            }
            generators::Failure::Store { path, cause } => from_object_store(cause, self.location.object(&path)),
            other => Error::new(ErrorCode::Internal, other.to_string()),
        };
        told(&error, palette)
    }
}

/// Waits until what a signal has stopped is taken back, for no longer than [`GRACE`] and not beyond a second signal.
async fn end_of(
    writing: impl Future<Output = Result<(), generators::Failure>>,
    signals: &mut Signals,
    signal: Signal,
) -> Result<(), Failure> {
    tokio::select! {
        // The last file may have been whole already.
        written = writing => written.map_err(|_| Failure::Stopped(signal)),
        again = signals.next() => Err(Failure::Stopped(again)),
        () = tokio::time::sleep(GRACE) => Err(Failure::Stopped(signal)),
    }
}

/// As many files side by side as there are processors: each keeps about one busy.
fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The statement that makes the set a database.
fn opening(generator: &Generator, location: &Location) -> String {
    let text = location.to_string().replace('\'', "''");
    format!("CREATE DATABASE {} FROM '{text}';\n", generator.name)
}

fn told(error: &Error, palette: Palette) -> Failure {
    diagnostic::say(&diagnostic::headline(&error.to_string(), palette));
    Failure::Statement(error.code())
}
