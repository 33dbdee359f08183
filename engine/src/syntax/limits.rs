//! How long, deep and wide a statement may be, checked on its tokens before anything recursive touches them.
//!
//! sqlparser limits the recursion of its parser, but not the depth of the tree that it builds: `a + a + a + …` is read
//! by a loop and yields a tree as deep as the chain is long, on which whatever visits, copies, plans, evaluates or drops
//! it exhausts the stack. So the depth is bounded here, from above, by counting operators.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};
use serde::Deserialize;

use super::parser::position_of;
use crate::error::{Error, ErrorCode, Result};

/// The largest statement that is read. Exceeding any of these is `EXCEEDED_STATEMENT_LIMIT`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The text of one statement, in bytes.
    pub sql_length_bytes: usize,
    /// Brackets, sub-queries and prefix operators within one another.
    pub nesting: usize,
    /// Operators in one unbroken chain such as `a + a + a` or `x OR y OR z`, those of its brackets included.
    pub chain: usize,
    /// Elements of one list: of IN, VALUES, a SELECT list, the branches of one CASE.
    pub list_items: usize,
    /// SELECTs and set operations in one statement, sub-queries and the branches of UNION included.
    pub selects: usize,
    /// Relations joined in one FROM clause.
    pub joins: usize,
    /// Relations and sub-queries of the whole statement, after each WITH query is put in place of its name.
    pub relations: usize,
    /// Calls with OVER in one statement.
    pub windows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sql_length_bytes: 1 << 20,
            nesting: 50,
            chain: 500,
            list_items: 100_000,
            selects: 1_000,
            joins: 200,
            relations: 4_000,
            windows: 200,
        }
    }
}

/// The error of every limit, in one wording.
pub(super) fn exceeded(what: &str, limit: usize) -> Error {
    Error::new(
        ErrorCode::ExceededStatementLimit,
        format!("the statement has {what}, and the limit is {limit}; split it, or put the values into a table"),
    )
}

/// Checks the tokens of one statement, without white space and comments, against `limits`.
pub(super) fn check(tokens: &[TokenWithSpan], limits: &Limits) -> Result<()> {
    let mut scan = Scan::new(limits);
    let mut previous = &Token::SemiColon;
    for token in tokens {
        let at = |error: Error| match position_of(token.span.start) {
            Some(position) => error.at(position),
            None => error,
        };
        scan.step(previous, &token.token).map_err(at)?;
        previous = &token.token;
    }
    while !scan.outer.is_empty() {
        scan.close();
    }
    scan.check_depth()
}

/// What opened a group of tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    Statement,
    Bracket,
    Case,
    /// `<` of a nested type such as `ARRAY<INT>`.
    Angle,
}

/// The tokens between two brackets, CASE and END, or the whole statement.
struct Group {
    opener: Opener,
    items: usize,
    set_operations: usize,
    /// The depth of the deepest finished element.
    deepest: usize,
    element: Element,
}

impl Group {
    fn new(opener: Opener) -> Self {
        Self {
            opener,
            items: 1,
            set_operations: 0,
            deepest: 0,
            element: Element::default(),
        }
    }

    fn finish_element(&mut self) {
        self.deepest = self.deepest.max(self.element.depth());
        self.element = Element::default();
    }

    fn depth(&self) -> usize {
        1 + self.set_operations + self.deepest.max(self.element.depth())
    }
}

/// The tokens between two separators. AND and OR are counted apart from the operators that bind tighter, so that
/// `a = 1 OR a = 2 OR …` counts one for each OR, as deep as its tree is.
#[derive(Default)]
struct Element {
    ors: usize,
    deepest_term: usize,
    ands: usize,
    deepest_factor: usize,
    others: usize,
    deepest_group: usize,
}

impl Element {
    fn and(&mut self) {
        self.deepest_factor = self.deepest_factor.max(self.others);
        self.others = 0;
        self.ands += 1;
    }

    fn or(&mut self) {
        self.and();
        self.deepest_term = self.deepest_term.max(self.ands - 1 + self.deepest_factor);
        self.ands = 0;
        self.deepest_factor = 0;
        self.ors += 1;
    }

    fn depth(&self) -> usize {
        let term = self.ands + self.deepest_factor.max(self.others);
        self.ors + self.deepest_term.max(term) + self.deepest_group
    }
}

