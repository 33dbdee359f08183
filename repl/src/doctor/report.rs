//! Findings as people and scripts read them.

use owlet_engine::storage::{Finding, Outcome};
use serde_json::json;

use crate::palette::Palette;
use crate::text::{counted, visible};

/// The columns of the word for the outcome, and of the name of the step.
const WORD_COLUMNS: usize = 4;
const STEP_COLUMNS: usize = 15;

/// How the steps went, for the conclusion.
#[derive(Debug, Default)]
pub struct Tally {
    warnings: u64,
    failed: Vec<Finding>,
}

/// A line for the step, and beneath it what else was seen and what to change.
pub fn text(finding: &Finding, palette: Palette) -> String {
    let verdict = &finding.verdict;
    let (colour, word) = match verdict.outcome {
        Outcome::Passed => (palette.well, "ok"),
        Outcome::Warning => (palette.warning, "warn"),
        Outcome::Failed => (palette.error, "FAIL"),
        Outcome::Skipped => ("", "skip"),
    };
    let end = if colour.is_empty() { "" } else { palette.plain };
    let mut text = format!(
        "{colour}{word:<WORD_COLUMNS$}{end}  {:<STEP_COLUMNS$}  {}\n",
        finding.step,
        visible(&verdict.seen)
    );
    let margin = " ".repeat(WORD_COLUMNS + 2 + STEP_COLUMNS + 2);
    let details = verdict.details.iter().map(|detail| visible(detail).into_owned());
    let advice = verdict.advice.iter().map(|advice| format!("-> {}", visible(advice)));
    text.extend(details.chain(advice).map(|line| format!("{margin}{line}\n")));
    text
}

/// The finding as one line of JSON.
pub fn json(finding: &Finding) -> String {
    let verdict = &finding.verdict;
    let line = json!({
        "step": finding.step,
        "outcome": verdict.outcome.as_str(),
        "seen": verdict.seen,
        "details": verdict.details,
        "advice": verdict.advice,
    });
    format!("{line}\n")
}

impl Tally {
    /// Counts a finding.
    pub fn note(&mut self, finding: &Finding) {
        match finding.verdict.outcome {
            Outcome::Passed | Outcome::Skipped => {}
            Outcome::Warning => self.warnings += 1,
            Outcome::Failed => self.failed.push(finding.clone()),
        }
    }

    /// Whether a step failed.
    pub fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// What all of it means, in words.
    pub fn conclusion(&self, palette: Palette) -> String {
        let Palette { error, well, plain, .. } = palette;
        let Some(first) = self.failed.first() else {
            let warnings = match self.warnings {
                0 => String::new(),
                some => format!(", with {}", counted(some, "warning")),
            };
            return format!("\n{well}All is well{plain}{warnings}: queries can read here.\n");
        };
        let advice = first.verdict.advice.as_deref().unwrap_or(&first.verdict.seen);
        let others: Vec<_> = self.failed[1..].iter().map(|finding| finding.step).collect();
        let others = if others.is_empty() {
            String::new()
        } else {
            format!("\nThen look at: {}.", others.join(", "))
        };
        let end = if advice.ends_with('?') { "" } else { "." };
        format!(
            "\n{error}The step \"{}\" failed.{plain} What to change: {}{end}{others}\n",
            first.step,
            visible(advice)
        )
    }
}

#[cfg(test)]
mod tests {
    use owlet_engine::storage::Verdict;

    use super::*;

    fn finding(step: &'static str, outcome: Outcome, advice: Option<&str>) -> Finding {
        Finding {
            step,
            verdict: Verdict {
                outcome,
                seen: "what was\u{1b}[2J seen".to_owned(),
                details: vec!["more".to_owned()],
                advice: advice.map(str::to_owned),
            },
        }
    }

    #[test]
    fn a_step_is_a_line_with_the_rest_beneath_it() {
        let shown = text(&finding("tls", Outcome::Failed, Some("change it")), Palette::PLAIN);
        let margin = " ".repeat(23);
        assert_eq!(
            shown,
            format!("FAIL  tls              what was\\u001b[2J seen\n{margin}more\n{margin}-> change it\n")
        );
    }

    #[test]
    fn the_conclusion_names_what_to_mend_first() {
        let mut tally = Tally::default();
        tally.note(&finding("settings", Outcome::Warning, None));
        assert!(tally.conclusion(Palette::PLAIN).contains("All is well, with 1 warning"));
        assert!(!tally.has_failed());
        tally.note(&finding("clock", Outcome::Failed, Some("set it")));
        tally.note(&finding("range", Outcome::Failed, None));
        let conclusion = tally.conclusion(Palette::PLAIN);
        assert!(
            conclusion.contains("\"clock\" failed. What to change: set it."),
            "{conclusion}"
        );
        assert!(conclusion.contains("Then look at: range."), "{conclusion}");
        assert!(tally.has_failed());
    }
}
