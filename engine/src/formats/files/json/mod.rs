//! JSON: one object a record, one record a line (or however they stand behind one another), or one array of records.
//!
//! Own code reads the values: `arrow-json` finds a member by its exact name alone, takes a string for a number, and loses the
//! digits that a number has beyond a DOUBLE; `serde_json` keeps a number's text only by a feature of the whole build.

mod infer;
mod members;
mod reader;
mod rows;
mod splitter;

pub use reader::Json;
