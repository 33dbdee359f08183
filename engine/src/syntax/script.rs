//! A script to its statements, by the tokens: a semicolon in quotes, in a comment or between `$$` ends nothing.

use datafusion::sql::sqlparser::tokenizer::{Location, Token};

use super::parser::tokenize;
use crate::error::{Position, Result};

/// One statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementText<'a> {
    /// The statement, without its semicolon and without white space and comments around it.
    pub text: &'a str,
    /// Where the text begins in the script. Positions of errors count from the beginning of `text`.
    pub position: Position,
}

/// The statements of a script, in order; empty ones are left out.
///
/// # Errors
///
/// `SYNTAX_ERROR` with its position for a quote or a comment that nothing ends.
pub fn split_statements(sql: &str) -> Result<Vec<StatementText<'_>>> {
    let mut offsets = Offsets::new(sql);
    let mut statements = Vec::new();
    let mut open: Option<(usize, Position)> = None;
    let mut end = 0;
    for token in tokenize(sql)? {
        match token.token {
            Token::Whitespace(_) | Token::EOF => {}
            Token::SemiColon => {
                if let Some((start, position)) = open.take() {
                    let text = &sql[start..end];
                    statements.push(StatementText { text, position });
                }
            }
            _ => {
                let start = offsets.advance_to(token.span.start);
                end = offsets.advance_to(token.span.end);
                open.get_or_insert((
                    start,
                    Position {
                        line: token.span.start.line,
                        column: token.span.start.column,
                    },
                ));
            }
        }
    }
    if let Some((start, position)) = open {
        let text = &sql[start..end];
        statements.push(StatementText { text, position });
    }
    Ok(statements)
}

/// The part of `text` from one location of its tokens up to another.
pub(super) fn between(text: &str, start: Location, end: Location) -> &str {
    let mut offsets = Offsets::new(text);
    let start = offsets.advance_to(start);
    let end = offsets.advance_to(end);
    text.get(start..end).unwrap_or_default()
}

/// Byte offsets of ascending locations, counted as the tokenizer counts them.
pub(super) struct Offsets<'a> {
    chars: std::str::CharIndices<'a>,
    at: Location,
    offset: usize,
}

impl<'a> Offsets<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        Self {
            chars: sql.char_indices(),
            at: Location { line: 1, column: 1 },
            offset: 0,
        }
    }

    pub(super) fn advance_to(&mut self, target: Location) -> usize {
        while (self.at.line, self.at.column) < (target.line, target.column) {
            let Some((_, character)) = self.chars.next() else { break };
            if character == '\n' {
                self.at.line += 1;
                self.at.column = 1;
            } else {
                self.at.column += 1;
            }
            self.offset = self.chars.offset();
        }
        self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn check(script: &str, expected: &[(&str, u64, u64)]) {
        let found: Vec<_> = split_statements(script)
            .expect("splits")
            .iter()
            .map(|s| (s.text, s.position.line, s.position.column))
            .collect();
        assert_eq!(found, expected, "{script}");
    }

    #[test]
    fn statements_are_split_at_their_own_semicolons() {
        check("", &[]);
        check(" ; ;\n;", &[]);
        check("-- only a comment", &[]);
        check("select 1", &[("select 1", 1, 1)]);
        check("select 1; select 2 ;", &[("select 1", 1, 1), ("select 2", 1, 11)]);
        check("a;\n  b\n  c;", &[("a", 1, 1), ("b\n  c", 2, 3)]);
    }

    #[test]
    fn semicolons_in_quotes_comments_and_dollars_are_text() {
        check("select ';'; x", &[("select ';'", 1, 1), ("x", 1, 13)]);
        check("select \";\" ; x", &[("select \";\"", 1, 1), ("x", 1, 14)]);
        check("select 'it''s;'", &[("select 'it''s;'", 1, 1)]);
        check("select /* ; */ 1; x", &[("select /* ; */ 1", 1, 1), ("x", 1, 19)]);
        check("select /*! ; */ 1; x", &[("select /*! ; */ 1", 1, 1), ("x", 1, 20)]);
        check("select 1 -- ;\n, 2; x", &[("select 1 -- ;\n, 2", 1, 1), ("x", 2, 6)]);
        check("select $$;$$; x", &[("select $$;$$", 1, 1), ("x", 1, 15)]);
        check("select $t$;$$;$t$; x", &[("select $t$;$$;$t$", 1, 1), ("x", 1, 20)]);
    }

    #[test]
    fn offsets_count_bytes_where_columns_count_characters() {
        check(
            "select 'ß→🦉'; select 'é'",
            &[("select 'ß→🦉'", 1, 1), ("select 'é'", 1, 15)],
        );
        check(
            "select 'a\r\nb';\r\nselect 2",
            &[("select 'a\r\nb'", 1, 1), ("select 2", 3, 1)],
        );
    }

    #[test]
    fn an_open_quote_or_comment_is_an_error_where_it_begins() {
        for (script, line, column) in [
            ("x;\n 'abc", 2, 2),
            ("select \"a", 1, 8),
            ("a; /* b", 1, 8),
            ("$$ x", 1, 5),
        ] {
            let error = split_statements(script).expect_err(script);
            assert_eq!(error.code(), ErrorCode::SyntaxError, "{script}");
            assert_eq!(error.position(), Some(Position { line, column }), "{script}: {error}");
        }
    }
}
