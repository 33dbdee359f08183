//! Comma-separated values by RFC 4180, with a header and line feeds, as `psql --csv` writes them.
//!
//! NULL is an empty field and the empty string is `""`, so the two stay apart; arrow-csv 59 writes both alike.

use super::delimited::{Delimited, Dialect};
use super::{Format, Reader};

pub const FORMAT: Format = Format {
    name: "csv",
    summary: "comma-separated, with a header (RFC 4180); NULL is empty, the empty string is \"\"",
    extensions: &["csv"],
    reader: Reader::TextProgram,
    names_are_keys: false,
    shows_some_rows: false,
    open: |page, sink| Ok(Box::new(Delimited::new(DIALECT, page, sink))),
};

const DIALECT: Dialect = Dialect {
    separator: ',',
    null: "",
    push_field,
};

fn push_field(line: &mut String, value: &str) {
    if value.is_empty() || value.contains([',', '"', '\n', '\r']) {
        line.push('"');
        line.push_str(&value.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::push_field;

    #[test]
    fn a_field_is_quoted_only_where_it_must_be() {
        for (value, field) in [
            ("plain", "plain"),
            ("", "\"\""),
            (" spaced ", " spaced "),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("two\r\nlines", "\"two\r\nlines\""),
        ] {
            let mut line = String::new();
            push_field(&mut line, value);
            assert_eq!(line, field);
        }
    }
}
