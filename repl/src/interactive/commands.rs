//! What the shell itself can be told: one line of [`COMMANDS`] each. Help and completion are derived from it.

use std::path::PathBuf;

use super::manner::Lines;
use crate::arguments::RowLimit;
use crate::formats::{self, FORMATS, Format};

/// Every command, in the order in which help shows them.
pub const COMMANDS: &[Command] = &[
    Command {
        name: ".help",
        aliases: &["\\?", "help"],
        argument: None,
        summary: "say what can be done here",
        order: |_| Ok(Order::Help),
    },
    Command {
        name: ".databases",
        aliases: &["\\l"],
        argument: None,
        summary: "list the databases",
        order: |_| Ok(Order::Run("SHOW DATABASES".to_owned())),
    },
    Command {
        name: ".tables",
        aliases: &["\\dt"],
        argument: Some(Argument::optional("[DATABASE.][NAME*]", Kind::Relation)),
        summary: "list the tables and views of a database",
        order: |argument| Ok(Order::Run(show_tables(argument))),
    },
    Command {
        name: ".schema",
        aliases: &["\\d"],
        argument: Some(Argument::required("NAME", Kind::Relation)),
        summary: "show the columns of a table, a view or 'files'",
        order: |argument| Ok(Order::Run(format!("DESCRIBE {argument}"))),
    },
    Command {
        name: ".format",
        aliases: &[],
        argument: Some(Argument::optional("FORMAT", Kind::Format)),
        summary: "choose how results are written, or say how they are",
        order: format,
    },
    Command {
        name: ".maxrows",
        aliases: &[],
        argument: Some(Argument::required("ROWS", Kind::Words(&["all"]))),
        summary: "show at most so many rows of a table, or \"all\"",
        order: |argument| argument.parse().map(Order::MaxRows),
    },
    Command {
        name: ".footer",
        aliases: &["\\timing"],
        argument: Some(Argument::optional("on|off", Kind::Words(&["on", "off"]))),
        summary: "say what each statement cost, or not",
        order: footer,
    },
    Command {
        name: ".read",
        aliases: &["\\i"],
        argument: Some(Argument::required("FILE", Kind::File)),
        summary: "run the statements of a file",
        order: |argument| Ok(Order::Read(PathBuf::from(argument))),
    },
    Command {
        name: ".once",
        aliases: &[],
        argument: Some(Argument::required("FILE", Kind::File)),
        summary: "write the next result to a file, in the format that its name means",
        order: once,
    },
    Command {
        name: ".quit",
        aliases: &[".exit", "\\q", "exit", "quit"],
        argument: None,
        summary: "leave, as Ctrl-D does",
        order: |_| Ok(Order::Quit),
    },
];

/// One thing that the shell can be told.
pub struct Command {
    /// What help calls it, with its dot.
    pub name: &'static str,
    /// Other names: those of `psql`, and words that people try first.
    pub aliases: &'static [&'static str],
    /// What may stand behind the name.
    pub argument: Option<Argument>,
    /// One line for help.
    pub summary: &'static str,
    /// What the argument (empty if there is none) asks for.
    order: fn(&str) -> Result<Order, String>,
}

/// What may stand behind the name of a command.
pub struct Argument {
    /// What help calls it.
    pub name: &'static str,
    /// Whether the command needs it.
    is_required: bool,
    /// What it is, for completion.
    pub kind: Kind,
}

/// What an argument is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A table, a view or a database.
    Relation,
    /// A format of results.
    Format,
    /// A file.
    File,
    /// One of these words, or something else.
    Words(&'static [&'static str]),
}

/// What a command asks for.
pub enum Order {
    Help,
    Quit,
    /// Run this statement.
    Run(String),
    /// Say in which format results are written.
    ShowFormat,
    Format(&'static Format),
    MaxRows(RowLimit),
    /// Say what statements cost, or not; the other way than now, if it is not said.
    Footer(Lines),
    /// Run the statements of this file.
    Read(PathBuf),
    /// Write the next result to this file, in this format.
    Once(PathBuf, &'static Format),
}

impl Argument {
    const fn optional(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            is_required: false,
            kind,
        }
    }

    const fn required(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            is_required: true,
            kind,
        }
    }
}

