//! The words of the dialect, for those who show or complete a text.
//!
//! The parser has a list of its own, of a thousand words of all dialects, in which `name`, `day` and `region` stand, too. This one
//! holds what Owlet's statements are made of and what rarely is a name.

/// The words of statements, upper case, in alphabetical order.
pub const KEYWORDS: &[&str] = &[
    "ADD",
    "ALL",
    "ALTER",
    "ANALYZE",
    "AND",
    "ANTI",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "BERNOULLI",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COLUMNS",
    "COMMENT",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT",
    "DATABASE",
    "DATABASES",
    "DEALLOCATE",
    "DELIMITED",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "DROP",
    "ELSE",
    "END",
    "EXCEPT",
    "EXECUTE",
    "EXISTS",
    "EXPLAIN",
    "EXTERNAL",
    "EXTRACT",
    "FALSE",
    "FIELDS",
    "FILTER",
    "FOLLOWING",
    "FROM",
    "FULL",
    "FUNCTIONS",
    "GROUP",
    "GROUPING",
    "HAVING",
    "IF",
    "ILIKE",
    "IN",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOCATION",
    "MSCK",
    "NATURAL",
    "NOT",
    "NULL",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "OVERWRITE",
    "PARTITION",
    "PARTITIONED",
    "PARTITIONS",
    "PRECEDING",
    "PREPARE",
    "QUALIFY",
    "RANGE",
    "RECURSIVE",
    "REPAIR",
    "REPLACE",
    "RESET",
    "RIGHT",
    "ROLLUP",
    "ROW",
    "ROWS",
    "SCHEMA",
    "SCHEMAS",
    "SELECT",
    "SEMI",
    "SERDE",
    "SET",
    "SHOW",
    "SIMILAR",
    "STORED",
    "TABLE",
    "TABLES",
    "TBLPROPERTIES",
    "TEMPORARY",
    "THEN",
    "TO",
    "TRUE",
    "TRY_CAST",
    "UNBOUNDED",
    "UNION",
    "UNNEST",
    "USE",
    "USING",
    "VALUES",
    "VIEW",
    "VIEWS",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];

/// The words that statements begin with, upper case, in alphabetical order.
pub const STATEMENT_KEYWORDS: &[&str] = &[
    "ALTER",
    "CREATE",
    "DEALLOCATE",
    "DESCRIBE",
    "DROP",
    "EXECUTE",
    "EXPLAIN",
    "FROM",
    "INSERT",
    "MSCK",
    "PREPARE",
    "RESET",
    "SELECT",
    "SET",
    "SHOW",
    "USE",
    "VALUES",
    "WITH",
];

/// Whether `word`, in whatever case, is one of [`KEYWORDS`].
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.binary_search(&word.to_ascii_uppercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Limits, parse};

    #[test]
    fn words_are_found_in_either_case() {
        assert!(KEYWORDS.is_sorted() && STATEMENT_KEYWORDS.is_sorted());
        for (word, wanted) in [("Select", true), ("with", true), ("name", false), ("", false)] {
            assert_eq!(is_keyword(word), wanted, "{word}");
        }
    }

    #[test]
    fn every_statement_begins_with_a_word_that_the_parser_takes_for_one() {
        for word in STATEMENT_KEYWORDS {
            assert!(is_keyword(word), "{word}");
            let error = parse(&format!("{word} ."), &Limits::default()).expect_err(word);
            assert!(!error.message().contains(&format!("found \"{word}\"")), "{error}");
        }
    }
}
