//! What a session brings to its statements, and how a statement changes it.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use std::collections::BTreeMap;

use super::plan::KeepMode;
use super::settings::SessionSettings;
use crate::governance::Defaults;

/// A session as one statement finds it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What names without catalogue or database mean.
    pub defaults: Defaults,
    /// What SET has set.
    pub settings: SessionSettings,
    /// The names of its prepared statements.
    pub prepared: BTreeMap<String, PreparedStatement>,
}

/// A statement under a name. It is read, authorized and planned anew by each EXECUTE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedStatement {
    /// Its text.
    pub sql: String,
    /// The declared types of its parameters.
    pub types: Vec<DataType>,
}

/// One change of a session.
#[derive(Clone, Debug)]
pub enum SessionChange {
    /// USE.
    Use {
        /// The catalogue from now on.
        catalog: String,
        /// The database from now on.
        database: String,
    },
    /// SET and RESET: the settings from now on.
    Settings(SessionSettings),
    /// PREPARE.
    Prepare(String, PreparedStatement),
    /// DEALLOCATE of one.
    Deallocate(String),
    /// DEALLOCATE ALL.
    DeallocateAll,
    /// Rows for a temporary table.
    Keep {
        /// Its name.
        table: String,
        /// Its columns.
        columns: SchemaRef,
        /// The rows.
        batches: Vec<RecordBatch>,
        /// What becomes of a table of that name.
        mode: KeepMode,
    },
    /// DROP TABLE of a temporary table.
    DropTemporary(String),
}
