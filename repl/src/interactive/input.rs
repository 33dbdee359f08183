//! What a person has typed, in steps: commands of the shell, each on a line of its own, and statements.

use owlet_engine::{TokenKind, tokens};

use super::commands;

/// One step of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A line for the shell itself, without white space around it.
    Command(&'a str),
    /// Statements, separated by semicolons.
    Statements(&'a str),
}

/// The steps of `text`, in order.
pub fn steps(text: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = if is_command(rest) {
            let end = rest.find('\n').unwrap_or(rest.len());
            steps.push(Step::Command(rest[..end].trim_end()));
            end
        } else {
            let end = end_of_statements(rest);
            steps.push(Step::Statements(&rest[..end]));
            end
        };
        rest = rest[end..].trim_start();
    }
    steps
}

/// Whether Enter runs `text` instead of beginning another line.
pub fn is_complete(text: &str) -> bool {
    let Some(Step::Statements(last)) = steps(text).pop() else {
        return true;
    };
    let tokens = tokens(last);
    let last = tokens.iter().rfind(|token| token.kind != TokenKind::Comment);
    last.is_none_or(|token| token.kind == TokenKind::Semicolon)
}

/// Whether the first line of `text` is for the shell: no statement begins with a dot or a backslash, so a command that is not
/// there is told as such.
pub fn is_command(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default().trim();
    line.starts_with(['.', '\\']) || commands::is_plain_word(line)
}

/// Where a command follows on a line of its own behind a semicolon, else the end.
fn end_of_statements(text: &str) -> usize {
    let ends = tokens(text)
        .into_iter()
        .filter(|token| token.kind == TokenKind::Semicolon);
    let is_last = |end: &usize| {
        let after = &text[*end..];
        let next = after.trim_start();
        after[..after.len() - next.len()].contains('\n') && is_command(next)
    };
    ends.map(|token| token.range.end).find(is_last).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_runs_what_a_semicolon_ends_outside_of_quotes_and_comments() {
        for (text, complete) in [
            ("", true),
            ("  \n", true),
            ("select 1", false),
            ("select 1;", true),
            ("select 1; -- why", true),
            ("select ';", false),
            ("select ';'\n;", true),
            ("select 1 -- ;", false),
            ("select /* ; */", false),
            ("select $$ ;", false),
            ("select 1; select 2", false),
            ("-- only a comment", true),
            (".help", true),
            (".", true),
            (". help", true),
            ("\\q", true),
            ("quit", true),
            ("EXIT;", true),
            ("exit from t", false),
            ("select 1;\n.help", true),
        ] {
            assert_eq!(is_complete(text), complete, "{text}");
        }
    }

    #[test]
    fn commands_stand_on_lines_of_their_own() {
        use Step::{Command, Statements};
        for (text, expected) in [
            (
                "\n .format csv \nselect 1;",
                vec![Command(".format csv"), Statements("select 1;")],
            ),
            ("select 1;\nselect 2;", vec![Statements("select 1;\nselect 2;")]),
            (
                "select '\n.help';\n.help\nselect 2;",
                vec![
                    Statements("select '\n.help';"),
                    Command(".help"),
                    Statements("select 2;"),
                ],
            ),
            ("select 1; .5", vec![Statements("select 1; .5")]),
        ] {
            assert_eq!(steps(text), expected, "{text}");
        }
    }
}
