//! What the shell itself can be told: one line of [`COMMANDS`] each. Help and completion are derived from it.

use std::path::PathBuf;

use super::manner::Manner;
use super::tables::Wanted;
use crate::arguments::RowLimit;
use crate::formats::{self, FORMATS, Format};

/// Every command, in the order in which help shows them.
pub const COMMANDS: &[Command] = &[
    Command {
        name: ".help",
        aliases: &["\\?", "help"],
        argument: Some(Argument::optional("[COMMAND]", Kind::Command)),
        summary: "say what can be done here, or what a command does",
        details: "",
        order: help,
    },
    Command {
        name: ".databases",
        aliases: &["\\l"],
        argument: None,
        summary: "list the databases",
        details: "",
        order: |_| Ok(Order::Run("SHOW DATABASES".to_owned())),
    },
    Command {
        name: ".tables",
        aliases: &["\\dt"],
        argument: Some(Argument::optional("[DATABASE.][NAME*]", Kind::Relation)),
        summary: "list the tables and views of a database",
        details: ".tables alone means the database in the prompt; * stands for any letters. A name that no table has may be that \
                  of a database.",
        order: |argument| Ok(Order::Tables(Wanted::read(argument))),
    },
    Command {
        name: ".schema",
        aliases: &["\\d"],
        argument: Some(Argument::required("NAME", Kind::Relation)),
        summary: "show the columns of a table, a view or 'files'",
        details: "Files are named as after FROM: .schema 's3://bucket/path/'",
        order: |argument| Ok(Order::Run(format!("DESCRIBE {argument}"))),
    },
    Command {
        name: ".format",
        aliases: &[],
        argument: Some(Argument::optional("[FORMAT]", Kind::Format)),
        summary: "choose how results are written, or say how they are",
        details: "A table that is wider than the terminal shows its first and last columns, or one value a line where fewer than \
                  four have room; .format vertical shows every column of every row so.",
        order: format,
    },
    Command {
        name: ".maxrows",
        aliases: &[],
        argument: Some(Argument::optional("[ROWS|all]", Kind::Words(&["all"]))),
        summary: "show at most so many rows of a table, or say how many",
        details: "Half of them are the first and half the last. It means the format table.",
        order: max_rows,
    },
    Command {
        name: ".footer",
        aliases: &["\\timing"],
        argument: Some(Argument::optional("[on|off]", Kind::Words(&["on", "off"]))),
        summary: "say what each statement cost, or not; or say which",
        details: "",
        order: footer,
    },
    Command {
        name: ".read",
        aliases: &["\\i"],
        argument: Some(Argument::required("FILE", Kind::File)),
        summary: "run the statements of a file, until one fails",
        details: "The name may stand in quotes, and begin with ~/.",
        order: |argument| Ok(Order::Read(file(argument))),
    },
    Command {
        name: ".once",
        aliases: &[],
        argument: Some(Argument::optional("[FILE]", Kind::File)),
        summary: "write the next result to a file, in the format that its name means",
        details: "The file waits for the next statement that gives a result; commands show theirs here. .once alone calls it off. \
                  The name may stand in quotes, and begin with ~/.",
        order: once,
    },
    Command {
        name: ".quit",
        aliases: &[".exit", "\\q", "exit", "quit"],
        argument: None,
        summary: "leave, as Ctrl-D does",
        details: "",
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
    /// What else help says of it if asked for it alone, or nothing.
    pub details: &'static str,
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
    /// One of [`COMMANDS`].
    Command,
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
    /// Say what all commands do, or this one.
    Help(Option<&'static Command>),
    Quit,
    /// Run this statement.
    Run(String),
    /// Say how results are shown.
    Show(fn(&Manner) -> String),
    Tables(Wanted),
    Format(&'static Format),
    MaxRows(RowLimit),
    /// Say what statements cost, or not.
    Footer(bool),
    /// Run the statements of this file.
    Read(PathBuf),
    /// Write the next result to this file, in this format.
    Once(PathBuf, &'static Format),
    /// Write no result to a file.
    NotOnce,
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
        return Err(unknown(name));
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

/// The command that somebody may have meant who typed `name`: one that begins so, else one that is spelled much like it.
fn nearest(name: &str) -> Option<&'static str> {
    let folded = name.to_ascii_lowercase();
    let mut names = COMMANDS.iter().map(|command| command.name);
    // Who asks for help may leave the dot out.
    let folded = if folded.starts_with(|first: char| first.is_ascii_alphabetic()) {
        format!(".{folded}")
    } else {
        folded
    };
    names
        .clone()
        .find(|known| known.starts_with(&folded))
        .or_else(|| owlet_engine::nearest(&folded, &mut names))
}

fn help(argument: &str) -> Result<Order, String> {
    if argument.is_empty() {
        return Ok(Order::Help(None));
    }
    match named(argument).or_else(|| named(&format!(".{argument}"))) {
        Some(command) => Ok(Order::Help(Some(command))),
        None => Err(unknown(argument)),
    }
}

fn unknown(name: &str) -> String {
    let hint = nearest(name).map_or(String::new(), |near| format!("did you mean {near}? "));
    format!("there is no command \"{name}\"; {hint}.help lists those there are")
}

fn format(argument: &str) -> Result<Order, String> {
    if argument.is_empty() {
        return Ok(Order::Show(|manner| manner.format.name.to_owned()));
    }
    let names = || FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
    formats::named(&argument.to_ascii_lowercase())
        .map(Order::Format)
        .ok_or_else(|| format!("there is no format \"{argument}\"; choose one of {}", names()))
}

fn max_rows(argument: &str) -> Result<Order, String> {
    if argument.is_empty() {
        return Ok(Order::Show(Manner::row_limit));
    }
    argument.to_ascii_lowercase().parse().map(Order::MaxRows)
}

fn footer(argument: &str) -> Result<Order, String> {
    match argument.to_ascii_lowercase().as_str() {
        "" => Ok(Order::Show(Manner::costs)),
        "on" => Ok(Order::Footer(true)),
        "off" => Ok(Order::Footer(false)),
        _ => Err(format!("say .footer on or .footer off, not \"{argument}\"")),
    }
}

fn once(argument: &str) -> Result<Order, String> {
    if argument.is_empty() {
        return Ok(Order::NotOnce);
    }
    let path = file(argument);
    match formats::of_file(&path) {
        Some(format) => Ok(Order::Once(path, format)),
        None => Err(format!(
            "the name of the file \"{}\" means no format: end it with .csv, .parquet or the like",
            path.display()
        )),
    }
}

/// The name of a file, without a pair of quotes around it.
fn file(argument: &str) -> PathBuf {
    let within = |quote: char| argument.strip_prefix(quote)?.strip_suffix(quote);
    PathBuf::from(within('"').or_else(|| within('\'')).unwrap_or(argument))
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
            Ok(Order::Tables(wanted)) => wanted.sql(),
            Ok(Order::Once(path, format)) => format!("{} to {}", format.name, path.display()),
            Ok(Order::Help(Some(command))) => command.usage(),
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
        check(".FORMAT Csv", "something else");
        check(".maxrows ALL", "something else");
        check(".Footer OFF", "something else");
        check(".footer maybe", "say .footer on or .footer off, not \"maybe\"");
        check(".once", "something else");
        check(".ONCE '~/a b.CSV'", "csv to ~/a b.CSV");
        check(".once \"x.json\"", "json to x.json");
        check(".help once", ".once [FILE]");
        check(".help \\D", ".schema NAME");
    }

    #[test]
    fn a_command_that_is_not_there_brings_the_nearest() {
        for (line, name, near) in [
            (".tabels", ".tabels", ".tables"),
            (".table", ".table", ".tables"),
            (".SCH x", ".SCH", ".schema"),
            (".", ".", ".help"),
            (".help tabels", "tabels", ".tables"),
        ] {
            check(
                line,
                &format!("there is no command \"{name}\"; did you mean {near}? .help lists those there are"),
            );
        }
    }
}
