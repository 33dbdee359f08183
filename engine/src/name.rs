//! Names of tables: `catalog.database.table`, how they fold, how they are quoted, how they are shown.

use datafusion::sql::sqlparser::keywords::{
    ALL_KEYWORDS, ALL_KEYWORDS_INDEX, RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_IDENTIFIER, RESERVED_FOR_TABLE_ALIAS,
    RESERVED_FOR_TABLE_FACTOR,
};
use std::fmt;

/// The catalogue that Owlet itself keeps.
pub const DEFAULT_CATALOG: &str = "lake";
/// The database that a session starts in.
pub const DEFAULT_DATABASE: &str = "default";
/// The database of Owlet's own tables, present in every catalogue search.
pub const SYSTEM_DATABASE: &str = "system";

/// The database of the tables that are part of the program.
pub const SAMPLE_DATABASE: &str = "sample";

/// The database in which every catalogue describes itself, as the SQL standard has it.
pub const INFORMATION_SCHEMA: &str = "information_schema";

/// A full name of a table. The parts are stored folded: lower case unless the user quoted them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The catalogue, such as `lake`.
    pub catalog: String,
    /// The database, such as `default`.
    pub database: String,
    /// The table or view.
    pub table: String,
}

impl TableName {
    /// A name from parts that are already folded.
    pub fn new(catalog: impl Into<String>, database: impl Into<String>, table: impl Into<String>) -> Self {
        Self {
            catalog: catalog.into(),
            database: database.into(),
            table: table.into(),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            catalog,
            database,
            table,
        } = self;
        write!(f, "{}.{}.{}", quoted(catalog), quoted(database), quoted(table))
    }
}

/// An identifier as SQL shows it: bare where that is the same name, else in double quotes with inner quotes doubled. A word that the
/// grammar keeps for itself is quoted.
#[must_use]
pub fn quoted(identifier: &str) -> String {
    let plain = !is_reserved(identifier)
        && identifier.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && identifier
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain {
        identifier.to_owned()
    } else {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }
}

fn is_reserved(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    // The parser's list has the word for dialects in which `FROM t SAMPLE 0.1` samples. In ours it is a name like any other.
    if upper == SAMPLE_DATABASE.to_ascii_uppercase() {
        return false;
    }
    let keyword = ALL_KEYWORDS
        .binary_search(&upper.as_str())
        .map(|index| ALL_KEYWORDS_INDEX[index]);
    keyword.is_ok_and(|keyword| {
        [
            RESERVED_FOR_IDENTIFIER,
            RESERVED_FOR_COLUMN_ALIAS,
            RESERVED_FOR_TABLE_ALIAS,
            RESERVED_FOR_TABLE_FACTOR,
        ]
        .iter()
        .any(|list| list.contains(&keyword))
    })
}

/// The candidate nearest to `wanted` by edit distance, if it is near enough to be a misspelling.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance over lower-cased characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_bare_and_others_are_quoted() {
        for (name, shown) in [
            ("orders", "orders"),
            ("Orders", "\"Orders\""),
            ("a\"b", "\"a\"\"b\""),
            ("1a", "\"1a\""),
            ("select", "\"select\""),
            ("name", "name"),
            ("sample", "sample"),
        ] {
            assert_eq!(quoted(name), shown);
        }
    }

    #[test]
    fn a_misspelling_is_near_and_another_word_is_not() {
        assert_eq!(nearest("custmer", ["orders", "customer"]), Some("customer"));
        assert_eq!(nearest("nation", ["orders", "customer"]), None);
    }
}
