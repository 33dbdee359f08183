//! A cursor over the tokens of one statement: words, names, constants, and the queries within.

use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::dialect::OwletDialect;
use super::ignored;
use super::limits::Limits;
use super::literals::keep_digits;
use super::parameters::Parameters;
use super::parser::{from_sqlparser, position_of};
use super::script::between;
use crate::error::{Error, ErrorCode, Position, Result};

/// The tokens of one statement, of which those before the cursor are read.
///
/// A word is a keyword only where a caller asks for it, so a table may be called `default`, `partitions` or `comment`.
pub(super) struct Reader<'a> {
    text: &'a str,
    limits: &'a Limits,
    parser: Parser<'a>,
    parameters: Parameters,
    /// Where the last token of the statement ends, semicolons aside.
    end: Location,
    with_rows: Option<WithRows>,
}

/// WITH \[NO\] DATA at the end of a statement. It is taken off before the query in front of it is read, since the parser
/// would take it for a part of GROUP BY.
#[derive(Clone, Copy)]
struct WithRows {
    rows: bool,
    position: Option<Position>,
}

impl<'a> Reader<'a> {
    /// A reader of `tokens`, which are those of `text` without white space and comments.
    pub(super) fn open(
        text: &'a str,
        mut tokens: Vec<TokenWithSpan>,
        limits: &'a Limits,
        parameters: Parameters,
    ) -> Self {
        let last = tokens.iter().rev().find(|token| !is_end(&token.token));
        let end = last.map_or(Location::empty(), |token| token.span.end);
        let with_rows = take_with_rows(&mut tokens);
        let parser = Parser::new(&OwletDialect)
            .with_tokens_with_locations(tokens)
            .with_recursion_limit(limits.nesting);
        let mut reader = Self {
            text,
            limits,
            parser,
            parameters,
            end,
            with_rows,
        };
        while reader.takes_token(&Token::SemiColon) {}
        reader
    }

