//! The history of queries: what was asked, by whom, how it ended and what it cost.
//!
//! Each statement has one row, written when it is submitted (so that refusals leave a trace) and closed once:
//! QUEUED → RUNNING → SUCCEEDED | FAILED | CANCELLED. The words are Athena's.
//!
//! What must hold: a row that was opened is closed, also when its caller drops the record, and also when its process dies:
//! then the next process to look closes it as FAILED, and it never closes one of a living process. No secret that the
//! statement's text gives away by its place (see [`redact`]) reaches the metastore.
//!
//! What it must not know: SQL, plans, storage. It takes strings and numbers.

mod batch;
mod execution;
mod log;
mod presence;
mod record;
mod redaction;
mod retention;
mod settings;
mod system_table;

pub use batch::{record_batch, schema};
pub use execution::{Filter, Outcome, QueryExecution, QueryState, Statistics, Submission};
pub use log::{Clock, History};
pub use record::OpenRecord;
pub use redaction::redact;
pub use settings::Settings;
pub use system_table::QueryExecutions;
