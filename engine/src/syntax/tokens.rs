//! The tokens of a text that need not be finished, for those who show or complete it.

use std::ops::Range;

use datafusion::sql::sqlparser::tokenizer::{Token as Lexeme, TokenWithSpan, Tokenizer, Whitespace};

use super::dialect::OwletDialect;
use super::keywords::is_keyword;
use super::script::Offsets;

/// One token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A word of the dialect, such as `SELECT`.
    Keyword,
    /// A name with an opening parenthesis after it.
    Function,
    /// Any other word.
    Name,
    /// A name in double quotes or backticks.
    QuotedName,
    /// A string, in whatever quotes.
    Text,
    /// A number.
    Number,
    /// A comment of either form.
    Comment,
    /// What ends a statement.
    Semicolon,
    /// An operator, a parenthesis, a comma.
    Sign,
    /// A quote or a comment that nothing ends, with all that follows it. It is the last token.
    Unclosed,
}

/// The tokens of `text` in their order, without white space.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut lexemes: Vec<TokenWithSpan> = Vec::new();
    let read = Tokenizer::new(&OwletDialect, text).tokenize_with_location_into_buf(&mut lexemes);
    let mut offsets = Offsets::new(text);
    let mut found: Vec<Token> = Vec::new();
    let mut end = 0;
    for (at, lexeme) in lexemes.iter().enumerate() {
        let start = offsets.advance_to(lexeme.span.start);
        end = offsets.advance_to(lexeme.span.end);
        let is_member = found.last().is_some_and(|last| &text[last.range.clone()] == ".");
        let is_called = lexemes.get(at + 1).is_some_and(|next| next.token == Lexeme::LParen);
        if let Some(kind) = kind(&lexeme.token, is_member, is_called) {
            found.push(Token {
                kind,
                range: start..end,
            });
        }
    }
    let rest = text.len() - text[end..].trim_start().len();
    if read.is_err() && rest < text.len() {
        found.push(Token {
            kind: TokenKind::Unclosed,
            range: rest..text.len(),
        });
    }
    found
}

fn kind(lexeme: &Lexeme, is_member: bool, is_called: bool) -> Option<TokenKind> {
    Some(match lexeme {
        Lexeme::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
            TokenKind::Comment
        }
        Lexeme::Whitespace(_) | Lexeme::EOF => return None,
        Lexeme::Word(word) if word.quote_style.is_some() => TokenKind::QuotedName,
        Lexeme::Word(word) if !is_member && is_keyword(&word.value) => TokenKind::Keyword,
        Lexeme::Word(_) if is_called => TokenKind::Function,
        Lexeme::Word(_) => TokenKind::Name,
        Lexeme::Number(..) => TokenKind::Number,
        Lexeme::SemiColon => TokenKind::Semicolon,
        Lexeme::SingleQuotedString(_)
        | Lexeme::DoubleQuotedString(_)
        | Lexeme::TripleSingleQuotedString(_)
        | Lexeme::TripleDoubleQuotedString(_)
        | Lexeme::DollarQuotedString(_)
        | Lexeme::SingleQuotedByteStringLiteral(_)
        | Lexeme::DoubleQuotedByteStringLiteral(_)
        | Lexeme::SingleQuotedRawStringLiteral(_)
        | Lexeme::DoubleQuotedRawStringLiteral(_)
        | Lexeme::NationalStringLiteral(_)
        | Lexeme::QuoteDelimitedStringLiteral(_)
        | Lexeme::NationalQuoteDelimitedStringLiteral(_)
        | Lexeme::EscapedStringLiteral(_)
        | Lexeme::UnicodeStringLiteral(_)
        | Lexeme::HexStringLiteral(_) => TokenKind::Text,
        _ => TokenKind::Sign,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(TokenKind, &str)]) {
        let found: Vec<_> = tokens(text)
            .into_iter()
            .map(|token| (token.kind, text[token.range].to_owned()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(kind, text)| (*kind, (*text).to_owned()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_token_has_its_kind_and_its_bytes() {
        use TokenKind::{Comment, Function, Keyword, Name, Number, QuotedName, Semicolon, Sign, Text};
        check(
            "Select \"ä\", sum(x) /* ü */ from 'ß/*';-- end",
            &[
                (Keyword, "Select"),
                (QuotedName, "\"ä\""),
                (Sign, ","),
                (Function, "sum"),
                (Sign, "("),
                (Name, "x"),
                (Sign, ")"),
                (Comment, "/* ü */"),
                (Keyword, "from"),
                (Text, "'ß/*'"),
                (Semicolon, ";"),
                (Comment, "-- end"),
            ],
        );
        check(
            "t.select + 1.5",
            &[(Name, "t"), (Sign, "."), (Name, "select"), (Sign, "+"), (Number, "1.5")],
        );
    }

    #[test]
    fn what_nothing_closes_is_one_token_to_the_end() {
        use TokenKind::{Keyword, Unclosed};
        for rest in ["'a; b", "\"a; b", "/* a; b", "$$ a; b", "'a\nb"] {
            check(&format!("select  {rest}"), &[(Keyword, "select"), (Unclosed, rest)]);
        }
        check("", &[]);
    }
}
