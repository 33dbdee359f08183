//! What the line editor asks while somebody types: whether the input is complete, what could stand at the cursor, what was
//! typed before, and how all of it is painted.

use std::borrow::Cow;

use owlet_engine::Completions;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::SearchDirection;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};
use tokio::sync::{mpsc, oneshot};

use super::commands::{self, COMMANDS, Kind};
use super::editor::Event;
use super::{highlight, input};
use crate::formats::FORMATS;

/// The answers of one shell.
pub struct Assistance {
    /// Whoever knows the catalogue.
    pub events: mpsc::Sender<Event>,
    /// Whether the terminal shows colours and its user does not decline them.
    pub paints: bool,
}

impl Assistance {
    /// What the connection would put at the byte `cursor` of `text`.
    fn ask(&self, text: String, cursor: usize) -> Completions {
        let (answer, answered) = oneshot::channel();
        let question = Event::Complete { text, cursor, answer };
        let asked = self.events.blocking_send(question);
        // A shell that ends has no answer any more.
        asked
            .ok()
            .and_then(|()| answered.blocking_recv().ok())
            .unwrap_or_default()
    }

    fn statement(&self, line: &str, cursor: usize) -> (usize, Vec<Pair>) {
        let before = line[..cursor].rsplit('\n').next().unwrap_or_default();
        if line.contains('\n') && before.trim().is_empty() {
            let indentation = "    ".to_owned();
            return (cursor, vec![same(indentation)]);
        }
        let found = self.ask(line.to_owned(), cursor);
        let texts = found.candidates.into_iter().map(|candidate| same(candidate.text));
        (found.start, texts.collect())
    }

    /// Candidates for a line that the shell itself reads.
    fn command(&self, line: &str, cursor: usize) -> (usize, Vec<Pair>) {
        let written = &line[..cursor];
        let start = line.len() - line.trim_start().len();
        let Some(space) = written[start..].find(char::is_whitespace) else {
            let names = COMMANDS
                .iter()
                .flat_map(|command| [&[command.name], command.aliases].concat());
            let word = written[start..].to_ascii_lowercase();
            let fitting = names.filter(|name| name.starts_with(&word) && !name.starts_with(char::is_alphabetic));
            return (start, fitting.map(|name| same(name.to_owned())).collect());
        };
        let command = commands::named(&written[start..start + space]);
        let Some(argument) = command.and_then(|command| command.argument.as_ref()) else {
            return (cursor, Vec::new());
        };
        let begins = written.rfind(char::is_whitespace).map_or(0, |space| space + 1);
        let begun = written[begins..].to_ascii_lowercase();
        let fitting = |words: &mut dyn Iterator<Item = &'static str>| {
            words
                .filter(|word| word.starts_with(&begun))
                .map(|word| same(word.to_owned()))
                .collect()
        };
        match argument.kind {
            Kind::Format => (begins, fitting(&mut FORMATS.iter().map(|format| format.name))),
            Kind::Words(words) => (begins, fitting(&mut words.iter().copied())),
            Kind::Command => (begins, fitting(&mut COMMANDS.iter().map(|command| command.name))),
            Kind::Relation => self.within("DESCRIBE ", &written[begins..], begins),
            Kind::File => self.within("SELECT * FROM '", &written[begins..], begins),
        }
    }

    /// What could stand in place of `word`, which begins at byte `begins` of the line, if it stood behind `statement`.
    fn within(&self, statement: &str, word: &str, begins: usize) -> (usize, Vec<Pair>) {
        let text = format!("{statement}{word}");
        let cursor = text.len();
        let found = self.ask(text, cursor);
        let Some(start) = found.start.checked_sub(statement.len()) else {
            return (begins, Vec::new());
        };
        let names = found
            .candidates
            .into_iter()
            .filter(|candidate| candidate.kind != owlet_engine::CandidateKind::Keyword);
        (begins + start, names.map(|candidate| same(candidate.text)).collect())
    }
}

fn same(text: String) -> Pair {
    Pair {
        display: text.clone(),
        replacement: text,
    }
}

impl Helper for Assistance {}

impl Completer for Assistance {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        let is_command = line.trim_start().starts_with(['.', '\\']) && !line[..cursor].contains('\n');
        Ok(if is_command {
            self.command(line, cursor)
        } else {
            self.statement(line, cursor)
        })
    }
}

impl Validator for Assistance {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(if input::is_complete(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

/// The rest of an earlier entry that begins with what was typed.
pub struct Rest {
    /// Its first line, with a mark if there are more.
    shown: String,
    whole: String,
}

impl Hint for Rest {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        Some(&self.whole)
    }
}

impl Hinter for Assistance {
    type Hint = Rest;

    fn hint(&self, line: &str, cursor: usize, context: &Context<'_>) -> Option<Rest> {
        // Without colours nobody could tell a hint from what was typed.
        if !self.paints || line.trim().is_empty() || cursor < line.len() {
            return None;
        }
        let start = context.history_index().min(context.history().len().checked_sub(1)?);
        let found = context
            .history()
            .starts_with(line, start, SearchDirection::Reverse)
            .ok()??;
        let whole = found
            .entry
            .get(line.len()..)
            .filter(|rest| !rest.is_empty())?
            .to_owned();
        let shown = match whole.split_once('\n') {
            Some((first, _)) => format!("{first} …"),
            None => whole.clone(),
        };
        Some(Rest { shown, whole })
    }
}

impl Highlighter for Assistance {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if input::is_command(line) {
            return Cow::Borrowed(line);
        }
        Cow::Owned(highlight::painted(line))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(highlight::painted_prompt(prompt))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(highlight::painted_hint(hint))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        // A key may change the colour of all that stands before it, as a quote does.
        self.paints
    }
}
