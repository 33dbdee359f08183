//! The records that ask an engine to describe itself: its catalogue, or the Arrow types that it keeps values in.
//!
//! SQL has no answer to these that two engines share. They are told from the text and the rows alone, and have a class of their own,
//! so that nobody takes them for answered, and none of them hides a wrong row of the data.

use arrow::datatypes::DataType;
use datafusion_sqllogictest::TestContext;
use owlet_engine::{TokenKind, tokens};
use std::path::Path;

use super::classify::{Class, ORDER, Outcome, asks_for_an_order};

/// Functions that tell how a column is stored, and whose rows are nothing else.
const OF_FIELDS: [&str; 2] = ["arrow_field", "arrow_metadata"];
/// The function that tells a type, which often stands beside columns of data.
const OF_TYPES: &str = "arrow_typeof";
/// Ways to be wrong in which Owlet has answered with rows of the right letters: never an error, a defect or a panic.
const ANSWERED: [&str; 3] = ["rows", "no error", ORDER];
/// What stands for a type in a row that is compared without them.
const ANY_TYPE: &str = "‹type›";

/// Gives wrong records that ask for a description the class that they have.
pub async fn set_apart(outcomes: &mut [Outcome]) {
    for outcome in outcomes.iter_mut().filter(|outcome| outcome.class == Class::Wrong) {
        let answered = ANSWERED.contains(&outcome.kind.as_str());
        if answered && (of_catalogue(&outcome.sql).await || of_storage(outcome)) {
            outcome.class = Class::SelfDescription;
        }
    }
}

/// Whether the statement asks for the catalogue's own words: SHOW, DESCRIBE, or a query of nothing but `information_schema`.
async fn of_catalogue(sql: &str) -> bool {
    let tokens = tokens(sql);
    let mut words = tokens.iter().filter(|token| token.kind != TokenKind::Comment);
    let first = words.next().map(|token| sql[token.range.clone()].to_lowercase());
    if matches!(first.as_deref(), Some("show" | "describe" | "desc")) {
        return true;
    }
    // Most statements need no parser to be told apart.
    sql.to_lowercase().contains("information_schema") && reads_only_the_information_schema(sql).await
}

async fn reads_only_the_information_schema(sql: &str) -> bool {
    let context = TestContext::try_new_for_test_file(Path::new("plain.slt"))
        .await
        .unwrap();
    let state = context.session_ctx().state();
    let dialect = state.config().options().sql_parser.dialect;
    let Ok(statement) = state.sql_to_statement(sql, &dialect) else {
        return false;
    };
    let tables = state.resolve_table_references(&statement).unwrap_or_default();
    !tables.is_empty() && tables.iter().all(|table| table.schema() == Some("information_schema"))
}

/// Whether the statement asks for Arrow types, or for fields, and its rows differ in nothing else.
fn of_storage(outcome: &Outcome) -> bool {
    if outcome.kind != "rows" {
        return false;
    }
    let called = called(&outcome.sql);
    if OF_FIELDS
        .iter()
        .any(|function| called.iter().any(|name| name == function))
    {
        return true;
    }
    let (Some(ours), Some(files)) = (&outcome.rows, &outcome.expected_rows) else {
        return false;
    };
    let ordered = asks_for_an_order(&outcome.sql);
    called.iter().any(|name| name == OF_TYPES) && without_types(ours, ordered) == without_types(files, ordered)
}

/// The functions that the statement calls, lower case.
fn called(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let names = tokens.iter().filter(|token| token.kind == TokenKind::Function);
    names.map(|token| sql[token.range.clone()].to_lowercase()).collect()
}

fn without_types(rows: &[String], ordered: bool) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(|row| without_types_in(row)).collect();
    if !ordered {
        rows.sort_unstable();
    }
    rows
}

