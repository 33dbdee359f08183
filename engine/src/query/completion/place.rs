//! Where the cursor stands in a text, told by its tokens alone, since what is being written can rarely be parsed.

use crate::syntax::{Token, TokenKind, tokens};

/// The place of the cursor.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// The byte from which a candidate replaces the text up to the cursor.
    pub start: usize,
    /// What stands between `start` and the cursor, without an opening quote.
    pub word: &'a str,
    /// Whether the word is a name whose quote is open already.
    pub in_quotes: bool,
    /// Whether the writer writes keywords in lower case.
    pub in_lower_case: bool,
    /// What could stand here.
    pub wanted: Wanted<'a>,
    /// The relations that the statement names in FROM, JOIN and the like.
    pub relations: Vec<Named>,
}

/// What could stand at a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    /// The first word of a statement.
    Beginning,
    /// A relation or a database.
    Relation {
        /// Whether a keyword cannot stand here.
        nothing_but_names: bool,
    },
    /// A database.
    Database,
    /// A column, a function or the next keyword.
    Expression,
    /// The name of a setting.
    Setting,
    /// What belongs to the name before the dot: one to two parts, outermost first, folded.
    Member(Vec<String>),
    /// A file; the text is the directory up to its last `/`.
    Path(&'a str),
}

/// A relation as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// One to three parts, outermost first, folded.
    pub parts: Vec<String>,
    /// What the statement calls it, if it says so.
    pub alias: Option<String>,
}

impl Place<'_> {
    /// Whether `candidate` begins with what was written, in either case.
    pub(super) fn begins(&self, candidate: &str) -> bool {
        let start = candidate.get(..self.word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(self.word))
    }
}

/// The place of `cursor`, a byte of `text`; none where nothing can be offered, as in a comment.
pub(super) fn find(text: &str, cursor: usize) -> Option<Place<'_>> {
    let all = tokens(text);
    let at = all
        .iter()
        .find(|token| token.range.start < cursor && cursor <= token.range.end);
    let statement = Statement::around(text, &all, cursor);
    let place = |start: usize, in_quotes: bool| {
        let word = &text[start + usize::from(in_quotes)..cursor];
        Place {
            start,
            word,
            in_quotes,
            in_lower_case: statement.is_in_lower_case(word),
            wanted: statement.wanted_at(start),
            relations: statement.relations(),
        }
    };
    let Some(at) = at else {
        return Some(place(cursor, false));
    };
    let is_open = cursor < at.range.end || at.kind == TokenKind::Unclosed;
    let start = at.range.start;
    match at.kind {
        TokenKind::Sign | TokenKind::Semicolon => Some(place(cursor, false)),
        TokenKind::Keyword | TokenKind::Name | TokenKind::Function => Some(place(start, false)),
        TokenKind::QuotedName | TokenKind::Text | TokenKind::Unclosed if is_open => match text.as_bytes()[start] {
            b'"' => Some(place(start, true)),
            b'\'' if statement.names_files_at(start) => Some(path(&text[..cursor], start + 1)),
            _ => None,
        },
        _ => None,
    }
}

/// The place at the end of `text`, where a path begins at byte `start`.
fn path(text: &str, start: usize) -> Place<'_> {
    let written = &text[start..];
    let (directory, word) = written.split_at(written.rfind('/').map_or(0, |slash| slash + 1));
    Place {
        start: start + directory.len(),
        word,
        in_quotes: false,
        in_lower_case: false,
        wanted: Wanted::Path(directory),
        relations: Vec::new(),
    }
}

/// The statement that is being written.
struct Statement<'a> {
    text: &'a str,
    /// Its tokens without comments and semicolons.
    tokens: Vec<&'a Token>,
}

impl<'a> Statement<'a> {
    fn around(text: &'a str, all: &'a [Token], cursor: usize) -> Self {
        let ends = |token: &&Token| token.kind == TokenKind::Semicolon;
        let start = all.iter().filter(ends).map(|token| token.range.end);
        let start = start.take_while(|end| *end <= cursor).last().unwrap_or(0);
        let end = all.iter().filter(ends).map(|token| token.range.start);
        let end = end.filter(|start| *start >= cursor).min().unwrap_or(text.len());
        let own = |token: &&Token| token.range.start >= start && token.range.end <= end;
        let tokens = all.iter().filter(own).filter(|token| token.kind != TokenKind::Comment);
        Self {
            text,
            tokens: tokens.collect(),
        }
    }

