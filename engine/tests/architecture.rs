//! The shape of the house, kept by a test: the rules of CONTRIBUTING.md and ARCHITECTURE.md that clippy cannot say.
//!
//! A rule is a pure function from one file to its violations, and a line of [`RULES`] (or of [`MANIFEST_RULES`] for a
//! `Cargo.toml`). Beside each rule stand tests that feed it a file that breaks it and a file that does not, so that a rule
//! which stopped seeing anything is itself a failing test.

mod crates;
mod docs;
mod globals;
mod names;
mod order;
mod services;
mod sizes;
mod source;
mod suites;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crates::Manifest;
use source::{Source, Violation};

/// What every Rust file of the workspace is held to. A rule decides by the path whether the file is its business.
const RULES: &[fn(&Source) -> Vec<Violation>] = &[
    order::modules_import_only_earlier_modules,
    sizes::files_are_short,
    sizes::functions_are_short,
    names::types_have_names_of_the_field,
    names::modules_have_names_of_the_field,
    globals::there_are_no_globals,
    services::the_session_context_of_datafusion_stays_outside,
    services::downcasts_give_their_reason,
    docs::files_say_what_they_are,
    suites::no_test_is_ignored,
];

/// What every `Cargo.toml` of the workspace is held to.
const MANIFEST_RULES: &[fn(&Manifest) -> Vec<Violation>] = &[
    crates::crates_import_only_what_is_below,
    crates::a_crate_has_one_integration_test_binary,
    crates::workspace_lints_apply,
];

#[test]
fn the_house_keeps_its_rules() {
    let root = workspace();
    let members = members(&root);
    let mut violations = Vec::new();
    let mut sources = Vec::new();
    for member in &members {
        let manifest = manifest(&root, member);
        violations.extend(MANIFEST_RULES.iter().flat_map(|rule| rule(&manifest)));
        for path in rust_files(&root.join(member)) {
            let relative = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            sources.push(Source::parse(&relative, &read(&path)).unwrap_or_else(|error| panic!("{error}")));
        }
    }
    // Without these lines a walk that finds nothing would pass.
    for expected in [
        "engine/src/lib.rs",
        "engine/src/error.rs",
        "engine/tests/main.rs",
        "repl/src/main.rs",
    ] {
        assert!(
            sources.iter().any(|source| source.path == expected),
            "the walk missed {expected}"
        );
    }

    let only_for_tests: Vec<String> = sources.iter().flat_map(Source::test_modules_in_other_files).collect();
    for source in &mut sources {
        source.is_test |= only_for_tests.iter().any(|prefix| source.path.starts_with(prefix));
        violations.extend(RULES.iter().flat_map(|rule| rule(source)));
    }

    let mut report = String::new();
    for violation in &violations {
        writeln!(report, "{violation}").unwrap();
    }
    assert!(
        violations.is_empty(),
        "{} places break the rules of the house:\n{report}",
        violations.len()
    );
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn members(root: &Path) -> Vec<String> {
    let manifest: toml::Table = read(&root.join("Cargo.toml")).parse().unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    members
        .iter()
        .map(|member| member.as_str().unwrap().to_owned())
        .collect()
}

fn manifest(root: &Path, member: &str) -> Manifest {
    let path = format!("{member}/Cargo.toml");
    let table = read(&root.join(&path)).parse().unwrap();
    let in_tests = rust_files(&root.join(member))
        .into_iter()
        .filter(|file| file.parent() == Some(&root.join(member).join("tests")));
    let test_files = in_tests
        .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    Manifest {
        path,
        table,
        test_files,
    }
}

/// The Rust files of the crate in `folder`, but not those of a crate inside it.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = ["src", "tests", "benches", "examples"]
        .iter()
        .map(|part| folder.join(part))
        .collect();
    folders.push(folder.join("build.rs"));
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Runs `rule` over `text` as the file `path`; `expected` are parts of the messages, one for each violation, in order.
#[track_caller]
fn check(rule: fn(&Source) -> Vec<Violation>, path: &str, text: &str, expected: &[&str]) {
    let source = Source::parse(path, text).unwrap_or_else(|error| panic!("{error}"));
    source::compare(&rule(&source), expected);
}
