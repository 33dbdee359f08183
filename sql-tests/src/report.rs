//! What became of a suite.

use std::fmt;

/// Failures that a report shows in full; one wrong table makes many.
const SHOWN_FAILURES: usize = 20;

/// The records of one suite that passed, failed and did not run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The path of the suite.
    pub suite: String,
    /// Statements and queries that gave what their records say.
    pub passed: usize,
    /// Statements and queries that did not run: by `skipif` or `onlyif`, or since they stand after `halt`.
    pub skipped: usize,
    /// What went wrong, in the order of the file.
    pub failures: Vec<Failure>,
}

/// One record that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file and the line of the record, with a colon between them.
    pub place: String,
    /// The statement, and how what it gave differs from what was expected.
    pub message: String,
}

impl Report {
    /// Whether records ran, and all of them passed. A suite of which nothing ran says nothing.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures.is_empty() && self.passed > 0
    }
}

impl fmt::Display for Report {
    /// A line with the counts, then the first failures.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            suite,
            passed,
            skipped,
            failures,
        } = self;
        write!(
            f,
            "{suite}: {passed} passed, {} failed, {skipped} skipped",
            failures.len()
        )?;
        if failures.is_empty() && *passed == 0 {
            write!(f, "\nno record ran, so the suite says nothing")?;
        }
        for Failure { place, message } in failures.iter().take(SHOWN_FAILURES) {
            write!(f, "\n\n{place}: {}", message.trim_end())?;
        }
        match failures.len().checked_sub(SHOWN_FAILURES) {
            Some(more @ 1..) => write!(f, "\n\nand {more} more"),
            _ => Ok(()),
        }
    }
}
