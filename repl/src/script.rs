//! What the user asked to run: texts of SQL and where they came from.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use owlet_engine::{Position, Result, StatementText, split_statements};

use crate::failure::Failure;

/// The longest script. Larger data belong into files that a statement reads.
const SCRIPT_LIMIT_BYTES: u64 = 256 * 1024 * 1024;

/// Where a script comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The text after `-c`.
    Command(String),
    /// The file after `-f`.
    File(PathBuf),
    /// Standard input: `-f -`, or no source at all.
    StandardInput,
}

/// A text of SQL statements, and the name by which errors point into it.
#[derive(Debug)]
pub struct Script {
    pub name: String,
    pub text: String,
}

impl Script {
    /// The statements of the text, in order, each with its place in it.
    ///
    /// # Errors
    /// SYNTAX_ERROR: a quote or a comment is never closed.
    pub fn statements(&self) -> Result<Vec<StatementText<'_>>> {
        split_statements(&self.text)
    }

    /// The position in the whole text of what stands at `within` of the statement that begins at `start`.
    pub fn position(start: Position, within: Position) -> Position {
        if within.line <= 1 {
            Position {
                line: start.line,
                column: start.column + within.column.saturating_sub(1),
            }
        } else {
            Position {
                line: start.line + within.line - 1,
                column: within.column,
            }
        }
    }
}

/// Reads every source, in order.
///
/// # Errors
/// A file or `standard_input` cannot be read, is no UTF-8, or is too long.
pub fn read(sources: &[Source], standard_input: &mut dyn Read) -> std::result::Result<Vec<Script>, Failure> {
    let commands = sources
        .iter()
        .filter(|source| matches!(source, Source::Command(_)))
        .count();
    let mut command = 0;
    let mut scripts = Vec::with_capacity(sources.len());
    for source in sources {
        scripts.push(match source {
            Source::Command(text) => {
                command += 1;
                let name = if commands > 1 {
                    format!("-c {command}")
                } else {
                    "-c".to_owned()
                };
                Script {
                    name,
                    text: text.clone(),
                }
            }
            Source::File(path) => {
                let name = path.display().to_string();
                let text = File::open(path).and_then(|mut file| read_text(&mut file));
                Script {
                    text: text.map_err(|error| unreadable(&name, &error))?,
                    name,
                }
            }
            Source::StandardInput => {
                let name = "standard input".to_owned();
                let text = read_text(standard_input);
                Script {
                    text: text.map_err(|error| unreadable(&name, &error))?,
                    name,
                }
            }
        });
    }
    Ok(scripts)
}

fn read_text(source: &mut dyn Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    source.take(SCRIPT_LIMIT_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SCRIPT_LIMIT_BYTES {
        let message = format!("it is longer than {} MiB", SCRIPT_LIMIT_BYTES / 1024 / 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    // Editors on Windows mark UTF-8 by a byte order mark, which is no part of the SQL.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let line = before.matches('\n').count() + 1;
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot read the script \"{name}\": {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_in_a_statement_becomes_one_in_the_script() {
        let at = |line, column| Position { line, column };
        for (start, within, whole) in [
            (at(1, 1), at(1, 5), at(1, 5)),
            (at(3, 9), at(1, 5), at(3, 13)),
            (at(3, 9), at(2, 5), at(4, 5)),
        ] {
            assert_eq!(Script::position(start, within), whole);
        }
    }

    #[test]
    fn scripts_keep_their_order_and_are_named() {
        let sources = [
            Source::Command("a".into()),
            Source::StandardInput,
            Source::Command("b".into()),
        ];
        let scripts = read(&sources, &mut "\u{feff}input".as_bytes()).unwrap();
        let found: Vec<_> = scripts
            .iter()
            .map(|script| (script.name.as_str(), script.text.as_str()))
            .collect();
        assert_eq!(found, [("-c 1", "a"), ("standard input", "input"), ("-c 2", "b")]);
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let Err(Failure::Usage(message)) = read(&[Source::StandardInput], &mut &b"select\n'\xff'"[..]) else {
            panic!("read bytes that are no UTF-8");
        };
        assert_eq!(
            message,
            "cannot read the script \"standard input\": line 2 is not UTF-8"
        );
    }
}
