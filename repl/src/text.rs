//! Text that reaches a person's eyes: how wide it is, and what a terminal must not be told.
//!
//! Data may hold anything, also the escape sequences that retitle a window, move the cursor or reorder a line. Whatever
//! is shown to people passes through [`visible`]; whatever is written to a terminal in a format for programs passes
//! through [`TerminalGuard`].

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

/// The columns of a terminal that `text` takes. East Asian wide characters and emoji take two, combining marks none.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` on one line and inert: every control character as its escape, `\n` or `\u001b`.
///
/// Backslashes stay as they are: this is for reading, not for parsing back.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(commands_terminal) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if commands_terminal(character) {
            push_escape(&mut shown, character);
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// `text` with its line ends and otherwise inert, as [`visible`].
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    if text.contains('\n') {
        Cow::Owned(text.split('\n').map(visible).collect::<Vec<_>>().join("\n"))
    } else {
        visible(text)
    }
}

/// A text with a number and the right form of its noun: `1 row`, `2 rows`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Whether a terminal acts on `character` instead of showing it: C0 and C1 controls, DEL, line separators, and the
/// characters that reorder or hide what follows (<https://www.unicode.org/reports/tr9/>).
fn commands_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The escape is the one of JSON strings, so that JSON on a terminal is still JSON.
fn push_escape(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        // Every character that commands a terminal lies in the basic plane, so four digits hold it.
        other => {
            let _ = write!(shown, "\\u{:04x}", u32::from(other));
        }
    }
}

/// A sink before a terminal: lets text, line feeds and tabs through and escapes everything else that commands a
/// terminal.
pub struct TerminalGuard<W> {
    terminal: W,
    /// The first bytes of a character whose last bytes have not come yet.
    unfinished: Vec<u8>,
}

impl<W: Write> TerminalGuard<W> {
    pub fn new(terminal: W) -> Self {
        Self {
            terminal,
            unfinished: Vec::new(),
        }
    }
}

impl<W: Write> Write for TerminalGuard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pending = std::mem::take(&mut self.unfinished);
        pending.extend_from_slice(bytes);
        let mut shown = String::with_capacity(pending.len());
        for chunk in pending.utf8_chunks() {
            for character in chunk.valid().chars() {
                if commands_terminal(character) && !matches!(character, '\n' | '\t') {
                    push_escape(&mut shown, character);
                } else {
                    shown.push(character);
                }
            }
            let ends_here = chunk.invalid().as_ptr_range().end == pending.as_ptr_range().end;
            if ends_here && std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none()) {
                self.unfinished = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                shown.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.terminal.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.terminal.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_shown_as_its_escape() {
        for (text, shown) in [
            ("plain ü 漢 👩‍🚀", "plain ü 漢 👩‍🚀"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
            ("\u{1b}]0;owned\u{7}", "\\u001b]0;owned\\u0007"),
            ("\u{9b}31m\u{7f}", "\\u009b31m\\u007f"),
            ("user\u{202e}gpj.exe\u{2028}", "user\\u202egpj.exe\\u2028"),
            ("C:\\dir", "C:\\dir"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn width_counts_terminal_columns() {
        for (text, columns) in [("abc", 3), ("漢字", 4), ("e\u{301}", 1), ("", 0)] {
            assert_eq!(width(text), columns, "{text:?}");
        }
    }

    #[test]
    fn the_guard_escapes_the_same_however_the_bytes_are_cut() {
        let text = "ü\t漢👩\u{1b}[2J\u{9b}x\u{202e}\r\n".as_bytes();
        for cut in 0..=text.len() {
            let mut guard = TerminalGuard::new(Vec::new());
            guard.write_all(&text[..cut]).unwrap();
            guard.write_all(&text[cut..]).unwrap();
            assert_eq!(
                String::from_utf8(guard.terminal).unwrap(),
                "ü\t漢👩\\u001b[2J\\u009bx\\u202e\\r\n"
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_pass_the_guard() {
        let mut guard = TerminalGuard::new(Vec::new());
        guard.write_all(b"a\xff\x9bb\xe2\x82x").unwrap();
        assert_eq!(
            String::from_utf8(guard.terminal).unwrap(),
            "a\u{fffd}\u{fffd}b\u{fffd}x"
        );
    }

    #[test]
    fn one_thing_is_singular() {
        for (number, shown) in [(0, "0 rows"), (1, "1 row"), (2, "2 rows")] {
            assert_eq!(counted(number, "row"), shown);
        }
    }
}
