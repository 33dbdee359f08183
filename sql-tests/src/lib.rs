//! The runner of Owlet's SQL suites: sqllogictest over a [`Connection`](owlet_engine::Connection).
//!
//! A suite is an `.slt` file: statements, and what each must give. [`run`] reports every record that gave something else, and
//! [`bless`] writes what the engine gives into the file. `README.md` says how suites are written; `suites/` has ours.
//!
//! Must hold: a suite is not green unless records of it ran; a value has one text, and no two values of a type share one.
//! Must not know: what engine is behind the connection, or where the data lie that a suite names.

mod column_type;
mod driver;
mod report;
mod suite;
mod text;

pub use column_type::ColumnType;
pub use driver::{Driver, Names, StatementError};
pub use report::{Failure, Report};
pub use suite::{BlessError, bless, run};
