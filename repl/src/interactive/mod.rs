//! The shell: a person types statements and commands, and sees what comes of them, until they leave.
//!
//! It knows an engine only as a [`Connection`]. What is typed comes from a thread of its own (`editor`), as steps that are
//! complete (`input`); a step for the shell itself is a line of `commands`. Must hold: whatever a statement does, the shell goes
//! on; Ctrl-C ends a statement and never the shell; standard output holds results and nothing else; the terminal is left as it
//! was found.

mod assistance;
mod commands;
mod editor;
mod help;
mod highlight;
mod history;
mod input;
mod manner;
mod progress;
mod running;
mod tables;
mod terminal;

use std::io;
use std::path::{Path, PathBuf};

use owlet_engine::{Config, Connection};

use crate::connected::with_connection;
use crate::destination::Destination;
use crate::diagnostic::{self, headline};
use crate::failure::Failure;
use crate::script::{self, Script, Source};
use crate::signals::{Signal, Signals};
use commands::Order;
use editor::{Event, Inputs};
use history::History;
use input::Step;
use terminal::Terminal;

pub use editor::Keyboard;
pub use manner::Manner;

/// The name of the history in the data directory.
const HISTORY: &str = "shell_history";

/// How a shell begins.
pub struct Opening {
    /// How inputs are read.
    pub keyboard: Keyboard,
    /// How results are shown until a command says otherwise.
    pub manner: Manner,
    /// What `~` means at the beginning of a file's name.
    pub home: Option<PathBuf>,
    /// Whether it says what it is.
    pub greets: bool,
}

/// Opens the engine and lets a person use it until they leave.
///
/// # Errors
/// The engine does not start, a signal ends the shell, or there is no terminal any more. What goes wrong with a statement has
/// been told, and is none.
pub async fn run(config: Config, opening: Opening) -> Result<(), Failure> {
    let data_directory = config.data_directory().to_owned();
    let palette = opening.manner.palette;
    let work = async |connection: &dyn Connection, signals: &mut Signals| {
        if opening.greets {
            diagnostic::say(&help::greeting(&data_directory));
        }
        let terminal = Terminal::remember();
        let history = History::new(data_directory.join(HISTORY));
        let earlier = history.load().unwrap_or_else(|error| {
            diagnostic::say(&headline(&editor::not_kept(&error), palette));
            Vec::new()
        });
        let inputs = Inputs::start(opening.keyboard, history, earlier)
            .map_err(|error| Failure::Output(format!("cannot start a thread: {error}")))?;
        let shell = Shell {
            connection,
            signals,
            manner: opening.manner,
            home: opening.home,
        };
        shell.converse(inputs, &terminal).await
    };
    with_connection(config, palette, work).await
}

/// A shell in use.
struct Shell<'a> {
    connection: &'a dyn Connection,
    signals: &'a mut Signals,
    manner: Manner,
    home: Option<PathBuf>,
}

/// Whether the shell goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Step,
    /// What follows in the same input does not run.
    Input,
    Leave,
}

