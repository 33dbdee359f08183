//! Formats whose tables are plain files.

pub mod parquet;
