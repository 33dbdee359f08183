//! The life of one statement: parse, classify, open its record, authorize, plan, admit, execute, account, record.
//!
//! Must hold: whatever happens to a statement, its record is closed once, with what it cost; its slot is held as long as it
//! runs; dropping what [`Session::run`] gave ends the work. A panic beneath ends the statement and nothing else.

mod bound;
mod browse;
mod completion;
mod connection;
mod describe;
mod explain;
mod ingest;
mod planned;
mod run;
mod running;
mod session;
mod statistics;
mod stream;

pub use browse::{BrowsedColumn, BrowsedFunction, BrowsedRelation, FunctionTopic};
pub use completion::{Candidate, CandidateKind, Completions};
pub use connection::Connection;
pub use describe::Description;
pub use ingest::{Ingest, IngestExisting, IngestMissing};
pub use planned::PlannedQuery;
pub use run::Parts;
pub use running::Running;
pub use session::Session;
pub use statistics::Statistics;
pub use stream::QueryStream;
