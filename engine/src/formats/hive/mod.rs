//! The layout of a table as Hive and Athena have it: which files under a location belong to it, and what their path says.

mod discovery;
mod layout;
mod partitions;
mod serde;

pub use discovery::{Discovery, Filters};
pub use layout::list;
pub use partitions::{HIVE_NULL, PartitionColumns, levels, partition_value};
pub use serde::{format_of, refuse_other_meanings};
