//! Where inputs come from: a thread that waits for keys, since waiting for them blocks.
//!
//! The thread knows neither the connection nor what is done with an input. It reads one for each prompt that it is given, keeps
//! the history, and asks for completions. It is not waited for at the end: it may be in the midst of a read.

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as prompts;
use std::thread;

use owlet_engine::Completions;
use rustyline::error::ReadlineError;
use rustyline::history::{History as _, MemHistory};
use rustyline::{Cmd, ColorMode, CompletionType, Config, Editor, KeyCode, KeyEvent, Modifiers};
use tokio::sync::{mpsc, oneshot};

use super::assistance::Assistance;
use super::history::{ENTRIES, History};
use super::input;

/// How many completions are shown without asking whether all of them are wanted.
const SHOWN_COMPLETIONS: usize = 100;

/// What the thread tells.
pub enum Event {
    /// Somebody ended an input: steps that are complete.
    Input(String),
    /// Somebody threw an input away.
    Interrupted,
    /// There will be no more input.
    Ended,
    /// Input cannot be read, in words for the user. There will be no more.
    Failed(String),
    /// Something is wrong that does not keep the shell from going on.
    Warning(String),
    /// Somebody asks what could stand at the byte `cursor` of `text`.
    Complete {
        text: String,
        cursor: usize,
        answer: oneshot::Sender<Completions>,
    },
}

/// How inputs are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    /// With an editor of several lines, completion and history; with or without colours.
    Edited { paints: bool },
    /// Line by line, for terminals that cannot move a cursor and for a standard output that is none.
    Plain,
}

/// The thread that reads.
pub struct Inputs {
    prompts: prompts::Sender<String>,
    events: mpsc::Receiver<Event>,
    /// Whether the lines that were read of an input are to be forgotten.
    is_thrown_away: Arc<AtomicBool>,
}

impl Inputs {
    /// Starts to read, with the entries of `earlier` shells to go back to. The first prompt is still to be given.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(keyboard: Keyboard, history: History, earlier: Vec<String>) -> io::Result<Self> {
        let (sender, prompts) = prompts::channel();
        let (tell, events) = mpsc::channel(1);
        let is_thrown_away = Arc::new(AtomicBool::new(false));
        let thrown_away = Arc::clone(&is_thrown_away);
        let read = move || match keyboard {
            Keyboard::Edited { paints } => edited(&prompts, &tell, &history, earlier, paints),
            Keyboard::Plain => plain(&prompts, &tell, &thrown_away),
        };
        thread::Builder::new().name("keyboard".to_owned()).spawn(read)?;
        Ok(Self {
            prompts: sender,
            events,
            is_thrown_away,
        })
    }

    /// Asks for an input. One that was asked for is still waited for.
    pub fn ask(&self, prompt: String) {
        // A thread that has ended has said why, and says nothing more.
        let _ = self.prompts.send(prompt);
    }

    /// The next thing that the thread tells.
    pub async fn next(&mut self) -> Event {
        let ended = || Event::Failed("the thread that reads the keyboard has ended".to_owned());
        self.events.recv().await.unwrap_or_else(ended)
    }

    /// Forgets the lines of an unfinished input, where keys are not read one by one.
    pub fn throw_away(&self) {
        self.is_thrown_away.store(true, Ordering::Release);
    }
}

fn edited(
    prompts: &prompts::Receiver<String>,
    events: &mpsc::Sender<Event>,
    history: &History,
    earlier: Vec<String>,
    paints: bool,
) {
    let mut editor = match editor(events, earlier, paints) {
        Ok(editor) => editor,
        Err(error) => {
            let message = format!("cannot edit lines on this terminal: {error}");
            let _ = events.blocking_send(Event::Failed(message));
            return;
        }
    };
    let mut keeps_history = true;
    while let Ok(prompt) = prompts.recv() {
        let event = match editor.readline(&prompt) {
            Ok(text) => {
                let is_new = !text.trim().is_empty() && editor.add_history_entry(text.trim_end()).unwrap_or(false);
                if is_new
                    && keeps_history
                    && let Err(error) = history.add(text.trim_end())
                {
                    // Said once: the next entry would fail the same way.
                    keeps_history = false;
                    let _ = events.blocking_send(Event::Warning(not_kept(&error)));
                }
                Event::Input(text)
            }
            Err(ReadlineError::Interrupted) => Event::Interrupted,
            Err(ReadlineError::Eof) => Event::Ended,
            Err(error) => Event::Failed(format!("cannot read the keyboard: {error}")),
        };
        if events.blocking_send(event).is_err() {
            return;
        }
    }
}

type LineEditor = Editor<Assistance, MemHistory>;

fn editor(events: &mpsc::Sender<Event>, earlier: Vec<String>, paints: bool) -> rustyline::Result<LineEditor> {
    let config = Config::builder()
        .auto_add_history(false)
        .color_mode(if paints {
            ColorMode::Enabled
        } else {
            ColorMode::Disabled
        })
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(SHOWN_COMPLETIONS)
        .max_history_size(ENTRIES)?
        .history_ignore_dups(true)?
        .build();
    let mut entries = MemHistory::with_config(&config);
    for entry in earlier {
        entries.add_owned(entry)?;
    }
    let mut editor = Editor::with_history(config, entries)?;
    editor.set_helper(Some(Assistance {
        events: events.clone(),
        paints,
    }));
    // Another line where Enter would run the statement.
    editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), Cmd::Newline);
    Ok(editor)
}

/// What is said when the history cannot be read or written.
pub fn not_kept(error: &io::Error) -> String {
    format!("the history of this shell is not kept: {error}")
}

fn plain(prompts: &prompts::Receiver<String>, events: &mpsc::Sender<Event>, is_thrown_away: &AtomicBool) {
    while let Ok(prompt) = prompts.recv() {
        let event = plain_input(&prompt, is_thrown_away)
            .unwrap_or_else(|error| Event::Failed(format!("cannot read standard input: {error}")));
        if events.blocking_send(event).is_err() {
            return;
        }
    }
}

/// Lines until they are complete. Prompts go to standard error, so that standard output holds results alone.
fn plain_input(prompt: &str, is_thrown_away: &AtomicBool) -> io::Result<Event> {
    let mut text = String::new();
    loop {
        let shown = if text.is_empty() {
            prompt.to_owned()
        } else {
            " ".repeat(prompt.len())
        };
        io::stderr().write_all(shown.as_bytes())?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            return Ok(if text.trim().is_empty() {
                Event::Ended
            } else {
                Event::Input(text)
            });
        }
        if is_thrown_away.swap(false, Ordering::AcqRel) {
            text.clear();
        }
        text.push_str(&line);
        if input::is_complete(&text) {
            return Ok(Event::Input(text));
        }
    }
}