impl Command {
    /// The command with its argument, as help shows it.
    pub fn usage(&self) -> String {
        match &self.argument {
            None => self.name.to_owned(),
            Some(argument) => format!("{} {}", self.name, argument.name),
        }
    }
}

/// What `line` asks for.
///
/// # Errors
/// What is wrong with it, in words for the user.
pub fn read(line: &str) -> Result<Order, String> {
    let line = line.trim().trim_end_matches(';').trim_end();
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim();
    let Some(command) = named(name) else {
        return Err(format!("there is no command \"{name}\"; .help lists those there are"));
    };
    match &command.argument {
        None if !argument.is_empty() => Err(format!("{} takes no argument", command.name)),
        Some(wanted) if wanted.is_required && argument.is_empty() => Err(format!("use {}", command.usage())),
        _ => (command.order)(argument),
    }
}

/// The command of that name, or with that alias.
pub fn named(name: &str) -> Option<&'static Command> {
    let folded = name.to_ascii_lowercase();
    COMMANDS
        .iter()
        .find(|command| command.name == folded || command.aliases.contains(&folded.as_str()))
}

/// Whether `line` is a command without a dot or a backslash, such as `quit`.
pub fn is_plain_word(line: &str) -> bool {
    let word = line.trim_end_matches(';').trim_end();
    word.chars().all(|letter| letter.is_ascii_alphabetic()) && named(word).is_some()
}

fn show_tables(argument: &str) -> String {
    let (database, pattern) = match argument.rsplit_once('.') {
        Some((database, pattern)) => (format!(" FROM {database}"), pattern),
        None => (String::new(), argument),
    };
    let pattern = match pattern {
        "" => String::new(),
        pattern => format!(" '{}'", pattern.replace('\'', "''")),
    };
    format!("SHOW TABLES{database}{pattern}")
}

fn format(argument: &str) -> Result<Order, String> {
    if argument.is_empty() {
        return Ok(Order::ShowFormat);
    }
    let names = || FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
    formats::named(argument)
        .map(Order::Format)
        .ok_or_else(|| format!("there is no format \"{argument}\"; choose one of {}", names()))
}

fn footer(argument: &str) -> Result<Order, String> {
    match argument {
        "" => Ok(Order::Footer(Lines::TheOtherWay)),
        "on" => Ok(Order::Footer(Lines::On)),
        "off" => Ok(Order::Footer(Lines::Off)),
        other => Err(format!("say .footer on or .footer off, not \"{other}\"")),
    }
}

fn once(argument: &str) -> Result<Order, String> {
    let path = PathBuf::from(argument);
    match formats::of_file(&path) {
        Some(format) => Ok(Order::Once(path, format)),
        None => Err(format!(
            "the name of the file \"{argument}\" means no format: end it with .csv, .parquet or the like"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_command() {
        let names = |command: &Command| [&[command.name], command.aliases].concat();
        for (index, command) in COMMANDS.iter().enumerate() {
            for other in &COMMANDS[index + 1..] {
                assert!(
                    names(command).iter().all(|name| !names(other).contains(name)),
                    "{}",
                    command.name
                );
            }
        }
    }

    /// What a line makes the engine run, or what is wrong with it.
    #[track_caller]
    fn check(line: &str, expected: &str) {
        let found = match read(line) {
            Ok(Order::Run(sql)) => sql,
            Ok(_) => "something else".to_owned(),
            Err(message) => message,
        };
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn lines_become_statements_or_messages() {
        check(".tables", "SHOW TABLES");
        check("\\dt sample.t*", "SHOW TABLES FROM sample 't*'");
        check(".tables sample.", "SHOW TABLES FROM sample");
        check(".SCHEMA sample.trips;", "DESCRIBE sample.trips");
        check(".schema", "use .schema NAME");
        check(".quit now", ".quit takes no argument");
        check(
            ".nothing",
            "there is no command \".nothing\"; .help lists those there are",
        );
        check(".format csv", "something else");
        check(".maxrows 0", "give a number of rows from 1, or \"all\"");
        check("quit;", "something else");
    }
}
