//! What the bytes of a table's files mean.
//!
//! A [`FileTable`] is a set of files of one format under the schema that they have; a [`DeclaredTable`] is one under the schema
//! that somebody wrote down. Both are listed afresh for every statement: what another writer adds, replaces or removes is seen by
//! the next statement, and never by half of this one.
//!
//! Must hold: a file that is read partly, skipped silently or read under a wrong schema is a wrong answer, so whatever does
//! not fit is an error that names the file. `DataFusion`'s `ListingTable` is not used: it caches listings for ever, reads
//! hidden files, ignores sub-directories and matches columns by case.
//!
//! Must not know: names of tables, principals, SQL.

mod declared;
mod files;
mod format;
mod hive;
mod inspect;
mod scan;
mod schema;
mod settings;
mod shared;
mod table;
pub mod write;

pub use declared::{Declaration, DeclaredPartition, DeclaredTable, check_partition_order, find_partitions};
pub use format::Format;
pub use hive::{HIVE_NULL, format_of, partition_value, refuse_other_meanings};
pub use inspect::{Inspected, inspect};
pub use settings::Settings;
pub use shared::Formats;
pub use table::FileTable;