    pub(super) fn limits(&self) -> &'a Limits {
        self.limits
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The text from the next token to the end of the statement, as it was written.
    pub(super) fn rest_of_text(&self) -> &'a str {
        between(self.text, self.next().span.start, self.end)
    }

    /// The next token.
    pub(super) fn next(&self) -> &TokenWithSpan {
        self.parser.peek_token_ref()
    }

    /// The token that stands `ahead` tokens behind the next one.
    pub(super) fn peek(&self, ahead: usize) -> &Token {
        &self.parser.peek_nth_token_ref(ahead).token
    }

    /// Where the next token stands; nowhere at the end of the text.
    pub(super) fn position(&self) -> Option<Position> {
        position_of(self.next().span.start)
    }

    pub(super) fn advance(&mut self) -> TokenWithSpan {
        self.parser.next_token()
    }

    /// Whether the statement ends here.
    pub(super) fn at_end(&self) -> bool {
        is_end(&self.next().token)
    }

    /// The next token in upper case, if it is an unquoted word.
    pub(super) fn word(&self) -> Option<String> {
        unquoted(self.peek(0)).map(str::to_ascii_uppercase)
    }

    /// Whether these words come next.
    pub(super) fn is(&self, words: &str) -> bool {
        self.is_ahead(0, words)
    }

    /// Whether these words come `ahead` tokens behind the next one.
    pub(super) fn is_ahead(&self, ahead: usize, words: &str) -> bool {
        let mut words = words.split(' ').enumerate();
        words.all(|(place, word)| {
            unquoted(self.peek(ahead + place)).is_some_and(|found| found.eq_ignore_ascii_case(word))
        })
    }

    /// Reads these words if they come next.
    pub(super) fn takes(&mut self, words: &str) -> bool {
        let found = self.is(words);
        if found {
            for _ in words.split(' ') {
                self.parser.advance_token();
            }
        }
        found
    }

    /// Reads these words.
    ///
    /// # Errors
    /// `SYNTAX_ERROR` at the first that is missing.
    pub(super) fn expect(&mut self, words: &str) -> Result<()> {
        words.split(' ').try_for_each(|word| {
            if self.takes(word) {
                return Ok(());
            }
            Err(self.expected(word))
        })
    }

    pub(super) fn is_token(&self, token: &Token) -> bool {
        self.next().token == *token
    }

    pub(super) fn takes_token(&mut self, token: &Token) -> bool {
        self.parser.consume_token(token)
    }

    pub(super) fn expect_token(&mut self, token: &Token) -> Result<()> {
        if self.takes_token(token) {
            return Ok(());
        }
        Err(self.expected(&token.to_string()))
    }

    /// `( element, … )`, with at least one element.
    pub(super) fn list<T>(&mut self, mut element: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect_token(&Token::LParen)?;
        let mut elements = vec![element(self)?];
        while self.takes_token(&Token::Comma) {
            elements.push(element(self)?);
        }
        if self.takes_token(&Token::RParen) {
            return Ok(elements);
        }
        Err(self.expected(", or )"))
    }

    /// Whether a query begins `ahead` tokens behind the next one.
    pub(super) fn is_query(&self, ahead: usize) -> bool {
        let is_word = |word: &str| self.is_ahead(ahead, word);
        *self.peek(ahead) == Token::LParen || ["SELECT", "WITH", "VALUES", "FROM", "TABLE"].into_iter().any(is_word)
    }

    /// Reads a query to its end, with all digits of its numbers, puts the arguments of a prepared statement into it, and refuses it
    /// if it holds a clause that would be dropped without a word.
    pub(super) fn query(&mut self) -> Result<Tree> {
        let mut query = self.sqlparser(Parser::parse_query)?;
        keep_digits(&mut query)?;
        self.parameters.place(&mut query)?;
        ignored::refuse(&query)?;
        Ok(Tree::Statement(Box::new(SqlStatement::Query(query))))
    }

    /// Refuses parameters anywhere in the statement: `what` keeps its own text.
    pub(super) fn refuse_parameters(&self, what: &str) -> Result<()> {
        self.parameters.refuse(what)
    }

    /// Lets sqlparser read something.
    pub(super) fn sqlparser<T>(&mut self, read: impl FnOnce(&mut Parser<'a>) -> Result<T, ParserError>) -> Result<T> {
        read(&mut self.parser).map_err(|error| from_sqlparser(error, self.limits))
    }

    /// Reads WITH \[NO\] DATA at the end of the statement: whether the rows of the query are wanted.
    pub(super) fn take_with_data(&mut self) -> bool {
        self.with_rows.take().is_none_or(|clause| clause.rows)
    }

    /// Checks that the statement ends here, and that nothing of it was overlooked.
    pub(super) fn finish(mut self) -> Result<()> {
        let ended = self.takes_token(&Token::SemiColon);
        while self.takes_token(&Token::SemiColon) {}
        let rest = self.next();
        if rest.token != Token::EOF {
            let message = if ended {
                format!(
                    "a second statement begins at \"{}\"; run one statement at a time",
                    rest.token
                )
            } else {
                format!("expected the end of the statement, found \"{}\"", rest.token)
            };
            return Err(self.error(ErrorCode::SyntaxError, message));
        }
        if let Some(WithRows { position, .. }) = self.with_rows {
            let message = "expected the end of the statement, found \"WITH\"; WITH DATA belongs to CREATE TABLE AS";
            return Err(at(position, Error::new(ErrorCode::SyntaxError, message)));
        }
        self.parameters.check_all_placed()
    }

    /// An error at the next token.
    pub(super) fn error(&self, code: ErrorCode, message: impl Into<String>) -> Error {
        at(self.position(), Error::new(code, message))
    }

    /// `SYNTAX_ERROR`: something else was to stand at the next token.
    pub(super) fn expected(&self, what: &str) -> Error {
        let message = match &self.next().token {
            Token::EOF => format!("expected {what}, found the end of the text"),
            found => format!("expected {what}, found \"{found}\""),
        };
        self.error(ErrorCode::SyntaxError, message)
    }

    /// `NOT_SUPPORTED` at the next token, with what to do instead.
    pub(super) fn unsupported(&self, what: &str, advice: &str) -> Error {
        unsupported(self.position(), what, advice)
    }
}

/// `NOT_SUPPORTED: what is not supported; advice`.
pub(super) fn unsupported(position: Option<Position>, what: &str, advice: &str) -> Error {
    let message = format!("{what} is not supported; {advice}");
    at(position, Error::new(ErrorCode::NotSupported, message))
}

/// The error at its place, if that is known.
pub(super) fn at(position: Option<Position>, error: Error) -> Error {
    match position {
        Some(position) => error.at(position),
        None => error,
    }
}

fn is_end(token: &Token) -> bool {
    matches!(token, Token::EOF | Token::SemiColon)
}

fn unquoted(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

fn take_with_rows(tokens: &mut Vec<TokenWithSpan>) -> Option<WithRows> {
    let end = tokens.iter().rposition(|token| !is_end(&token.token))? + 1;
    let is = |words: &[&str]| {
        let tail = end.checked_sub(words.len()).map(|start| &tokens[start..end]);
        tail.is_some_and(|tail| {
            tail.iter()
                .zip(words)
                .all(|(token, word)| unquoted(&token.token).is_some_and(|found| found.eq_ignore_ascii_case(word)))
        })
    };
    let (length, rows) = if is(&["WITH", "NO", "DATA"]) {
        (3, false)
    } else if is(&["WITH", "DATA"]) {
        (2, true)
    } else {
        return None;
    };
    let start = end - length;
    let position = position_of(tokens[start].span.start);
    tokens.drain(start..end);
    Some(WithRows { rows, position })
}
