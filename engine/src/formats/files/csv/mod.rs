//! Text of records of fields: CSV, TSV, and the delimited text of Hive.
//!
//! Own code splits the records: the `csv` crate under `arrow-csv` takes a quoted value without an end for a good one, does not
//! tell an empty quoted value from an empty one (which is NULL), and knows no limit for a record. No file is read in parts: where
//! a record begins in the middle of a file cannot be known, since values may hold line breaks.

mod dialect;
mod header;
mod reader;
mod records;

pub use reader::{Csv, Tsv};
