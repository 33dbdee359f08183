//! Tab-separated values: delimited text whose separator is a tab.
//!
//! Quoted as CSV is, not escaped as by PostgreSQL's COPY: `.tsv` files are read so, by the engine and by others, and a file
//! that the shell writes must be one that it reads.

use super::delimited::Delimited;
use super::{Format, Reader};

pub const FORMAT: Format = Format {
    name: "tsv",
    summary: "tab-separated, with a header, quoted as csv is",
    extensions: &["tsv", "tab"],
    reader: Reader::TextProgram,
    names_are_keys: false,
    shows_some_rows: false,
    open: |page, sink| Ok(Box::new(Delimited::new('\t', page, sink))),
};
