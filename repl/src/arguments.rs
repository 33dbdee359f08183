//! The command line: what may be said, and what it means. Nothing here touches the machine.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::datasets;
use crate::doctor;
use crate::failure::EXIT_CODES;
use crate::footer::Footer;
use crate::formats::{self, FORMATS, Format};
use crate::script::Source;
use crate::serve;

/// SQL over Parquet in S3-compatible object storage.
///
/// Runs the statements of -c, -f or standard input in their order and writes their results to standard output, and what
/// each cost to standard error. Without any of them, on a terminal, it is a shell: .help there says what it can do.
#[derive(Debug, Parser)]
#[command(
    name = "owlet",
    version,
    max_term_width = 110,
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true
)]
pub struct Arguments {
    /// Run these statements, separated by semicolons; may be repeated and mixed with -f
    #[arg(short, long, value_name = "SQL", allow_hyphen_values = true)]
    command: Vec<String>,

    /// Run the statements of this file, or of standard input if FILE is "-"; may be repeated
    #[arg(short, long, value_name = "FILE")]
    file: Vec<PathBuf>,

    /// How results are written [default: by the end of the name of -o, else table]
    #[arg(long, value_name = "FORMAT", value_parser = format_names(), hide_possible_values = true)]
    format: Option<String>,

    /// Write results to this file instead of standard output
    ///
    /// The file appears whole, when every statement has succeeded; until then, and after a failure, an existing file
    /// keeps its content. Except in the formats for people, it holds one table: results of the same columns follow each
    /// other, a result of other columns is an error.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Show at most this many rows of each table, half of them from its end, or "all" [default: 40 on a terminal, else
    /// all]
    #[arg(long, value_name = "ROWS")]
    pub max_rows: Option<RowLimit>,

    /// What standard error says about each statement: rows, time, bytes, requests
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    footer: Footer,

    /// Say nothing on standard error but errors; short for --footer none
    #[arg(short, long, conflicts_with = "footer")]
    pub quiet: bool,

    /// Run the statements after one that failed, too; the exit code is still that of the first failure
    ///
    /// Not with -o and not with the formats parquet and arrow: what they write is whole or not there.
    #[arg(long, conflicts_with = "output")]
    pub continue_on_error: bool,

    /// Read settings from this file
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Keep Owlet's own data here [default: the configuration's data_directory, else $OWLET_HOME, else
    /// $XDG_DATA_HOME/owlet, else ~/.local/share/owlet]
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    #[command(subcommand)]
    pub errand: Option<Errand>,

    /// What -c and -f ask for, in the order in which they were given.
    #[arg(skip)]
    pub sources: Vec<Source>,
}

/// What `owlet` does besides running SQL.
#[derive(Clone, Debug, Subcommand)]
pub enum Errand {
    Doctor(doctor::Arguments),
    Datasets(Box<datasets::Arguments>),
    Serve(serve::Arguments),
}

/// How many rows of a table are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLimit {
    All,
    AtMost(usize),
}

impl Arguments {
    /// Reads a command line, whose first word is the name of the program.
    ///
    /// # Errors
    /// The arguments are wrong, or help or the version was asked for: clap's error knows what to print and how to exit.
    pub fn read(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Self, clap::Error> {
        let command = Self::command()
            .after_long_help(long_help())
            .after_help("See --help for examples and exit codes.");
        let matches = command.try_get_matches_from(arguments)?;
        let mut parsed = Self::from_arg_matches(&matches)?;
        parsed.sources = sources(&matches);
        Ok(parsed)
    }

    /// The format that was asked for, by its name or by that of the file.
    ///
    /// # Errors
    /// The file's name means no format, and none was named.
    pub fn format(&self) -> Result<&'static Format, String> {
        if let Some(format) = self.format.as_deref().and_then(formats::named) {
            return Ok(format);
        }
        match &self.output {
            None => Ok(&FORMATS[0]),
            Some(path) => formats::of_file(path).ok_or_else(|| {
                format!(
                    "the name of the file \"{}\" means no format: add --format",
                    path.display()
                )
            }),
        }
    }

