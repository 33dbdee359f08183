//! What the shell says of itself.

use std::fmt::Write as _;
use std::path::Path;

use owlet_datasets::sample::QUESTIONS;

use super::commands::{COMMANDS, Command};
use crate::text::visible;

/// The first lines.
pub fn greeting(data_directory: &Path) -> String {
    format!(
        "owlet {}, with its data in {}\n\
         Try: SELECT * FROM sample.trips LIMIT 10;  .help says more, Tab completes, .quit leaves.\n",
        env!("CARGO_PKG_VERSION"),
        visible(&data_directory.display().to_string()),
    )
}

/// The answer to `.help`.
pub fn text() -> String {
    let usages: Vec<String> = COMMANDS.iter().map(Command::usage).collect();
    let width = usages.iter().map(String::len).max().unwrap_or_default();
    let mut text = "Statements end with a semicolon and may have several lines. ".to_owned();
    text += "Files are tables: SELECT * FROM 's3://bucket/path/*.parquet';\n\n";
    for (command, usage) in COMMANDS.iter().zip(&usages) {
        let _ = write!(text, "  {usage:width$}  {}", command.summary);
        text += &also(command);
        text.push('\n');
    }
    text += "\n  Tab completes names, keywords and files; Ctrl-R searches what was typed before, Up goes back to it;\n";
    text += "  Alt-Enter begins another line; Ctrl-C cancels a query or clears the input; Ctrl-D leaves.\n";
    text += "  .help COMMAND says more of one; .format vertical shows all columns of wide rows.\n";
    text += "\nThree questions to the sample:\n";
    for question in QUESTIONS {
        let _ = write!(text, "\n-- {}\n{};\n", question.title, question.sql);
    }
    text
}

/// The answer to `.help COMMAND`.
pub fn of(command: &Command) -> String {
    let mut text = format!("{}\n  {}{}\n", command.usage(), command.summary, also(command));
    if !command.details.is_empty() {
        let _ = writeln!(text, "  {}", command.details);
    }
    text
}

/// The other names of a command, in brackets.
fn also(command: &Command) -> String {
    if command.aliases.is_empty() {
        return String::new();
    }
    format!(" (also {})", command.aliases.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interactive::input::{Step, steps};

    #[test]
    fn help_names_every_command_and_three_questions_that_can_be_pasted() {
        let text = text();
        for command in COMMANDS {
            assert!(
                text.contains(&command.usage()) && text.contains(command.summary),
                "{}",
                command.name
            );
        }
        assert_eq!(QUESTIONS.len(), 3);
        let questions = text.split("to the sample:\n").nth(1).unwrap();
        assert_eq!(steps(questions).len(), 1);
        let Step::Statements(statements) = steps(questions)[0] else {
            panic!("a command")
        };
        assert_eq!(owlet_engine::split_statements(statements).unwrap().len(), 3);
    }
}
