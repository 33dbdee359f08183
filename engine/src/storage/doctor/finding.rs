//! What an examination finds.

use std::time::Duration;

/// What the caller of an examination allows.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Whether an object may be written under the location, and deleted again.
    pub may_write: bool,
    /// How long one step may take.
    pub step_limit: Duration,
}

/// One step of an examination and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the step, such as `address`: one word, the same in every version.
    pub step: &'static str,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen, in a sentence.
    pub seen: String,
    /// More of what was seen, a line each.
    pub details: Vec<String>,
    /// What to change, in a sentence, where there is something to change.
    pub advice: Option<String>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Passed,
    /// Queries will run, but something may surprise.
    Warning,
    /// Queries will fail, or give what they should not.
    Failed,
    /// Not examined; what was seen says why.
    Skipped,
}

impl Outcome {
    /// The word for scripts: `passed`, `warning`, `failed` or `skipped`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Verdict {
    pub(super) fn passed(seen: impl Into<String>) -> Self {
        Self::new(Outcome::Passed, seen, None)
    }

    pub(super) fn warning(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Outcome::Warning, seen, Some(advice.into()))
    }

    pub(super) fn failed(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, seen, Some(advice.into()))
    }

    pub(super) fn skipped(seen: impl Into<String>) -> Self {
        Self::new(Outcome::Skipped, seen, None)
    }

    /// The same, with more lines of what was seen.
    pub(super) fn with(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    fn new(outcome: Outcome, seen: impl Into<String>, advice: Option<String>) -> Self {
        Self {
            outcome,
            seen: seen.into(),
            details: Vec::new(),
            advice,
        }
    }
}
