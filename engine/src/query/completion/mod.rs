//! What could stand where somebody writes: keywords, names of the catalogue, columns, functions, settings, files.
//!
//! Must hold: names come only from where the principal's statements would find them. Listing names is authorized as SHOW TABLES
//! is, columns as DESCRIBE is, files as reading them is. Nothing is changed or recorded. The answer is bounded in number and in
//! time, and there is always one: completion is a convenience, and an error in the midst of typing is none.

mod names;
mod paths;
mod place;

use std::time::Duration;

use super::Parts;
use crate::governance::Principal;
use crate::planner::{SessionSettings, Snapshot};
use crate::syntax::{KEYWORDS, STATEMENT_KEYWORDS};
use names::Names;
use place::{Place, Wanted};

/// The most candidates of one answer.
const CANDIDATES: usize = 500;

/// How long the catalogue or a store may take to say what there is.
const PATIENCE: Duration = Duration::from_secs(1);

/// What could stand at a place of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The byte from which the text up to the cursor is replaced by a candidate.
    pub start: usize,
    /// What could stand there, the likeliest kind first, each kind in the order of the names.
    pub candidates: Vec<Candidate>,
}

/// One text that could stand at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// What it is.
    pub kind: CandidateKind,
    /// The whole text that replaces what was typed, quoted where it must be.
    pub text: String,
}

/// What a candidate is. The order is that in which candidates are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CandidateKind {
    /// A column of a relation that the statement names.
    Column,
    /// A table or a view.
    Relation,
    /// A database.
    Database,
    /// A setting of the session.
    Setting,
    /// A file, or a directory with a `/` at its end.
    Path,
    /// A word of the dialect, in the case that the writer uses.
    Keyword,
    /// A function, with its opening parenthesis.
    Function,
}

/// What could stand at the byte `cursor` of `text`.
pub(super) async fn complete(
    parts: &Parts,
    principal: &Principal,
    session: &Snapshot,
    text: &str,
    cursor: usize,
) -> Completions {
    let cursor = text.floor_char_boundary(cursor);
    let Some(place) = place::find(text, cursor) else {
        return Completions::default();
    };
    let names = Names {
        parts,
        principal,
        session,
    };
    let mut candidates = fixed(&place, parts);
    // Whatever goes wrong, and whatever takes too long, is left out.
    if let Ok(Ok(found)) = tokio::time::timeout(PATIENCE, names.at(&place)).await {
        candidates.extend(found);
    }
    candidates.sort();
    candidates.dedup();
    candidates.truncate(CANDIDATES);
    Completions {
        start: place.start,
        candidates,
    }
}

/// The candidates that depend on nobody's tables.
fn fixed(place: &Place<'_>, parts: &Parts) -> Vec<Candidate> {
    let keywords = |words: &[&str]| -> Vec<Candidate> {
        let fitting = words.iter().filter(|word| place.begins(word));
        let text = |word: &&str| {
            if place.in_lower_case {
                word.to_lowercase()
            } else {
                (*word).to_owned()
            }
        };
        fitting
            .map(|word| Candidate::new(CandidateKind::Keyword, text(word)))
            .collect()
    };
    match &place.wanted {
        Wanted::Beginning => keywords(STATEMENT_KEYWORDS),
        Wanted::Expression => {
            let mut found = keywords(KEYWORDS);
            // Without a letter there would be hundreds of functions before whatever is looked for.
            if !place.word.is_empty() {
                let fitting = parts.planner.functions().filter(|name| place.begins(name));
                found.extend(fitting.map(|name| Candidate::new(CandidateKind::Function, format!("{name}("))));
            }
            found
        }
        Wanted::Relation {
            nothing_but_names: false,
        } => keywords(KEYWORDS),
        Wanted::Setting => SessionSettings::names()
            .filter(|name| place.begins(name))
            .map(|name| Candidate::new(CandidateKind::Setting, name))
            .collect(),
        Wanted::Relation { .. } | Wanted::Database | Wanted::Member(_) | Wanted::Path(_) => Vec::new(),
    }
}

impl Candidate {
    fn new(kind: CandidateKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }
}
