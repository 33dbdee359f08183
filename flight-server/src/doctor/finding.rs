//! What a driver would stumble over, and where that is known from.

use owlet_engine::storage::{Outcome, Verdict};

/// What came of a step of a driver's sequence: that all is well, or one thing that it would stumble over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The driver, such as `jdbc`, or `server` for what all of them need: one word, the same in every version.
    pub driver: &'static str,
    /// The name of the step, such as `columns`: one word, the same in every version.
    pub step: &'static str,
    /// The name of the rule that is broken, such as `metadata-schema`; nothing if none is.
    pub rule: Option<&'static str>,
    /// What was seen, what users of the driver see then and where that is known from, and what to change in the server.
    pub verdict: Verdict,
}

/// Something that a driver needs, and what happens without it.
pub(super) struct Rule {
    /// One word, the same in every version.
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    /// What the driver's users see.
    pub(super) symptom: &'static str,
    /// The issue, the source or the manual that says so.
    pub(super) source: &'static str,
    /// What to change in the server.
    pub(super) advice: &'static str,
}

/// What one step finds.
pub(super) struct Notes {
    driver: &'static str,
    step: &'static str,
    seen: Vec<String>,
    findings: Vec<Finding>,
}

impl Rule {
    /// A rule without which a driver fails.
    pub(super) const fn must(
        name: &'static str,
        symptom: &'static str,
        source: &'static str,
        advice: &'static str,
    ) -> Self {
        Self {
            name,
            outcome: Outcome::Failed,
            symptom,
            source,
            advice,
        }
    }

    /// A rule without which a driver can do less.
    pub(super) const fn should(
        name: &'static str,
        symptom: &'static str,
        source: &'static str,
        advice: &'static str,
    ) -> Self {
        Self {
            name,
            outcome: Outcome::Warning,
            symptom,
            source,
            advice,
        }
    }
}

impl Notes {
    pub(super) fn new(driver: &'static str, step: &'static str) -> Self {
        Self {
            driver,
            step,
            seen: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Notes what was seen and is well.
    pub(super) fn saw(&mut self, seen: impl Into<String>) {
        self.seen.push(seen.into());
    }

    /// Notes that `rule` is broken: by what was seen.
    pub(super) fn breaks(&mut self, rule: &Rule, seen: impl Into<String>) {
        let finding = self.finding(Some(rule.name), rule.outcome, seen.into());
        let details = vec![format!("{} ({})", rule.symptom, rule.source)];
        let verdict = Verdict {
            details,
            advice: Some(rule.advice.to_owned()),
            ..finding.verdict
        };
        self.findings.push(Finding { verdict, ..finding });
    }

    /// Notes each of `seen`, by which `rule` is broken.
    pub(super) fn breaks_all<S: Into<String>>(&mut self, rule: &Rule, seen: impl IntoIterator<Item = S>) {
        for seen in seen {
            self.breaks(rule, seen);
        }
    }

    /// Notes that something could not be looked at.
    pub(super) fn skips(&mut self, why: impl Into<String>) {
        let finding = self.finding(None, Outcome::Skipped, why.into());
        self.findings.push(finding);
    }

    /// Whether something failed.
    pub(super) fn has_failed(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.verdict.outcome == Outcome::Failed)
    }

    /// What the step found: that all is well, if nothing else was noted.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        if self.findings.is_empty() {
            let seen = if self.seen.is_empty() {
                "nothing to stumble over".to_owned()
            } else {
                self.seen.join("; ")
            };
            let finding = self.finding(None, Outcome::Passed, seen);
            self.findings.push(finding);
        }
        self.findings
    }

    fn finding(&self, rule: Option<&'static str>, outcome: Outcome, seen: String) -> Finding {
        Finding {
            driver: self.driver,
            step: self.step,
            rule,
            verdict: Verdict {
                outcome,
                seen,
                details: Vec::new(),
                advice: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule::must("quote", "KeyError: 504", "flightsql-dbapi", "answer code 504");

    #[test]
    fn a_step_without_a_broken_rule_is_one_finding_that_says_what_was_seen() {
        let mut notes = Notes::new("superset", "connect");
        notes.saw("one");
        notes.saw("two");
        let findings = notes.into_findings();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].verdict.outcome, Outcome::Passed);
        assert_eq!(findings[0].verdict.seen, "one; two");
    }

    #[test]
    fn a_broken_rule_says_the_symptom_its_source_and_what_to_change() {
        let mut notes = Notes::new("superset", "connect");
        notes.saw("something else");
        notes.breaks(&RULE, "no code 504");
        assert!(notes.has_failed());
        let findings = notes.into_findings();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].rule, Some("quote"));
        assert_eq!(findings[0].verdict.details, ["KeyError: 504 (flightsql-dbapi)"]);
        assert_eq!(findings[0].verdict.advice.as_deref(), Some("answer code 504"));
    }
}