    fn text_of(&self, token: &Token) -> &'a str {
        &self.text[token.range.clone()]
    }

    /// Whether `token` is this word or sign.
    fn is(&self, token: &Token, word: &str) -> bool {
        let is_word = !matches!(token.kind, TokenKind::QuotedName | TokenKind::Text);
        is_word && self.text_of(token).eq_ignore_ascii_case(word)
    }

    fn is_one_of(&self, token: &Token, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(token, word))
    }

    fn before(&self, offset: usize) -> &[&'a Token] {
        let count = self.tokens.iter().take_while(|token| token.range.end <= offset).count();
        &self.tokens[..count]
    }

    /// Keywords follow the case of the word that is being written, else of the keyword before it.
    fn is_in_lower_case(&self, word: &str) -> bool {
        let offset = self.tokens.iter().rfind(|token| token.kind == TokenKind::Keyword);
        let model = if word.is_empty() {
            offset.map_or("", |token| self.text_of(token))
        } else {
            word
        };
        model.contains(|letter: char| letter.is_ascii_lowercase())
    }

    /// What could stand where the word at `start` stands.
    fn wanted_at(&self, start: usize) -> Wanted<'static> {
        let before = self.before(start);
        let Some((last, earlier)) = before.split_last() else {
            return Wanted::Beginning;
        };
        if self.is(last, ".") {
            return Wanted::Member(self.name_before(earlier));
        }
        let first = before[0];
        let is_first = before.len() == 1;
        if is_first && self.is_one_of(first, &["SET", "RESET"]) {
            return Wanted::Setting;
        }
        let lists_tables = self.is(first, "SHOW")
            && before
                .get(1)
                .is_some_and(|kind| self.is_one_of(kind, &["TABLES", "VIEWS"]));
        if self.is_one_of(last, &["USE", "DATABASE", "SCHEMA"])
            || (lists_tables && self.is_one_of(last, &["FROM", "IN"]))
        {
            return Wanted::Database;
        }
        if self.is_one_of(last, &["FROM", "JOIN", "INTO"]) || (self.is(last, ",") && self.lists_relations(earlier)) {
            return Wanted::Relation {
                nothing_but_names: true,
            };
        }
        let precede_relations = ["TABLE", "VIEW", "DESCRIBE", "DESC", "OVERWRITE", "EXISTS"];
        if self.is_one_of(last, &precede_relations) && !self.is_one_of(first, &["SELECT", "WITH", "FROM"]) {
            return Wanted::Relation {
                nothing_but_names: false,
            };
        }
        Wanted::Expression
    }

    /// Whether the list that `before` ends in, if it goes on after a comma, is one of relations.
    fn lists_relations(&self, before: &[&Token]) -> bool {
        let mut depth = 0_usize;
        for token in before.iter().rev() {
            match self.text_of(token) {
                ")" => depth += 1,
                "(" if depth == 0 => return false,
                "(" => depth -= 1,
                _ if depth == 0 && token.kind == TokenKind::Keyword && !self.is_one_of(token, &["AS", "ON", "AND"]) => {
                    return self.is_one_of(token, &["FROM", "JOIN"]);
                }
                _ => {}
            }
        }
        false
    }

    /// Whether a string that begins at `start` names files.
    fn names_files_at(&self, start: usize) -> bool {
        let Some((last, earlier)) = self.before(start).split_last() else {
            return false;
        };
        self.is_one_of(last, &["FROM", "JOIN", "LOCATION", "DESCRIBE", "TO"])
            || (self.is(last, ",") && self.lists_relations(earlier))
    }

    /// The name that `before` ends with, a dot after it.
    fn name_before(&self, before: &[&Token]) -> Vec<String> {
        let mut parts = Vec::new();
        for (place, token) in before.iter().rev().enumerate() {
            let is_dot = self.is(token, ".");
            match self.part(token) {
                Some(part) if place % 2 == 0 => parts.push(part),
                None if place % 2 == 1 && is_dot => {}
                _ => break,
            }
        }
        parts.reverse();
        parts
    }

    /// A part of a name, folded as the catalogue folds.
    fn part(&self, token: &Token) -> Option<String> {
        let text = self.text_of(token);
        match token.kind {
            TokenKind::Name | TokenKind::Function => Some(text.to_lowercase()),
            TokenKind::QuotedName => {
                let inner = text.get(1..text.len().saturating_sub(1))?;
                Some(inner.replace("\"\"", "\"").to_lowercase())
            }
            _ => None,
        }
    }

    /// The relations that stand after FROM, JOIN and the like, and after commas behind them.
    fn relations(&self) -> Vec<Named> {
        let mut relations = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let begins = self.is_one_of(token, &["FROM", "JOIN", "INTO", "TABLE", "DESCRIBE"])
                || (self.is(token, ",") && self.lists_relations(&self.tokens[..at]));
            if begins {
                relations.extend(self.relation(&self.tokens[at + 1..]));
            }
        }
        relations
    }

    /// The relation that `tokens` begin with.
    fn relation(&self, tokens: &[&Token]) -> Option<Named> {
        let mut parts = vec![self.part(tokens.first()?)?];
        let mut rest = &tokens[1..];
        while let [dot, name, ..] = rest
            && self.is(dot, ".")
        {
            parts.push(self.part(name)?);
            rest = &rest[2..];
        }
        let alias = match rest {
            [word, name, ..] if self.is(word, "AS") => self.part(name),
            [name, ..] => self.part(name),
            [] => None,
        };
        Some(Named { parts, alias })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of the `|` in `text`.
    #[track_caller]
    fn check(text: &str, word: &str, wanted: Wanted<'_>, relations: &[&str]) {
        let cursor = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let place = find(&text, cursor).expect("a place");
        assert_eq!((place.word, &place.wanted), (word, &wanted), "{text}");
        let named = |named: &Named| {
            let alias = named
                .alias
                .as_ref()
                .map(|alias| format!(" {alias}"))
                .unwrap_or_default();
            named.parts.join(".") + &alias
        };
        assert_eq!(
            place.relations.iter().map(named).collect::<Vec<_>>(),
            relations,
            "{text}"
        );
    }

    const NAMES: Wanted<'static> = Wanted::Relation {
        nothing_but_names: true,
    };

    fn member(parts: &[&str]) -> Wanted<'static> {
        Wanted::Member(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    #[test]
    fn the_words_before_say_what_could_stand_here() {
        check("sel|", "sel", Wanted::Beginning, &[]);
        check("select 1; |", "", Wanted::Beginning, &[]);
        check("select 1;|", "", Wanted::Beginning, &[]);
        check("select * from tr|", "tr", NAMES, &["tr"]);
        check("select * from a x, b|", "b", NAMES, &["a x", "b"]);
        check("select * from a join | on x", "", NAMES, &["a"]);
        check("select 1 from a where x in (1, |", "", Wanted::Expression, &["a"]);
        check(
            "select |, b from t as y; select c from d",
            "",
            Wanted::Expression,
            &["t y"],
        );
        check("select a from t order by a, |", "", Wanted::Expression, &["t"]);
        check("show tables in |", "", Wanted::Database, &[]);
        check("use d|", "d", Wanted::Database, &[]);
        check("set ti|", "ti", Wanted::Setting, &[]);
        check(
            "drop table if exists |",
            "",
            Wanted::Relation {
                nothing_but_names: false,
            },
            &[],
        );
        check("insert into |", "", NAMES, &[]);
    }

    #[test]
    fn a_dot_asks_for_members() {
        check("select t.| from a.b t", "", member(&["t"]), &["a.b t"]);
        check("select * from sample.tr|", "tr", member(&["sample"]), &["sample.tr"]);
        check("select * from lake.\"S\".|", "", member(&["lake", "s"]), &["lake.s"]);
    }

    #[test]
    fn quotes_open_names_and_paths() {
        check("select * from \"Or|", "Or", NAMES, &[]);
        check("select * from 's3://b/tr|", "tr", Wanted::Path("s3://b/"), &[]);
        check("select * from 'a/b|c' x", "b", Wanted::Path("a/"), &[]);
        check("select * from 'x|", "x", Wanted::Path(""), &[]);
    }

    #[test]
    fn comments_and_other_strings_offer_nothing() {
        for text in [
            "select 'ab|",
            "select 1 -- x|",
            "select /* x|",
            "select 'a'|",
            "select 12|",
        ] {
            assert!(find(&text.replace('|', ""), text.len() - 1).is_none(), "{text}");
        }
    }

    #[test]
    fn keywords_follow_the_case_of_the_writer() {
        for (text, lower) in [
            ("sel", true),
            ("SEL", false),
            ("select a ", true),
            ("SELECT a ", false),
            ("", false),
        ] {
            assert_eq!(find(text, text.len()).unwrap().in_lower_case, lower, "{text}");
        }
    }
}
