//! The layout of a table as Hive and Athena have it: which files under a location belong to it, and what their path says.

mod layout;
mod partitions;

pub use layout::{ListedFile, list};
pub use partitions::{Levels, PartitionColumns, levels};
