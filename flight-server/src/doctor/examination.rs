//! The sequences one after another: each step within its limit, and none that builds on one that failed.

use owlet_engine::Result;
use owlet_engine::storage::Outcome;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::address::Address;
use super::finding::{Finding, Notes, Rule};
use super::probe::{Cookies, Probe};
use super::sequence::{OnFailure, Sequence, Step, Visit};
use super::{adbc, grafana, jdbc, odbc, power_bi, reach, superset, writes};

/// Every sequence. The first one is what all the others need.
const SEQUENCES: &[&Sequence] = &[
    &reach::SEQUENCE,
    &jdbc::SEQUENCE,
    &adbc::SEQUENCE,
    &odbc::SEQUENCE,
    &superset::SEQUENCE,
    &grafana::SEQUENCE,
    &power_bi::SEQUENCE,
];

const SILENCE: Rule = Rule::must(
    "silence",
    "the driver hangs until its own limit",
    "what was seen",
    "look for the call in the server's log; a slow server may need a higher --timeout",
);

/// What the caller of an examination allows and gives.
pub struct Terms {
    /// The name and the password to introduce oneself with. Neither is in a finding.
    pub user: Option<(String, String)>,
    /// How long a step may take.
    pub step_limit: Duration,
    /// A statement that gives rows, for what is asked by queries.
    pub query: String,
    /// The name of a table that may be made, filled and dropped; nothing if the server must not be changed.
    pub own_table: Option<String>,
}

impl Terms {
    /// How long a call of a step may take: less than its step, so that the call is named that did not end.
    pub(super) fn call_limit(&self) -> Duration {
        self.step_limit.mul_f32(0.75)
    }
}

/// An examination that goes on step by step, as its findings are asked for.
pub struct Examination {
    address: Address,
    terms: Arc<Terms>,
    sequences: std::slice::Iter<'static, &'static Sequence>,
    sequence: &'static Sequence,
    steps: std::slice::Iter<'static, Step>,
    visit: Visit,
    /// The step of the sequence that failed and that its others build on.
    failed: Option<&'static str>,
    /// Whether the server is none that can be examined.
    is_over: bool,
    ready: VecDeque<Finding>,
}

impl Examination {
    /// Examines the server at `address`, which nothing is asked of before the first [`Self::next`]. Called on a runtime of Tokio.
    ///
    /// # Errors
    /// `INVALID_VALUE` if the transport does not take the address.
    pub fn new(address: Address, terms: Terms) -> Result<Self> {
        let terms = Arc::new(terms);
        let probe = Probe::new(&address, Cookies::Kept, terms.call_limit())?;
        let visit = Visit::new(Arc::clone(&terms), probe);
        Ok(Self {
            sequence: &reach::SEQUENCE,
            steps: reach::SEQUENCE.steps.iter(),
            sequences: SEQUENCES[1..].iter(),
            visit,
            address,
            terms,
            failed: None,
            is_over: false,
            ready: VecDeque::new(),
        })
    }

    /// The next finding, for which a step is taken if there is none yet; nothing after the last.
    ///
    /// May be dropped while it runs: [`Self::take_back`] then undoes what it did.
    pub async fn next(&mut self) -> Option<Finding> {
        loop {
            if let Some(finding) = self.ready.pop_front() {
                return Some(finding);
            }
            let Some(step) = self.steps.next() else {
                self.begin_next()?;
                continue;
            };
            if let Some(failed) = self.failed {
                self.skip(step.name, &format!("builds on the step \"{failed}\", which failed"));
                continue;
            }
            let findings = self.take(step).await;
            let has_failed = findings
                .iter()
                .any(|finding| finding.verdict.outcome == Outcome::Failed);
            self.ready.extend(findings);
            if has_failed && step.on_failure == OnFailure::Stop {
                self.failed = Some(step.name);
                self.is_over |= self.sequence.driver == reach::SEQUENCE.driver;
            }
        }
    }

    /// Drops the table that the examination made, if it was broken off before it did so itself. Gives the name of the table if
    /// it could not be dropped within the limit of a step.
    pub async fn take_back(&mut self) -> Option<String> {
        let limit = self.terms.step_limit;
        // What comes too late leaves the table noted.
        let _ = tokio::time::timeout(limit, writes::take_back(&mut self.visit)).await;
        self.terms.own_table.clone().filter(|_| self.visit.has_made_table)
    }

    /// Goes on with the next driver. Where there is no server, none has anything to do.
    fn begin_next(&mut self) -> Option<()> {
        self.sequence = self.sequences.next()?;
        self.steps = self.sequence.steps.iter();
        self.failed = None;
        if self.is_over {
            self.steps = [].iter();
            self.skip("sequence", "not played: there is no Flight SQL server to play it with");
            return Some(());
        }
        match Probe::new(&self.address, self.sequence.cookies, self.terms.call_limit()) {
            Ok(probe) => self.visit = Visit::new(Arc::clone(&self.terms), probe),
            // The address was taken before.
            Err(error) => self.skip("sequence", error.message()),
        }
        Some(())
    }

    async fn take(&mut self, step: &Step) -> Vec<Finding> {
        let mut notes = Notes::new(self.sequence.driver, step.name);
        let limit = self.terms.step_limit;
        let taken = tokio::time::timeout(limit, (step.run)(&mut self.visit, &mut notes)).await;
        if taken.is_err() {
            notes.breaks(
                &SILENCE,
                format!("the step did not end within {} s", limit.as_secs_f32()),
            );
        }
        if self.visit.has_made_table
            && let Some(left) = self.take_back().await
        {
            notes.breaks(
                &writes::LEFT_BEHIND,
                format!("the table \"{left}\" could not be dropped"),
            );
        }
        notes.into_findings()
    }

    fn skip(&mut self, step: &'static str, why: &str) {
        let mut notes = Notes::new(self.sequence.driver, step);
        notes.skips(why);
        self.ready.extend(notes.into_findings());
    }
}
