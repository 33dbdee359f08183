//! Statements that are not queries: one file a family. Each says what is to be done; nothing is done here.

mod assign;
mod create_database;
mod create_table;
mod create_view;
mod describe;
mod discover;
mod drop;
mod insert;
mod layout;
mod partitions;
mod place;
mod prepare;
mod settings;
mod show;
mod show_create;
mod stored;
mod use_database;

pub use create_database::create_database;
pub use create_table::create_table;
pub use create_view::create_view;
pub use describe::{describe_database, describe_query, describe_table};
pub use drop::{drop_database, drop_table, drop_view};
pub use insert::{insert, types_of_values};
pub use partitions::{add_partitions, drop_partitions, repair_table};
pub use prepare::{deallocate, not_prepared, prepare};
pub use settings::{reset_all, set};
pub use show::show;
pub use use_database::use_database;
