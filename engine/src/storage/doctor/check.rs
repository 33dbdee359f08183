//! One step of an examination, as an entry of a list.

use futures::future::BoxFuture;

use super::finding::Verdict;
use super::site::Site;

/// A step.
pub(super) struct Check {
    /// The name that findings carry.
    pub(super) step: &'static str,
    /// Looks, notes in the site what later steps build on, and judges.
    pub(super) run: for<'a> fn(&'a mut Site) -> BoxFuture<'a, Verdict>,
    /// What becomes of the steps after it if it fails.
    pub(super) on_failure: OnFailure,
    /// What to do if it does not come to an end.
    pub(super) if_silent: &'static str,
}

/// What becomes of the steps after one that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    /// They build on it and are skipped.
    Stop,
    /// They have a meaning of their own.
    GoOn,
}
