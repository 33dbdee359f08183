//! The colours of what is being typed.

use std::fmt::Write as _;

use owlet_engine::{TokenKind, tokens};

const PLAIN: &str = "\u{1b}[0m";
const PROMPT: &str = "\u{1b}[1m";
const HINT: &str = "\u{1b}[90m";

/// The longest text that is painted: it is painted anew with every key.
const PAINTED_BYTES: usize = 16 * 1024;

/// `text` with its tokens painted, at its own width.
pub fn painted(text: &str) -> String {
    if text.len() > PAINTED_BYTES {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(2 * text.len());
    let mut end = 0;
    for token in tokens(text) {
        shown.push_str(&text[end..token.range.start]);
        end = token.range.end;
        let token_text = &text[token.range];
        match colour(token.kind) {
            Some(colour) => {
                let _ = write!(shown, "{colour}{token_text}{PLAIN}");
            }
            None => shown.push_str(token_text),
        }
    }
    shown.push_str(&text[end..]);
    shown
}

/// `text` as a hint.
pub fn painted_hint(text: &str) -> String {
    format!("{HINT}{text}{PLAIN}")
}

/// `text` as a prompt.
pub fn painted_prompt(text: &str) -> String {
    format!("{PROMPT}{text}{PLAIN}")
}

/// The sixteen colours that every terminal's theme chooses for its own background.
fn colour(kind: TokenKind) -> Option<&'static str> {
    match kind {
        TokenKind::Keyword => Some("\u{1b}[1;35m"),
        TokenKind::Function => Some("\u{1b}[34m"),
        TokenKind::QuotedName => Some("\u{1b}[36m"),
        TokenKind::Text => Some("\u{1b}[32m"),
        TokenKind::Number => Some("\u{1b}[33m"),
        TokenKind::Comment => Some("\u{1b}[90m"),
        TokenKind::Unclosed => Some("\u{1b}[31m"),
        TokenKind::Name | TokenKind::Semicolon | TokenKind::Sign => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_painted_and_nothing_else_changes() {
        let text = "select  'ä' from t where \"x\n";
        let shown = painted(text);
        assert!(
            shown.starts_with("\u{1b}[1;35mselect\u{1b}[0m  \u{1b}[32m'ä'\u{1b}[0m"),
            "{shown:?}"
        );
        assert!(shown.contains("\u{1b}[31m\"x"), "{shown:?}");
        let mut plain = shown.replace(PLAIN, "");
        for kind in [TokenKind::Keyword, TokenKind::Text, TokenKind::Unclosed] {
            plain = plain.replace(colour(kind).unwrap(), "");
        }
        assert_eq!(plain, text);
    }
}
