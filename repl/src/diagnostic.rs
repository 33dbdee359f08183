//! An error as the user sees it: what happened, where, and the line of the user's own text with carets under the token.

use std::io::{self, Write};

use owlet_engine::{Error, Position};
use unicode_width::UnicodeWidthChar;

use crate::palette::Palette;
use crate::screen;
use crate::script::Script;
use crate::text::{visible, visible_lines, width};

/// The most columns of the user's line that are shown where no terminal says how many it has; a longer one is cut around the
/// token.
const SHOWN_COLUMNS: usize = 100;

/// The fewest columns that are shown, however narrow the terminal is.
const LEAST_COLUMNS: usize = 10;

/// Tells the user of `error`, as [`render`] does, in the width of their terminal.
pub fn tell(error: &Error, script: &Script, position: Option<Position>, statement: Option<Position>, palette: Palette) {
    let columns = screen::columns(io::stderr());
    say(&render(error, script, position, statement, columns, palette));
}

/// The error in full, with its last line end. `position` is that of the token in the whole script; without one,
/// `statement` says where the statement begins. The line of the script has room in so many `columns` of a terminal.
fn render(
    error: &Error,
    script: &Script,
    position: Option<Position>,
    statement: Option<Position>,
    columns: Option<usize>,
    palette: Palette,
) -> String {
    let headline = headline(&format!("{}: {}", error.code(), error.message()), palette);
    let Some(place) = position.or(statement) else {
        return headline;
    };
    let place_line = format!(" --> {}:{}:{}\n", visible(&script.name), place.line, place.column);
    let index = place.line.checked_sub(1).and_then(|index| usize::try_from(index).ok());
    let line = index.and_then(|index| script.text.split('\n').nth(index));
    let (Some(_), Some(line)) = (position, line) else {
        return headline + &place_line;
    };
    let number = place.line.to_string();
    let room = columns.map_or(SHOWN_COLUMNS, |columns| {
        columns.saturating_sub(number.len() + 3).max(LEAST_COLUMNS)
    });
    let (shown, carets) = point_at(line.strip_suffix('\r').unwrap_or(line), place.column, room);
    let margin = " ".repeat(number.len());
    let Palette { error: red, plain, .. } = palette;
    format!("{headline}{place_line}{margin} |\n{number} | {shown}\n{margin} | {red}{carets}{plain}\n")
}

/// `error: ` and the message, which keeps its lines but no other control character.
pub fn headline(message: &str, palette: Palette) -> String {
    format!(
        "{}error:{} {}\n",
        palette.error,
        palette.plain,
        visible_lines(message.trim_end())
    )
}

/// Writes to standard error. If nobody listens there, nobody can be told so.
pub fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// The line as it is shown in `room` terminal columns, and below it carets under the token at `column` (from 1, in characters).
fn point_at(line: &str, column: u64, room: usize) -> (String, String) {
    let characters: Vec<char> = line.chars().collect();
    let start = usize::try_from(column.saturating_sub(1))
        .unwrap_or(usize::MAX)
        .min(characters.len());
    let end = token_end(&characters, start);
    let shown: Vec<String> = characters.iter().map(|character| show(*character)).collect();
    let widths: Vec<usize> = shown.iter().map(|text| width(text)).collect();
    let (from, to) = window(&widths, start, room);

    let mut text: String = shown[from..to].concat();
    let mut before: usize = widths[from..start].iter().sum();
    if from > 0 {
        text.insert(0, '…');
        before += 1;
    }
    if to < shown.len() {
        text.push('…');
    }
    let under: usize = widths[start..end.min(to)].iter().sum();
    (text, " ".repeat(before) + &"^".repeat(under.max(1)))
}

/// One character as it is shown: a tab as four columns, since terminals disagree on where it leads.
fn show(character: char) -> String {
    match character {
        '\t' => "    ".to_owned(),
        // A mark that stands on no character of its own line would stand on ours.
        other if other.width() == Some(0) => visible(&other.to_string()).into_owned(),
        other => visible(other.encode_utf8(&mut [0; 4])).into_owned(),
    }
}

/// The characters to show in `room` columns, so that the one at `start` is among them with what stands before it.
fn window(widths: &[usize], start: usize, room: usize) -> (usize, usize) {
    if widths.iter().sum::<usize>() <= room {
        return (0, widths.len());
    }
    // The marks at both ends take a column each, and two fifths stand before the token.
    let room = room - 2;
    let leading = room * 2 / 5;
    let mut from = start;
    let mut columns = 0;
    while from > 0 && columns + widths[from - 1] <= leading {
        from -= 1;
        columns += widths[from];
    }
    let mut to = start;
    while to < widths.len() && columns + widths[to] <= room {
        columns += widths[to];
        to += 1;
    }
    (from, to)
}

