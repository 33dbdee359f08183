//! Tab-separated values, with a header: every row is one line, and every tab separates.
//!
//! Tabs, line ends and backslashes inside values are written as `\t`, `\n`, `\r` and `\\`, NULL as `\N`: the text
//! format of PostgreSQL's COPY, which ClickHouse and MySQL share. Nothing is ever quoted, so `cut` and `awk` read it.

use super::delimited::{Delimited, Dialect};
use super::{Format, Reader};

pub const FORMAT: Format = Format {
    name: "tsv",
    summary: "tab-separated, with a header; \\t \\n \\r \\\\ escaped, NULL is \\N",
    extensions: &["tsv", "tab"],
    reader: Reader::TextProgram,
    names_are_keys: false,
    shows_some_rows: false,
    open: |page, sink| Ok(Box::new(Delimited::new(DIALECT, page, sink))),
};

const DIALECT: Dialect = Dialect {
    separator: '\t',
    null: "\\N",
    push_field,
};

fn push_field(line: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\\' => line.push_str("\\\\"),
            other => line.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_field;

    #[test]
    fn a_field_never_holds_a_tab_or_a_line_end() {
        for (value, field) in [
            ("plain", "plain"),
            ("", ""),
            ("a\tb\r\nc", "a\\tb\\r\\nc"),
            ("\\N", "\\\\N"),
        ] {
            let mut line = String::new();
            push_field(&mut line, value);
            assert_eq!(line, field);
        }
    }
}
