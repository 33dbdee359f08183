//! Names and constants, as the statements of the catalogue write them.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{Ident, ObjectName};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::command::DatabaseReference;
use super::reader::{Reader, at};
use super::references::Reference;
use crate::error::{Error, ErrorCode, Position, Result};

/// A name of one part, where it stands.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// As it was written, without its quotes.
    pub(super) written: String,
    pub(super) quoted: bool,
    pub(super) position: Option<Position>,
}

impl Name {
    /// Lower case, quoted or not.
    pub(super) fn lower(&self) -> String {
        self.written.to_lowercase()
    }

    /// Lower case unless quoted.
    pub(super) fn folded(&self) -> String {
        if self.quoted {
            self.written.clone()
        } else {
            self.lower()
        }
    }

    pub(super) fn error(&self, code: ErrorCode, message: impl Into<String>) -> Error {
        at(self.position, Error::new(code, message))
    }
}

impl Reader<'_> {
    /// One word or quoted name.
    pub(super) fn name(&mut self, what: &str) -> Result<Name> {
        let position = self.position();
        let Token::Word(word) = &self.next().token else {
            return Err(match &self.next().token {
                Token::SingleQuotedString(_) => self.error(
                    ErrorCode::SyntaxError,
                    format!("expected {what}, found a string; put names in double quotes"),
                ),
                _ => self.expected(what),
            });
        };
        if word.value.is_empty() {
            return Err(self.error(ErrorCode::SyntaxError, format!("expected {what}, found an empty name")));
        }
        let name = Name {
            written: word.value.clone(),
            quoted: word.quote_style.is_some(),
            position,
        };
        self.advance();
        Ok(name)
    }

    /// The name of a table or view.
    pub(super) fn table(&mut self, what: &str) -> Result<Reference> {
        if let Token::SingleQuotedString(location) = &self.next().token {
            let message = format!("expected {what}, found the location '{location}'; put names in double quotes");
            return Err(self.error(ErrorCode::SyntaxError, message));
        }
        self.relation(what)
    }

    /// The name of a table or view, or the location of files.
    pub(super) fn relation(&mut self, what: &str) -> Result<Reference> {
        let mut parts = Vec::new();
        loop {
            let token = self.next().clone();
            let ident = match token.token {
                Token::Word(word) if !word.value.is_empty() => word.into_ident(token.span),
                Token::SingleQuotedString(location) => Ident::with_quote_and_span('\'', token.span, location),
                _ => return Err(self.expected(what)),
            };
            self.advance();
            parts.push(ident);
            if !self.takes_token(&Token::Period) {
                break;
            }
        }
        Reference::of(&ObjectName::from(parts), self.text())
    }

    /// The name of a database, with or without its catalogue.
    pub(super) fn database(&mut self) -> Result<DatabaseReference> {
        let first = self.name("the name of a database")?;
        let second = if self.takes_token(&Token::Period) {
            Some(self.name("the name of a database")?)
        } else {
            None
        };
        if self.is_token(&Token::Period) {
            let message = "the name of a database has more than two parts; write catalog.database";
            return Err(self.error(ErrorCode::SyntaxError, message));
        }
        Ok(DatabaseReference {
            catalog: second.as_ref().map(|_| first.lower()),
            database: second.as_ref().unwrap_or(&first).lower(),
            position: first.position,
        })
    }

    /// The words of a setting's name, lower case, with their dots.
    pub(super) fn setting_name(&mut self) -> Result<String> {
        let mut name = self.name("the name of a setting")?.lower();
        while self.takes_token(&Token::Period) {
            name.push('.');
            name.push_str(&self.name("the name of a setting")?.lower());
        }
        Ok(name)
    }

    /// A string, in single quotes or, as Hive has it, in double ones.
    pub(super) fn string(&mut self, what: &str) -> Result<String> {
        let value = match &self.next().token {
            Token::SingleQuotedString(value) | Token::EscapedStringLiteral(value) => value.clone(),
            Token::DollarQuotedString(value) => value.value.clone(),
            Token::Word(word) if word.quote_style == Some('"') => word.value.clone(),
            _ => return Err(self.expected(what)),
        };
        self.advance();
        Ok(value)
    }

    /// A constant as text: a string, a number with or without a sign, or TRUE or FALSE; any word, if `words` are taken.
    pub(super) fn constant(&mut self, what: &str, words: Words) -> Result<String> {
        let value = match (&self.next().token, self.peek(1)) {
            (Token::Number(number, _), _) => number.clone(),
            (Token::Minus, Token::Number(number, _)) => {
                let value = format!("-{number}");
                self.advance();
                value
            }
            (Token::Plus, Token::Number(number, _)) => {
                let value = number.clone();
                self.advance();
                value
            }
            (Token::Word(word), _) if word.quote_style.is_none() && words.take(&word.value) => word.value.clone(),
            _ => return self.string(what),
        };
        self.advance();
        Ok(value)
    }
}