    /// What standard error says about each statement.
    pub fn footer(&self) -> Footer {
        if self.quiet { Footer::None } else { self.footer }
    }
}

impl FromStr for RowLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            number => match number.parse() {
                Ok(rows) if rows > 0 => Ok(Self::AtMost(rows)),
                _ => Err("give a number of rows from 1, or \"all\"".to_owned()),
            },
        }
    }
}

/// `-c` and `-f` in the order in which they stand on the command line.
fn sources(matches: &ArgMatches) -> Vec<Source> {
    let indices = |name| matches.indices_of(name).into_iter().flatten();
    let commands = matches
        .get_many::<String>("command")
        .into_iter()
        .flatten()
        .cloned()
        .map(Source::Command);
    let files = matches.get_many::<PathBuf>("file").into_iter().flatten().map(|path| {
        if path.as_os_str() == "-" {
            Source::StandardInput
        } else {
            Source::File(path.clone())
        }
    });
    let mut sources: Vec<_> = indices("command")
        .zip(commands)
        .chain(indices("file").zip(files))
        .collect();
    sources.sort_by_key(|(index, _)| *index);
    sources.into_iter().map(|(_, source)| source).collect()
}

fn format_names() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|format| format.name))
}

fn long_help() -> String {
    let formats = FORMATS
        .iter()
        .map(|format| format!("  {:<10}{}", format.name, format.summary));
    let codes = EXIT_CODES.iter().map(|(code, meaning)| format!("  {code:<6}{meaning}"));
    let lines = |lines: Vec<String>| lines.join("\n");
    format!(
        "Formats:\n{}\n\nExit codes:\n{}\n{EXAMPLES}",
        lines(formats.collect()),
        lines(codes.collect())
    )
}

const EXAMPLES: &str = "
Examples:
  owlet -c \"select * from 's3://bucket/trips/*.parquet' limit 10\"
  owlet -c \"select city, count(*) n from 'trips/' group by city\" -o cities.csv
  owlet --format ndjson -c \"select * from 'events.parquet'\" | jq .user
  owlet -f nightly.sql -o report.parquet --quiet
  echo 'select 1 as one' | owlet --format markdown

Credentials come from the environment (AWS_ACCESS_KEY_ID …), the shared AWS files or the configuration, never from
arguments.
NO_COLOR declines colours.";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::read(
            std::iter::once("owlet")
                .chain(arguments.iter().copied())
                .map(Into::into),
        )
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn commands_and_files_run_in_the_order_given() {
        let parsed = parse(&["-f", "a", "-c", "-- b", "--file", "-", "--command", "c"]).unwrap();
        let command = |text: &str| Source::Command(text.to_owned());
        assert_eq!(
            parsed.sources,
            [
                Source::File("a".into()),
                command("-- b"),
                Source::StandardInput,
                command("c")
            ]
        );
    }

    #[test]
    fn the_format_is_the_one_named_else_that_of_the_file_else_a_table() {
        let check = |arguments: &[&str], expected| {
            assert_eq!(
                parse(arguments).unwrap().format().ok().map(|format| format.name),
                expected,
                "{arguments:?}"
            );
        };
        check(&[], Some("table"));
        check(&["-o", "x.parquet"], Some("parquet"));
        check(&["-o", "x.parquet", "--format", "csv"], Some("csv"));
        check(&["-o", "x.unknown"], None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for arguments in [
            &["--format", "xml"][..],
            &["--max-rows", "0"],
            &["-q", "--footer", "json"],
            &["--continue-on-error", "-o", "x.csv"],
            &["select 1"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn help_lists_every_format_and_every_exit_code() {
        let help = long_help();
        for format in FORMATS {
            assert!(help.contains(format.summary));
        }
        for (code, meaning) in EXIT_CODES {
            assert!(help.contains(&code.to_string()) && help.contains(meaning));
        }
    }
}
