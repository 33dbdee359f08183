//! What the drivers that people have would stumble over at a Flight SQL server, any server: `owlet doctor flightsql`.
//!
//! Each driver is a file with the calls that it makes when it connects, browses and queries, in their order, and after each
//! call what it does with the answer: which columns it casts to what, which codes it cannot live without, what it compares
//! with what. The calls and the reasons come from the drivers' source and from their issues; a finding names its own.
//!
//! What must hold:
//! - Nothing is changed on the server unless the caller names a table that may be made, and that table is dropped again.
//! - Every step ends within its limit, whatever the other side does.
//! - No password and no token is in a finding.
//!
//! It knows nothing of Owlet's own server, and nothing of terminals: whoever asked shows the findings.

mod adbc;
mod address;
mod browse;
mod examination;
mod finding;
mod grafana;
mod jdbc;
mod odbc;
mod power_bi;
mod probe;
mod reach;
mod refusal;
mod rules;
mod schemas;
mod sequence;
mod sql_codes;
mod statements;
mod superset;
mod writes;

pub use address::Address;
pub use examination::{Examination, Terms};
pub use finding::Finding;