/// Where the token that begins at `start` ends: a quoted text with its quotes, a name with the names after its dots, a
/// number, or one character.
fn token_end(characters: &[char], start: usize) -> usize {
    let mut end = start;
    loop {
        end = match characters.get(end) {
            Some(quote @ ('"' | '\'' | '`')) => {
                let closing = characters[end + 1..].iter().position(|character| character == quote);
                closing.map_or(characters.len(), |length| end + length + 2)
            }
            Some(character) if is_of_word(*character) => {
                let length = characters[end..]
                    .iter()
                    .take_while(|character| is_of_word(**character))
                    .count();
                end + length
            }
            Some(_) => return end + 1,
            None => return end,
        };
        let goes_on = characters.get(end) == Some(&'.')
            && characters
                .get(end + 1)
                .is_some_and(|next| is_of_word(*next) || *next == '"');
        if !goes_on {
            return end;
        }
        end += 1;
    }
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use owlet_engine::ErrorCode;

    use super::*;

    #[track_caller]
    fn check(text: &str, at: Option<(u64, u64)>, expected: &str) {
        let script = Script {
            name: "a.sql".to_owned(),
            text: text.to_owned(),
        };
        let position = at.map(|(line, column)| Position { line, column });
        let error = Error::new(ErrorCode::TableNotFound, "table \"t\" not found");
        let statement = Some(Position { line: 1, column: 1 });
        let found = render(&error, &script, position, statement, None, Palette::PLAIN);
        assert_eq!(
            found,
            format!("error: TABLE_NOT_FOUND: table \"t\" not found\n{expected}")
        );
    }

    #[test]
    fn the_carets_stand_under_the_whole_token() {
        check(
            "select * from t where a",
            Some((1, 15)),
            " --> a.sql:1:15\n  |\n1 | select * from t where a\n  |               ^\n",
        );
        check(
            "from lake.x.\"a b\" y",
            Some((1, 6)),
            " --> a.sql:1:6\n  |\n1 | from lake.x.\"a b\" y\n  |      ^^^^^^^^^^^^\n",
        );
        check("a + b", Some((1, 3)), " --> a.sql:1:3\n  |\n1 | a + b\n  |   ^\n");
    }

    #[test]
    fn the_line_is_the_one_of_the_position() {
        let text = "one\r\ntwo\r\n".to_owned() + &"\n".repeat(7) + "ten";
        check(&text, Some((2, 1)), " --> a.sql:2:1\n  |\n2 | two\n  | ^^^\n");
        check(&text, Some((10, 2)), " --> a.sql:10:2\n   |\n10 | ten\n   |  ^^\n");
    }

    #[test]
    fn tabs_and_wide_characters_shift_the_carets() {
        check(
            "\tfrom t",
            Some((1, 7)),
            " --> a.sql:1:7\n  |\n1 |     from t\n  |          ^\n",
        );
        check(
            "'漢字' 字",
            Some((1, 6)),
            " --> a.sql:1:6\n  |\n1 | '漢字' 字\n  |        ^^\n",
        );
        check(
            "\u{1b}[2J t",
            Some((1, 6)),
            " --> a.sql:1:6\n  |\n1 | \\u001b[2J t\n  |           ^\n",
        );
    }

    #[test]
    fn the_end_of_the_text_and_places_outside_of_it_get_a_caret_or_none() {
        check("select", Some((1, 7)), " --> a.sql:1:7\n  |\n1 | select\n  |       ^\n");
        check(
            "select",
            Some((1, 99)),
            " --> a.sql:1:99\n  |\n1 | select\n  |       ^\n",
        );
        check("select", Some((9, 1)), " --> a.sql:9:1\n");
        check("select", None, " --> a.sql:1:1\n");
    }

    #[test]
    fn a_long_line_is_cut_around_the_token() {
        let text = format!("{}missing{}", "a, ".repeat(100), ", b".repeat(100));
        let script = Script {
            name: "-c".to_owned(),
            text,
        };
        let error = Error::new(ErrorCode::ColumnNotFound, "x");
        let position = Some(Position { line: 1, column: 301 });
        for columns in [None, Some(30), Some(80), Some(200)] {
            let report = render(&error, &script, position, None, columns, Palette::PLAIN);
            let lines: Vec<&str> = report.lines().collect();
            let limit = columns.unwrap_or(SHOWN_COLUMNS + 4);
            assert!(
                (limit - 5..=limit).contains(&width(lines[3])),
                "{columns:?}: {}",
                lines[3]
            );
            let caret = lines[4].find('^').unwrap();
            let token: String = lines[3].chars().skip(caret).take(7).collect();
            assert_eq!(token, "missing");
            assert_eq!(lines[4].matches('^').count(), 7);
        }
    }

    #[test]
    fn a_message_cannot_command_the_terminal() {
        assert_eq!(
            headline("no \u{1b}[2J\nhint", Palette::PLAIN),
            "error: no \\u001b[2J\nhint\n"
        );
    }
}
