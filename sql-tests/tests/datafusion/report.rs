//! The sums of a run, and what earlier runs have reached.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::classify::{Class, Outcome};

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/datafusion/answered.json");
/// Kinds of refusals that are printed.
const SHOWN: usize = 25;

/// What became of the records of one file.
pub struct FileReport {
    pub name: String,
    pub outcomes: Vec<Outcome>,
}

impl FileReport {
    pub fn of(name: String, outcomes: Vec<Outcome>) -> Self {
        Self { name, outcomes }
    }

    fn count(&self, class: Class) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.class == class).count()
    }
}

/// Prints how many records have each class, and the kinds of those that are not answered.
#[expect(
    clippy::print_stdout,
    reason = "the figures are what a reader of the test's output wants"
)]
pub fn print(reports: &[FileReport]) {
    let outcomes = || reports.iter().flat_map(|report| &report.outcomes);
    println!("{} files, {} records", reports.len(), outcomes().count());
    for class in [
        Class::Answered,
        Class::Refused,
        Class::Wrong,
        Class::SelfDescription,
        Class::Skipped,
    ] {
        let of_class = || outcomes().filter(move |outcome| outcome.class == class);
        println!("{class:?}: {}", of_class().count());
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for outcome in of_class().filter(|outcome| !outcome.kind.is_empty()) {
            let detail = if class == Class::Refused {
                shape(&outcome.detail)
            } else {
                String::new()
            };
            *kinds.entry(format!("{} {detail}", outcome.kind)).or_default() += 1;
        }
        let mut kinds: Vec<(String, usize)> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (kind, count) in kinds.iter().take(SHOWN) {
            println!("    {count:5} {kind}");
        }
    }
}

/// A message without the names and numbers in it, on one line.
fn shape(message: &str) -> String {
    let mut shape = String::new();
    let mut quote = None;
    for letter in message.lines().next().unwrap_or_default().chars() {
        match (quote, letter) {
            (None, '"' | '\'') => {
                quote = Some(letter);
                shape.push('…');
            }
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, digit) if digit.is_ascii_digit() => {
                if !shape.ends_with('#') {
                    shape.push('#');
                }
            }
            (None, letter) => shape.push(letter),
        }
    }
    shape.chars().take(150).collect()
}

/// Writes one line of JSON for each record that is not answered.
pub fn write_details(reports: &[FileReport], path: &Path) {
    let mut lines = Vec::new();
    for report in reports {
        for outcome in report
            .outcomes
            .iter()
            .filter(|outcome| outcome.class != Class::Answered)
        {
            let line = serde_json::json!({
                "file": report.name,
                "line": outcome.line,
                "class": format!("{:?}", outcome.class),
                "kind": outcome.kind,
                "sql": outcome.sql,
                "detail": outcome.detail,
            });
            lines.push(line.to_string());
        }
    }
    fs::write(path, lines.join("\n")).unwrap();
}

/// What has been reached: by file, how many records are answered, are wrong, and are self-descriptions in other words.
pub struct Kept(BTreeMap<String, Reached>);

#[derive(Clone, Copy)]
struct Reached {
    answered: usize,
    wrong: usize,
    self_descriptions: usize,
}

impl Reached {
    fn of(report: &FileReport) -> Self {
        Self {
            answered: report.count(Class::Answered),
            wrong: report.count(Class::Wrong),
            self_descriptions: report.count(Class::SelfDescription),
        }
    }

    fn is_worse_than(self, kept: Self) -> bool {
        self.answered < kept.answered || self.wrong > kept.wrong || self.self_descriptions > kept.self_descriptions
    }
}

impl std::fmt::Display for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            answered,
            wrong,
            self_descriptions,
        } = self;
        write!(
            f,
            "{answered} answered, {wrong} wrong, {self_descriptions} self-descriptions"
        )
    }
}

impl Kept {
    pub fn read() -> Self {
        let text = fs::read_to_string(KEPT).unwrap_or_else(|_| "{}".to_owned());
        let files: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
        let number = |value: &serde_json::Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let reached = files.into_iter().map(|(name, value)| {
            let reached = Reached {
                answered: number(&value["answered"]),
                wrong: number(&value["wrong"]),
                self_descriptions: number(&value["self_descriptions"]),
            };
            (name, reached)
        });
        Self(reached.collect())
    }

    /// Fails for every file that has become worse, and if `whole`, for files that are missing on either side.
    pub fn compare(&self, reports: &[FileReport], whole: bool) {
        let mut worse = Vec::new();
        for report in reports {
            let now = Reached::of(report);
            match self.0.get(&report.name) {
                None => worse.push(format!("{} is not in answered.json", report.name)),
                Some(kept) if now.is_worse_than(*kept) => worse.push(format!(
                    "{}: {now}, and there were {kept}{}",
                    report.name,
                    described(report)
                )),
                Some(_) => {}
            }
        }
        if whole {
            let gone = self
                .0
                .keys()
                .filter(|name| !reports.iter().any(|report| report.name == **name));
            worse.extend(gone.map(|name| format!("{name} is gone")));
        }
        assert!(worse.is_empty(), "{}", worse.join("\n"));
    }

    /// With the files of `reports` as they are now. It never lowers what is kept.
    pub fn improved(mut self, reports: &[FileReport]) -> Self {
        for report in reports {
            let now = Reached::of(report);
            let kept = self.0.entry(report.name.clone()).or_insert(now);
            assert!(
                !now.is_worse_than(*kept),
                "{} has become worse{}",
                report.name,
                described(report)
            );
            *kept = now;
        }
        self
    }

    pub fn write(&self) {
        let lines = self.0.iter().map(|(name, reached)| {
            let Reached {
                answered,
                wrong,
                self_descriptions,
            } = reached;
            format!(
                "  \"{name}\": {{ \"answered\": {answered}, \"wrong\": {wrong}, \"self_descriptions\": {self_descriptions} }}"
            )
        });
        fs::write(KEPT, format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))).unwrap();
    }
}

/// The wrong records of a file, for whoever has to find out why.
fn described(report: &FileReport) -> String {
    let wrong = report.outcomes.iter().filter(|outcome| outcome.class == Class::Wrong);
    let lines = wrong.map(|outcome| {
        let Outcome {
            line,
            kind,
            sql,
            detail,
            ..
        } = outcome;
        format!("\n  line {line}, {kind}: {sql}\n{detail}")
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/decisions/0010-the-files-of-datafusion.md"
    );

    #[test]
    fn the_page_of_the_decision_says_how_many_are_wrong_and_how_many_are_self_descriptions() {
        let kept = Kept::read();
        let sum = |of: fn(&Reached) -> usize| kept.0.values().map(of).sum::<usize>();
        let wrong = sum(|reached| reached.wrong);
        let descriptions = sum(|reached| reached.self_descriptions);
        let said = format!(
            "{wrong} records are wrong and {descriptions} are self-descriptions, {} in the strictest count",
            wrong + descriptions
        );
        let page = fs::read_to_string(PAGE).unwrap();
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains(&said), "0010 is to say: {said}");
    }

    #[test]
    fn fewer_answers_and_more_of_anything_else_are_worse() {
        let kept = Reached {
            answered: 5,
            wrong: 2,
            self_descriptions: 1,
        };
        let check = |answered, wrong, self_descriptions, worse| {
            let now = Reached {
                answered,
                wrong,
                self_descriptions,
            };
            assert_eq!(now.is_worse_than(kept), worse, "{now}");
        };
        check(5, 2, 1, false);
        check(6, 1, 0, false);
        check(4, 2, 1, true);
        check(6, 3, 0, true);
        check(6, 1, 2, true);
    }
}