struct Scan<'a> {
    limits: &'a Limits,
    innermost: Group,
    /// The groups around it, the statement first.
    outer: Vec<Group>,
    /// Consecutive tokens that are neither an operand nor a bracket, such as `- - -` or `INTERVAL INTERVAL`: the parser
    /// recurses on each of them, and not always under its own limit.
    run: usize,
    explains: usize,
    selects: usize,
    windows: usize,
}

impl<'a> Scan<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            innermost: Group::new(Opener::Statement),
            outer: Vec::new(),
            run: 0,
            explains: 0,
            selects: 0,
            windows: 0,
        }
    }

    fn step(&mut self, previous: &Token, token: &Token) -> Result<()> {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                self.operator();
                self.open(Opener::Bracket)
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                self.close_through(Opener::Bracket);
                Ok(())
            }
            Token::Lt if opens_type(previous) => self.open(Opener::Angle),
            Token::Gt if self.innermost.opener == Opener::Angle => {
                self.close();
                Ok(())
            }
            Token::ShiftRight if self.innermost.opener == Opener::Angle => {
                self.close();
                self.close_through(Opener::Angle);
                Ok(())
            }
            Token::Comma => self.item(),
            Token::Word(word) if word.quote_style.is_none() => self.word(previous, word.keyword),
            token if is_operand(token) => {
                self.run = 0;
                Ok(())
            }
            _ => self.operation(),
        }
    }

    fn word(&mut self, previous: &Token, keyword: Keyword) -> Result<()> {
        match keyword {
            Keyword::NoKeyword | Keyword::TRUE | Keyword::FALSE | Keyword::NULL => {
                self.run = 0;
                return Ok(());
            }
            Keyword::CASE => {
                self.operator();
                return self.open(Opener::Case);
            }
            Keyword::END if self.innermost.opener == Opener::Case => {
                self.close();
                return Ok(());
            }
            Keyword::WHEN | Keyword::THEN | Keyword::ELSE if self.innermost.opener == Opener::Case => {
                return self.item();
            }
            Keyword::AND => self.innermost.element.and(),
            Keyword::OR => self.innermost.element.or(),
            // `IS DISTINCT FROM` and `WITHIN GROUP` stand within a chain and do not end it.
            Keyword::FROM if is_keyword(previous, Keyword::DISTINCT) => self.operator(),
            Keyword::GROUP if is_keyword(previous, Keyword::WITHIN) => self.operator(),
            Keyword::SELECT => {
                self.innermost.finish_element();
                self.selects += 1;
            }
            Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::MINUS => {
                self.innermost.set_operations += 1;
                self.selects += 1;
            }
            Keyword::FROM
            | Keyword::JOIN
            | Keyword::ON
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::QUALIFY
            | Keyword::ORDER
            // Partitions of ALTER TABLE, and of windows, stand beside one another.
            | Keyword::PARTITION
            | Keyword::LIMIT => self.innermost.finish_element(),
            Keyword::EXPLAIN => self.explains += 1,
            Keyword::OVER => self.windows += 1,
            _ => self.operator(),
        }
        self.check_counts()?;
        self.check_run()
    }

    fn operation(&mut self) -> Result<()> {
        self.operator();
        self.check_run()
    }

    fn operator(&mut self) {
        self.innermost.element.others += 1;
    }

    fn check_run(&mut self) -> Result<()> {
        self.run += 1;
        if self.run > self.limits.nesting {
            return Err(exceeded("too many operators or keywords in a row", self.limits.nesting));
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<()> {
        if self.selects > self.limits.selects {
            return Err(exceeded("too many SELECTs and set operations", self.limits.selects));
        }
        if self.windows > self.limits.windows {
            return Err(exceeded("too many window calls (OVER)", self.limits.windows));
        }
        if self.explains > self.limits.nesting {
            return Err(exceeded("too many EXPLAINs", self.limits.nesting));
        }
        Ok(())
    }

    fn check_depth(&self) -> Result<()> {
        if self.innermost.depth() > self.limits.chain {
            return Err(exceeded("too long a chain of operators", self.limits.chain));
        }
        Ok(())
    }

    fn item(&mut self) -> Result<()> {
        self.run = 0;
        let limit = self.limits.list_items;
        let group = &mut self.innermost;
        group.items += 1;
        group.finish_element();
        if group.items > limit {
            return Err(exceeded("a list with too many elements", limit));
        }
        Ok(())
    }

    fn open(&mut self, opener: Opener) -> Result<()> {
        self.run = 0;
        self.outer
            .push(std::mem::replace(&mut self.innermost, Group::new(opener)));
        if self.outer.len() > self.limits.nesting {
            return Err(exceeded("too many brackets within one another", self.limits.nesting));
        }
        Ok(())
    }

    /// Closes the innermost group with this opener and what is still open within it. Without one, the parser complains.
    fn close_through(&mut self, opener: Opener) {
        let open = self.innermost.opener == opener || self.outer.iter().any(|group| group.opener == opener);
        while open && self.innermost.opener != opener {
            self.close();
        }
        if open {
            self.close();
        }
    }

    fn close(&mut self) {
        self.run = 0;
        if let Some(outer) = self.outer.pop() {
            let closed = std::mem::replace(&mut self.innermost, outer);
            let element = &mut self.innermost.element;
            element.deepest_group = element.deepest_group.max(closed.depth());
        }
    }
}

fn is_keyword(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.keyword == keyword)
}

