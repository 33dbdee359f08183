//! The calls of a driver, as an entry of a list of steps.

use futures::future::BoxFuture;
use std::sync::Arc;

use super::browse::Table;
use super::examination::Terms;
use super::finding::Notes;
use super::probe::{Cookies, Probe};

/// What a driver does, in its order.
pub(super) struct Sequence {
    /// The name that findings carry.
    pub(super) driver: &'static str,
    pub(super) cookies: Cookies,
    pub(super) steps: &'static [Step],
}

/// A few calls that belong together.
pub(super) struct Step {
    /// The name that findings carry.
    pub(super) name: &'static str,
    /// Calls, notes in the visit what later steps build on, and judges.
    pub(super) run: for<'a> fn(&'a mut Visit, &'a mut Notes) -> BoxFuture<'a, ()>,
    /// What becomes of the steps after it if it fails.
    pub(super) on_failure: OnFailure,
}

/// What becomes of the steps after one that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    /// They build on it and are skipped.
    Stop,
    /// They have a meaning of their own.
    GoOn,
}

/// A driver at the server: its connection, and what it has seen so far.
pub(super) struct Visit {
    pub(super) terms: Arc<Terms>,
    pub(super) probe: Probe,
    /// What GetTables listed.
    pub(super) tables: Vec<Table>,
    /// Whether the table of the terms is there, and was made by this examination.
    pub(super) has_made_table: bool,
}

impl Visit {
    pub(super) fn new(terms: Arc<Terms>, probe: Probe) -> Self {
        Self {
            terms,
            probe,
            tables: Vec::new(),
            has_made_table: false,
        }
    }

    /// A table to look at: the first that is no metadata itself.
    pub(super) fn table(&self) -> Option<&Table> {
        let is_own = |table: &&Table| !table.is_about_tables();
        self.tables.iter().find(is_own).or_else(|| self.tables.first())
    }
}

/// A step that others can do without.
pub(super) const fn step(
    name: &'static str,
    run: for<'a> fn(&'a mut Visit, &'a mut Notes) -> BoxFuture<'a, ()>,
) -> Step {
    Step {
        name,
        run,
        on_failure: OnFailure::GoOn,
    }
}

/// A step that the others of its sequence build on.
pub(super) const fn first(
    name: &'static str,
    run: for<'a> fn(&'a mut Visit, &'a mut Notes) -> BoxFuture<'a, ()>,
) -> Step {
    Step {
        name,
        run,
        on_failure: OnFailure::Stop,
    }
}
