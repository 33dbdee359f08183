//! Owlet's own durable state: one SQLite file in the data directory, or a PostgreSQL database that several machines share.
//!
//! Everything durable that is not table data lives here: the catalogue, grants, the history of queries. Each module owns the
//! statements on its tables; this one owns the connections, the schema's version and what a failure is called.
//!
//! What must hold: any number of processes may open one metastore and write to it at once, from the first moment on, and none
//! loses a row; a schema that a newer Owlet wrote is refused, never touched; no password enters an error or a log.
//!
//! What it must not know: any table's meaning. Its migrations are text.
//!
//! SQL here runs on both databases, so it keeps to what both take: `$1` placeholders bound as text or integer, columns declared
//! `TEXT` or `BIGINT`. `BOOLEAN` is out: sqlx's `Any` cannot read a SQLite column of that type (there is a test), so a truth
//! value is a `BIGINT` of 0 or 1. Times are microseconds since the Unix epoch.

mod failure;
mod location;
mod migrations;
mod patience;
mod settings;
mod store;

pub use settings::{DatabaseUrl, Settings};
pub use store::Metastore;
pub(crate) use store::{Statement, WriteTransaction};