fn opens_type(previous: &Token) -> bool {
    [
        Keyword::ARRAY,
        Keyword::STRUCT,
        Keyword::MAP,
        Keyword::UNION,
        Keyword::NESTED,
        Keyword::TABLE,
    ]
    .iter()
    .any(|keyword| is_keyword(previous, *keyword))
}

fn is_operand(token: &Token) -> bool {
    matches!(
        token,
        Token::Word(_)
            | Token::Number(..)
            | Token::Char(_)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::Placeholder(_)
            | Token::Period
            | Token::SemiColon
            | Token::EOF
    )
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    /// Parses, classifies and drops on a thread with the stack of a tokio worker.
    fn outcome(sql: String, limits: Limits) -> Option<ErrorCode> {
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || parse(&sql, &limits).err().map(|error| error.code()))
            .expect("a thread")
            .join()
            .expect("no panic")
    }

    fn roomy() -> Limits {
        Limits {
            sql_length_bytes: 256 << 20,
            ..Limits::default()
        }
    }

    /// Texts that grow with `n`: brackets, prefixes, chains and lists, each of which once made a tree as deep as `n`.
    #[expect(clippy::too_many_lines, reason = "a flat table")]
    fn shapes(n: usize) -> Vec<(&'static str, String)> {
        let repeat = |part: &str| part.repeat(n);
        let between = |head: &str, part: &str, tail: &str| format!("{head}{}{tail}", repeat(part));
        vec![
            ("brackets", format!("select {}1{}", repeat("("), repeat(")"))),
            ("open brackets", between("select ", "(", "")),
            (
                "tables in brackets",
                format!("select * from {}t{}", repeat("("), repeat(")")),
            ),
            (
                "sub-queries",
                format!("{}select 1{}", repeat("select * from ("), repeat(") x")),
            ),
            ("queries in brackets", format!("{}select 1{}", repeat("("), repeat(")"))),
            (
                "scalar sub-queries",
                format!("{}select 1{}", repeat("select ("), repeat(")")),
            ),
            ("not", between("select ", "not ", "true")),
            ("unary minus", between("select ", "- ", "1")),
            ("plus", between("select 1", " + a", "")),
            ("concat", between("select a", " || a", "")),
            ("and", between("select a", " and a", "")),
            ("or", between("select a", " or a = 1", "")),
            ("between", between("select a", " between 1 and 2", "")),
            ("is null", between("select a", " is null", "")),
            ("is distinct from", between("select a", " is distinct from a", "")),
            (
                "within group",
                between("select 1", " + f(x) within group (order by y)", ""),
            ),
            ("cast", between("select a", "::int", "")),
            ("subscripts", between("select a", "[1]", "")),
            ("fields", between("select a", ".b", "")),
            ("at time zone", between("select a", " at time zone 'x'", "")),
            ("collate", between("select a", " collate x", "")),
            (
                "case in chain",
                between("select 1", " + case when a then b else c end", ""),
            ),
            (
                "nested case",
                format!("select {}1{}", repeat("case when a then "), repeat(" end")),
            ),
            (
                "nested else",
                format!("select {}1{}", repeat("case when a then 1 else "), repeat(" end")),
            ),
            ("interval", between("select ", "interval ", "'1 day'")),
            ("explain", between("", "explain ", "select 1")),
            ("explain format", between("", "explain format tree ", "select 1")),
            (
                "array type",
                format!("select cast(a as {}int{})", repeat("array<"), repeat(">")),
            ),
            (
                "struct type",
                format!("select cast(a as {}int{})", repeat("struct<a "), repeat(">")),
            ),
            ("bracket type", between("select cast(a as int", "[]", ")")),
            ("nested arrays", format!("select {}1{}", repeat("["), repeat("]"))),
            ("nested maps", format!("select {}1{}", repeat("{'a':"), repeat("}"))),
            ("nested calls", format!("select {}1{}", repeat("abs("), repeat(")"))),
            ("lambdas", between("select f(", "x -> ", "1)")),
            ("union", between("select 1", " union all select 1", "")),
            ("union values", between("values (1)", " union values (1)", "")),
            ("joins", between("select * from t", " join t on true", "")),
            ("joins without on", between("select * from t", " join t", "")),
            ("from list", between("select * from t", ", t", "")),
            ("pivots", between("select * from t", " pivot (sum(a) for b in (1))", "")),
            ("pipes", between("select * from t", " |> where a", "")),
            ("pipe select", between("select * from t", " |> select a, b", "")),
            ("windows", between("select 1", ", sum(a) over (order by a + 1)", "")),
            (
                "with",
                between("with a as (select 1)", ", a as (select 1)", " select 1"),
            ),
            ("exists", format!("{}select 1{}", repeat("select exists("), repeat(")"))),
            ("in", format!("select {}1{}", repeat("1 in (select "), repeat(")"))),
            ("prior", between("select ", "prior ", "a")),
            ("exclamation", between("select ", "! ", "a")),
            ("tilde", between("select ", "~", "a")),
            ("typed string", between("select ", "date ", "'x'")),
        ]
    }

    #[test]
    fn no_shape_of_any_size_exhausts_the_stack() {
        for n in [1, 8, 16, 24, 40, 49, 50, 51, 199, 250, 490, 501, 999, 2_000] {
            for (shape, sql) in shapes(n) {
                let code = outcome(sql, roomy());
                if n == 1 {
                    assert_ne!(code, Some(ErrorCode::ExceededStatementLimit), "{shape} of {n}");
                }
            }
        }
        for (shape, sql) in shapes(100_000) {
            // The longest texts are left out to save time; names with many dots are refused as such.
            if sql.len() < 1_500_000 && shape != "fields" {
                assert_eq!(
                    outcome(sql, roomy()),
                    Some(ErrorCode::ExceededStatementLimit),
                    "{shape} of 100,000"
                );
            }
        }
    }

    #[test]
    fn what_people_write_is_within_the_limits() {
        for (shape, n) in [
            ("brackets", 15),
            ("sub-queries", 10),
            ("nested case", 20),
            ("not", 20),
            ("or", 450),
            ("and", 450),
            ("plus", 450),
            ("concat", 450),
            ("case in chain", 200),
            ("union", 450),
            ("joins", 190),
            ("from list", 190),
            ("windows", 190),
            ("with", 190),
        ] {
            let (_, sql) = shapes(n).into_iter().find(|(name, _)| *name == shape).expect(shape);
            assert_ne!(
                outcome(sql, roomy()),
                Some(ErrorCode::ExceededStatementLimit),
                "{shape} of {n}"
            );
        }
        let list = vec!["12345"; 99_000].join(",");
        assert_eq!(outcome(format!("select a in ({list})"), Limits::default()), None);
        let branches = "when a = 1 then 'one' ".repeat(5_000);
        assert_eq!(outcome(format!("select case {branches} end"), Limits::default()), None);
    }

    #[test]
    fn long_texts_and_long_lists_are_refused() {
        let exceeded = Some(ErrorCode::ExceededStatementLimit);
        assert_eq!(
            outcome(format!("select '{}'", "x".repeat(64 << 20)), Limits::default()),
            exceeded
        );
        let list = "1,".repeat(100_001);
        assert_eq!(outcome(format!("select 1 in ({list}1)"), roomy()), exceeded);
        assert_eq!(
            outcome(format!("values {}(1)", "(1),".repeat(100_001)), roomy()),
            exceeded
        );
        assert_eq!(
            outcome(format!("select case {} end", "when a then b ".repeat(100_001)), roomy()),
            exceeded
        );
    }

    #[test]
    fn a_limit_is_reported_where_it_was_passed() {
        let limits = Limits {
            list_items: 2,
            ..Limits::default()
        };
        let error = parse("select 1 in (1,\n 2, 3)", &limits).expect_err("three elements");
        let position = error.position().expect("a position");
        assert_eq!((position.line, position.column), (2, 3));
        assert_eq!(
            error.message(),
            "the statement has a list with too many elements, and the limit is 2; split it, or put the values into a table"
        );
    }
}
