//! What will run.

use arrow::datatypes::SchemaRef;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::session::SessionChange;
use crate::catalog::{Change, WriteClaim};
use crate::formats::write::{Files, Target};
use crate::storage::Location;

/// What will run: the operators of one authorized statement, the environment that they were made for, and what is done with
/// their rows.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) operators: Arc<dyn ExecutionPlan>,
    pub(super) state: Arc<SessionState>,
    pub(super) interrupt: CancellationToken,
    pub(super) effect: Effect,
}

/// What a statement changes. Planning only says it; nothing is changed before the plan is run.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Nothing: the rows are the result.
    None,
    /// The catalogue. The rows are a report of it.
    Catalog(Box<CatalogEffect>),
    /// Files: the rows are written, and the result is their number.
    Write(Box<WriteEffect>),
    /// The session. The rows are a report of it.
    Session(SessionChange),
    /// A temporary table of the session, which the rows are kept in; the result is their number.
    Keep(KeepEffect),
}

/// A change of the catalogue.
#[derive(Clone, Debug)]
pub struct CatalogEffect {
    /// The change.
    pub change: Change,
    /// The directories of the tables that it drops and that owned their files. They are removed after it.
    pub orphaned: Vec<Location>,
}

/// Files that are written, and the change that makes them a table.
#[derive(Clone, Debug)]
pub struct WriteEffect {
    /// Where and how the rows are written.
    pub target: Target,
    /// Into how many files.
    pub files: Files,
    /// The change that makes the files visible: none where they are visible as soon as they are there.
    pub create: Option<Change>,
    /// The directory that nobody else may write to meanwhile, and that must be empty: of a new table.
    pub claim: Option<WriteClaim>,
    /// The directory of the table that the new one takes the place of, if that owned its files. It is removed after the change.
    pub orphaned: Option<Location>,
}

/// How rows become a temporary table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepMode {
    /// The table is new.
    New,
    /// The rows are added to those that the table has.
    Append,
    /// The table takes the place of another, if there is one.
    Replace,
}

/// Rows that a session keeps.
#[derive(Clone, Debug)]
pub struct KeepEffect {
    /// The name of the temporary table.
    pub table: String,
    /// The columns that the table has.
    pub columns: SchemaRef,
    /// What becomes of a table of that name.
    pub mode: KeepMode,
}

impl Plan {
    /// The columns of the result.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        match self.effect {
            Effect::None | Effect::Catalog(_) | Effect::Session(_) => self.operators.schema(),
            Effect::Write(_) | Effect::Keep(_) => super::rows::count_schema(),
        }
    }

    /// The operators.
    #[must_use]
    pub fn operators(&self) -> &Arc<dyn ExecutionPlan> {
        &self.operators
    }

    /// Settings, functions and stores of the query, with a memory pool that nobody granted yet.
    #[must_use]
    pub fn state(&self) -> &SessionState {
        &self.state
    }

    /// To be cancelled by whoever runs the plan when nobody wants the result any more: operators that compute for long
    /// without a pause then fail.
    #[must_use]
    pub fn interrupt(&self) -> &CancellationToken {
        &self.interrupt
    }

    /// What it changes.
    #[must_use]
    pub fn effect(&self) -> &Effect {
        &self.effect
    }
}
