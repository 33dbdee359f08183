//! Comma-separated values: delimited text whose separator is a comma, as RFC 4180 has it.

use super::delimited::Delimited;
use super::{Format, Reader};

pub const FORMAT: Format = Format {
    name: "csv",
    summary: "comma-separated, with a header (RFC 4180); NULL is empty, the empty string is \"\"",
    extensions: &["csv"],
    reader: Reader::TextProgram,
    names_are_keys: false,
    shows_some_rows: false,
    open: |page, sink| Ok(Box::new(Delimited::new(',', page, sink))),
};
