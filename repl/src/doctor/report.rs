//! Findings as people and scripts read them.

use owlet_engine::storage::{Outcome, Verdict};
use serde_json::json;

use crate::palette::Palette;
use crate::text::{counted, visible};

/// The columns of the word for the outcome.
const WORD_COLUMNS: usize = 4;

/// A step and what came of it.
#[derive(Debug)]
pub struct Step {
    /// The driver that takes it, where there are several.
    pub driver: Option<&'static str>,
    /// Its name.
    pub name: &'static str,
    /// The rule that is broken, where rules have names.
    pub rule: Option<&'static str>,
    /// What came of it.
    pub verdict: Verdict,
}

/// How the steps went, for the conclusion.
#[derive(Debug, Default)]
pub struct Tally {
    warnings: u64,
    failed: Vec<Failed>,
}

/// A step that failed.
#[derive(Debug)]
struct Failed {
    name: String,
    advice: String,
}

impl Step {
    /// Its name, with the one of its driver.
    fn full_name(&self) -> String {
        let driver = self.driver.map(|driver| format!("{driver} ")).unwrap_or_default();
        format!("{driver}{}", self.name)
    }
}

/// A line for the step, and beneath it what else was seen and what to change.
pub fn text(step: &Step, step_columns: usize, palette: Palette) -> String {
    let verdict = &step.verdict;
    let (colour, word) = match verdict.outcome {
        Outcome::Passed => (palette.well, "ok"),
        Outcome::Warning => (palette.warning, "warn"),
        Outcome::Failed => (palette.error, "FAIL"),
        Outcome::Skipped => ("", "skip"),
    };
    let end = if colour.is_empty() { "" } else { palette.plain };
    let mut text = format!(
        "{colour}{word:<WORD_COLUMNS$}{end}  {:<step_columns$}  {}\n",
        step.full_name(),
        visible(&verdict.seen)
    );
    let margin = " ".repeat(WORD_COLUMNS + 2 + step_columns + 2);
    let details = verdict.details.iter().map(|detail| visible(detail).into_owned());
    let advice = verdict.advice.iter().map(|advice| format!("-> {}", visible(advice)));
    text.extend(details.chain(advice).map(|line| format!("{margin}{line}\n")));
    text
}

/// The finding as one line of JSON.
pub fn json(step: &Step) -> String {
    let verdict = &step.verdict;
    let mut line = json!({
        "step": step.name,
        "outcome": verdict.outcome.as_str(),
        "seen": verdict.seen,
        "details": verdict.details,
        "advice": verdict.advice,
    });
    if let Some(driver) = step.driver {
        line["driver"] = driver.into();
        line["rule"] = step.rule.into();
    }
    format!("{line}\n")
}

impl Tally {
    /// Counts a finding.
    pub fn note(&mut self, step: &Step) {
        match step.verdict.outcome {
            Outcome::Passed | Outcome::Skipped => {}
            Outcome::Warning => self.warnings += 1,
            Outcome::Failed => self.failed.push(Failed {
                name: step.full_name(),
                advice: step.verdict.advice.as_deref().unwrap_or(&step.verdict.seen).to_owned(),
            }),
        }
    }

    /// Whether a step failed.
    pub fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// What all of it means, in words; `well_means` is what it means if nothing failed.
    pub fn conclusion(&self, well_means: &str, palette: Palette) -> String {
        let Palette { error, well, plain, .. } = palette;
        let Some(first) = self.failed.first() else {
            let warnings = match self.warnings {
                0 => String::new(),
                some => format!(", with {}", counted(some, "warning")),
            };
            return format!("\n{well}All is well{plain}{warnings}: {well_means}.\n");
        };
        let advice = &first.advice;
        // A step may fail by several rules, and is looked at once.
        let mut others: Vec<_> = self.failed[1..].iter().map(|failed| failed.name.as_str()).collect();
        others.dedup();
        others.retain(|name| *name != first.name);
        let others = if others.is_empty() {
            String::new()
        } else {
            format!("\nThen look at: {}.", others.join(", "))
        };
        let end = if advice.ends_with('?') { "" } else { "." };
        format!(
            "\n{error}The step \"{}\" failed.{plain} What to change: {}{end}{others}\n",
            first.name,
            visible(advice)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcome: Outcome, advice: Option<&str>) -> Verdict {
        Verdict {
            outcome,
            seen: "what was\u{1b}[2J seen".to_owned(),
            details: vec!["more".to_owned()],
            advice: advice.map(str::to_owned),
        }
    }

    fn step(name: &'static str, verdict: Verdict) -> Step {
        Step {
            driver: None,
            name,
            rule: None,
            verdict,
        }
    }

    #[test]
    fn a_step_is_a_line_with_the_rest_beneath_it() {
        let verdict = verdict(Outcome::Failed, Some("change it"));
        let shown = text(&step("tls", verdict), 15, Palette::PLAIN);
        let margin = " ".repeat(23);
        assert_eq!(
            shown,
            format!("FAIL  tls              what was\\u001b[2J seen\n{margin}more\n{margin}-> change it\n")
        );
    }

    #[test]
    fn a_step_of_a_driver_has_its_name_and_the_rule_that_is_broken() {
        let verdict = verdict(Outcome::Failed, None);
        let step = Step {
            driver: Some("adbc"),
            name: "objects",
            rule: Some("metadata-schema"),
            verdict,
        };
        assert!(text(&step, 15, Palette::PLAIN).starts_with("FAIL  adbc objects     what"));
        let line: serde_json::Value = serde_json::from_str(&json(&step)).unwrap();
        assert_eq!(line["driver"], "adbc");
        assert_eq!(line["rule"], "metadata-schema");
    }

    #[test]
    fn the_conclusion_names_what_to_mend_first() {
        let mut tally = Tally::default();
        tally.note(&step("settings", verdict(Outcome::Warning, None)));
        let conclusion = tally.conclusion("queries can read here", Palette::PLAIN);
        assert!(
            conclusion.contains("All is well, with 1 warning: queries can read here."),
            "{conclusion}"
        );
        assert!(!tally.has_failed());
        tally.note(&step("clock", verdict(Outcome::Failed, Some("set it"))));
        for name in ["clock", "range", "range"] {
            tally.note(&step(name, verdict(Outcome::Failed, None)));
        }
        let conclusion = tally.conclusion("queries can read here", Palette::PLAIN);
        assert!(
            conclusion.contains("\"clock\" failed. What to change: set it."),
            "{conclusion}"
        );
        assert!(conclusion.contains("Then look at: range."), "{conclusion}");
        assert!(tally.has_failed());
    }
}
