//! The catalogue `lake`, which Owlet keeps in its metastore.
//!
//! Must hold: every read is one query, so that it sees one moment. Every change is one transaction in which nobody else
//! changes the catalogue, so what it reads stays true until it commits, and a change that comes too late is refused in words;
//! the keys of the tables are a second line of defence. A definition is read back exactly as it was given.

mod databases;
mod encoding;
mod lake;
mod limits;
mod partitions;
mod relations;
mod row;

pub use lake::BuiltinCatalog;