impl Shell<'_> {
    async fn converse(mut self, mut inputs: Inputs, terminal: &Terminal) -> Result<(), Failure> {
        self.prompt(&inputs);
        loop {
            let event = tokio::select! {
                event = inputs.next() => event,
                signal = self.signals.next() => match signal {
                    // The editor has Ctrl-C as a key: this is one of a terminal that reads whole lines.
                    Signal::Interrupt => {
                        inputs.throw_away();
                        diagnostic::say(&format!("\n{}", self.prompt_text()));
                        continue;
                    }
                    Signal::HangUp | Signal::Terminate => {
                        terminal.restore();
                        return Err(Failure::Stopped(signal));
                    }
                },
            };
            match event {
                Event::Complete { text, cursor, answer } => {
                    // Whoever asked may have gone.
                    let _ = answer.send(self.connection.complete(&text, cursor).await);
                }
                Event::Warning(message) => self.complain(&message),
                Event::Interrupted => self.prompt(&inputs),
                Event::Ended => return Ok(()),
                Event::Failed(message) => return Err(Failure::Output(message)),
                Event::Input(text) => {
                    if self.take(&text).await? == Next::Leave {
                        return Ok(());
                    }
                    self.prompt(&inputs);
                }
            }
        }
    }

    fn prompt(&self, inputs: &Inputs) {
        inputs.ask(self.prompt_text());
    }

    fn prompt_text(&self) -> String {
        format!("owlet {}> ", crate::text::visible(&self.connection.database()))
    }

    /// Takes the steps of an input, until one fails.
    async fn take(&mut self, text: &str) -> Result<Next, Failure> {
        for step in input::steps(text) {
            let next = match step {
                Step::Command(line) => match commands::read(line) {
                    Ok(order) => self.carry_out(order).await?,
                    Err(message) => {
                        self.complain(&message);
                        Next::Input
                    }
                },
                Step::Statements(text) => self.run_all("input", text.to_owned()).await?,
            };
            if next != Next::Step {
                return Ok(next);
            }
        }
        Ok(Next::Step)
    }

    async fn carry_out(&mut self, order: Order) -> Result<Next, Failure> {
        match order {
            Order::Quit => return Ok(Next::Leave),
            Order::Help(None) => return show(&help::text()),
            Order::Help(Some(command)) => return show(&help::of(command)),
            Order::Show(value) => return show(&format!("{}\n", value(&self.manner))),
            Order::Run(sql) => return self.run_command(&sql).await,
            Order::Tables(wanted) => return self.tables(wanted).await,
            Order::Read(path) => return self.read(&self.file_called(path)).await,
            Order::Format(format) => {
                if let Err(message) = self.manner.choose(format) {
                    self.complain(&message);
                    return Ok(Next::Input);
                }
            }
            Order::MaxRows(rows) => self.manner.max_rows = Some(rows),
            Order::Footer(on) => self.manner.show_costs(on),
            Order::Once(path, format) => {
                let path = self.file_called(path);
                self.manner.once = None;
                if let Err(error) = Destination::check(&path) {
                    let message = format!(
                        "cannot write to \"{}\": {error}; give .once another file",
                        path.display()
                    );
                    self.complain(&message);
                    return Ok(Next::Input);
                }
                self.manner.once = Some((path, format));
            }
            Order::NotOnce => return show(&self.not_once()),
        }
        Ok(Next::Step)
    }

    /// Lets results be shown here again, and says so.
    fn not_once(&mut self) -> String {
        match self.manner.once.take() {
            Some((path, _)) => {
                let name = path.display().to_string();
                format!(
                    "results are shown here again; \"{}\" is not written\n",
                    crate::text::visible(&name)
                )
            }
            None => "results are shown here; .once FILE writes the next one to a file\n".to_owned(),
        }
    }

    /// The file that a person calls `path`.
    fn file_called(&self, path: PathBuf) -> PathBuf {
        match (&self.home, path.strip_prefix("~")) {
            (Some(home), Ok(rest)) => home.join(rest),
            _ => path,
        }
    }

    async fn read(&mut self, path: &Path) -> Result<Next, Failure> {
        let scripts = match script::read(&[Source::File(path.to_owned())], &mut io::empty()) {
            Ok(scripts) => scripts,
            Err(failure) => return self.go_on(failure),
        };
        for Script { name, text } in scripts {
            let next = self.run_all(&name, text).await?;
            if next != Next::Step {
                return Ok(next);
            }
        }
        Ok(Next::Step)
    }

    fn complain(&self, message: &str) {
        diagnostic::say(&headline(message, self.manner.palette));
    }

    /// What keeps a statement from running keeps the shell from nothing, unless there is nobody left to talk to.
    fn go_on(&self, failure: Failure) -> Result<Next, Failure> {
        if matches!(failure, Failure::Stopped(_) | Failure::ClosedPipe) {
            return Err(failure);
        }
        if let Some(message) = failure.message() {
            self.complain(&message);
        }
        Ok(Next::Input)
    }
}

/// Writes to standard output what a person asked to see.
fn show(text: &str) -> Result<Next, Failure> {
    let written = io::Write::write_all(&mut io::stdout(), text.as_bytes());
    written.map_err(|error| crate::statement::not_written(error.into(), "standard output"))?;
    Ok(Next::Step)
}