/// Refuses a name that stands a second time: `ALREADY_EXISTS: the column "a" is named twice`.
pub(super) fn refuse_twice<'n>(
    names: impl IntoIterator<Item = &'n Name>,
    folded: impl Fn(&Name) -> String,
    kind: &str,
) -> Result<()> {
    let mut seen = HashSet::new();
    match names.into_iter().find(|name| !seen.insert(folded(name))) {
        Some(twice) => {
            let message = format!("the {kind} \"{}\" is named twice", twice.written);
            Err(twice.error(ErrorCode::AlreadyExists, message))
        }
        None => Ok(()),
    }
}

/// The names in lower case, save where two differ by case alone.
pub(super) fn in_lower_case<'n>(names: impl Iterator<Item = &'n Name> + Clone) -> impl Fn(&Name) -> String {
    let lower: HashSet<String> = names.clone().map(Name::lower).collect();
    let twins = lower.len() < names.map(Name::folded).collect::<HashSet<_>>().len();
    move |name| if twins { name.folded() } else { name.lower() }
}

/// Which words are constants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// TRUE and FALSE.
    Booleans,
    /// Every word stands for itself.
    All,
}

impl Words {
    fn take(self, word: &str) -> bool {
        self == Self::All || word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false")
    }
}

/// A string as Hive reads it: with a backslash before what the string itself cannot hold.
pub(super) fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        if let Some((length, code)) = numbered(rest.as_str()) {
            result.push(code);
            rest = rest.as_str().get(length..).unwrap_or_default().chars();
            continue;
        }
        match rest.next() {
            Some('0') => result.push('\0'),
            Some('b') => result.push('\u{8}'),
            Some('n') => result.push('\n'),
            Some('r') => result.push('\r'),
            Some('t') => result.push('\t'),
            Some('Z') => result.push('\u{1a}'),
            Some(other) => result.push(other),
            None => result.push('\\'),
        }
    }
    result
}

/// `001` or `u0001` at the start of a text: its length in bytes and the character.
fn numbered(text: &str) -> Option<(usize, char)> {
    let (start, length, radix) = if text.starts_with('u') { (1, 4, 16) } else { (0, 3, 8) };
    let digits = text.get(start..start + length)?;
    let is_code = digits.chars().all(|digit| digit.is_digit(radix)) && (radix == 16 || text.starts_with(['0', '1']));
    let code = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    code.filter(|_| is_code).map(|code| (start + length, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_are_read_as_hive_reads_them() {
        for (written, read) in [
            (r"\t", "\t"),
            (r"\001", "\u{1}"),
            (r"\0", "\0"),
            (r"\0019", "\u{1}9"),
            (r"\u0001x", "\u{1}x"),
            (r"\\N", "\\N"),
            (r"\N", "N"),
            (r#"\""#, "\""),
            (r"\", "\\"),
            ("|", "|"),
            (r"\u00ß1", "u00ß1"),
            (r"\777", "777"),
        ] {
            assert_eq!(unescaped(written), read, "{written}");
        }
    }

    #[test]
    fn the_end_of_a_number_is_the_end_of_its_digits() {
        assert_eq!(numbered("u0041"), Some((5, 'A')));
        assert_eq!(numbered("+01"), None);
        assert_eq!(numbered("u+041"), None);
    }
}