/// A row with one mark in the place of each Arrow type that it names.
fn without_types_in(row: &str) -> String {
    let mut left = String::new();
    let mut rest = row;
    while let Some(next) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let with_parameters = word + bracketed(&rest[word..]);
        let is_type = |end: usize| end > 0 && rest[..end].parse::<DataType>().is_ok();
        if let Some(end) = [with_parameters, word].into_iter().find(|end| is_type(*end)) {
            left.push_str(ANY_TYPE);
            rest = &rest[end..];
        } else {
            let end = if word > 0 { word } else { next.len_utf8() };
            left.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    left.trim_end().to_owned()
}

/// The length of the brackets that `text` begins with, with all in them; zero if there are none.
fn bracketed(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => return 0,
            _ => {}
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer that differs from what the file expects.
    async fn check(sql: &str, kind: &str, rows: [&str; 2], expected: Class) {
        let lines = |text: &str| Some(text.lines().map(str::to_owned).collect());
        let mut outcomes = [Outcome {
            line: 1,
            class: Class::Wrong,
            sql: sql.to_owned(),
            kind: kind.to_owned(),
            detail: String::new(),
            rows: lines(rows[0]),
            expected_rows: lines(rows[1]),
        }];
        set_apart(&mut outcomes).await;
        assert_eq!(outcomes[0].class, expected, "{sql}: {rows:?}");
    }

    #[tokio::test]
    async fn statements_about_the_catalogue_are_told_by_their_first_word_or_their_tables() {
        for (sql, expected) in [
            ("SHOW TABLES", Class::SelfDescription),
            ("-- a note\nDescribe t", Class::SelfDescription),
            ("select * from Information_Schema.tables t", Class::SelfDescription),
            (
                "select 1 from datafusion.information_schema.views",
                Class::SelfDescription,
            ),
            ("select * from information_schema.tables, t", Class::Wrong),
            ("select 'information_schema.tables' from t", Class::Wrong),
            ("select \"show\" from t", Class::Wrong),
            ("select 1", Class::Wrong),
        ] {
            check(sql, "rows", ["1", "2"], expected).await;
            check(sql, "no error", ["1", ""], expected).await;
            check(sql, "internal", ["", ""], Class::Wrong).await;
            check(sql, "types", ["1", "1"], Class::Wrong).await;
            check(sql, "other", ["", ""], Class::Wrong).await;
        }
    }

    #[tokio::test]
    async fn a_row_is_wrong_if_more_than_the_types_in_it_differs() {
        let sql = "select a, arrow_typeof(a) from t";
        let described = Class::SelfDescription;
        check(sql, "rows", ["x Utf8View", "x Utf8"], described).await;
        check(sql, "rows", ["x Utf8View", "x Dictionary(Int32, Utf8)"], described).await;
        check(sql, "rows", ["a Int8\nb Utf8View", "b Utf8\na Int8"], described).await;
        let nested = ["List(Struct(\"a\": Utf8View))", "List(Struct(\"a\": Utf8))"];
        check(sql, "rows", nested, described).await;
        let zones = ["Timestamp(ns, \"UTC\")", "Timestamp(ns)"];
        check(sql, "rows", zones, described).await;

        check(sql, "rows", ["y Utf8View", "x Utf8"], Class::Wrong).await;
        check(sql, "rows", ["x Utf8View\nx Utf8View", "x Utf8"], Class::Wrong).await;
        check(sql, "types", ["x Utf8View", "x Utf8"], Class::Wrong).await;
        check(sql, "no error", ["x Utf8View", ""], Class::Wrong).await;
        let ordered = "select a, arrow_typeof(a) from t order by a";
        check(ordered, "rows", ["a Int8\nb Utf8View", "b Utf8\na Int8"], Class::Wrong).await;
        check("select a from t", "rows", ["Utf8View", "Utf8"], Class::Wrong).await;
        check(
            "select 'arrow_typeof(a)' from t",
            "rows",
            ["Utf8View", "Utf8"],
            Class::Wrong,
        )
        .await;
        check(
            "select arrow_field(a) from t",
            "rows",
            ["{name: lit}", "{name: a}"],
            described,
        )
        .await;
        check("select arrow_field(a) from t", "internal", ["", ""], Class::Wrong).await;
    }
}
