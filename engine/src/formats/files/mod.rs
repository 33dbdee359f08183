//! Formats whose tables are plain files. A format is one folder and one line in [`FORMATS`].

mod arrow;
mod csv;
mod endings;
mod exact;
mod format;
mod json;
mod options;
pub mod parquet;
mod rows;
pub mod text;

pub use endings::{by_ending, by_name, common_format, reader};
pub use exact::may_round;
pub use format::{Origin, Place, Scan, TableFile, TableFormat, TableReader};
pub use options::{OptionRule, checked, rule};

/// Every format, in the order in which messages name them.
pub const FORMATS: &[&dyn TableFormat] = &[&parquet::Parquet, &csv::Csv, &csv::Tsv, &json::Json, &arrow::ArrowIpc];
