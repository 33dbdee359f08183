//! What a `Cargo.toml` may say: which of our crates it imports, how many test binaries it makes, which lints it obeys.

use toml::{Table, Value};

use super::source::Violation;

/// One crate, without its sources.
pub struct Manifest {
    /// Of the `Cargo.toml`, from the root of the workspace.
    pub path: String,
    pub table: Table,
    /// The names of the files right in `tests/`, such as `main.rs`. Cargo makes a binary of each unless it is told not to.
    pub test_files: Vec<String>,
}

/// Who may import whom, without development dependencies: `repl → flight-server, sql-tests, datasets → engine`.
const BELOW: &[(&str, &[&str])] = &[
    (
        "owlet",
        &[
            "owlet-flight-server",
            "owlet-sql-tests",
            "owlet-datasets",
            "owlet-engine",
        ],
    ),
    ("owlet-flight-server", &["owlet-engine"]),
    ("owlet-sql-tests", &["owlet-engine", "owlet-datasets"]),
    ("owlet-datasets", &[]),
    ("owlet-engine", &[]),
    ("owlet-s3-fixture", &[]),
];

/// The crates form a tree of their own; what only tests import is not held to it.
pub fn crates_import_only_what_is_below(manifest: &Manifest) -> Vec<Violation> {
    let name = manifest.table["package"]["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = BELOW.iter().find(|(above, _)| *above == name) else {
        return vec![manifest.violation(format!("`{name}` has no place among the crates: give it one in BELOW"))];
    };
    let sections = ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| manifest.table.get(*section)?.as_table());
    let ours = sections
        .flat_map(Table::keys)
        .filter(|imported| imported.starts_with("owlet"));
    ours.filter(|imported| !allowed.contains(&imported.as_str()))
        .map(|imported| manifest.violation(format!("`{name}` imports `{imported}`, which is not below it")))
        .collect()
}

/// Each test binary links the whole of DataFusion, so a crate has one: `tests/main.rs` with modules.
pub fn a_crate_has_one_integration_test_binary(manifest: &Manifest) -> Vec<Violation> {
    let declared = manifest.table.get("test").and_then(Value::as_array).map_or(0, Vec::len);
    let found_by_cargo = manifest.table["package"].get("autotests").and_then(Value::as_bool) != Some(false);
    let binaries = if found_by_cargo {
        declared.max(manifest.test_files.len())
    } else {
        declared
    };
    match binaries {
        0 if !manifest.test_files.is_empty() => {
            vec![manifest.violation("the files in `tests/` are never built: declare a `[[test]]`")]
        }
        0 | 1 => Vec::new(),
        many => {
            let message = "integration-test binaries, where one with modules is enough: say `autotests = false` and declare `main`";
            vec![manifest.violation(format!("{many} {message}"))]
        }
    }
}

/// Cargo does not apply `[workspace.lints]` to a crate that does not ask for them.
pub fn workspace_lints_apply(manifest: &Manifest) -> Vec<Violation> {
    let inherited = manifest
        .table
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(Value::as_bool);
    match inherited {
        Some(true) => Vec::new(),
        _ => vec![manifest.violation("without `[lints] workspace = true` no lint of ours applies")],
    }
}

impl Manifest {
    fn violation(&self, message: impl Into<String>) -> Violation {
        Violation {
            path: self.path.clone(),
            line: 1,
            message: message.into(),
        }
    }
}

#[track_caller]
fn check(rule: fn(&Manifest) -> Vec<Violation>, text: &str, test_files: &[&str], expected: &[&str]) {
    let test_files = test_files.iter().map(ToString::to_string).collect();
    let manifest = Manifest {
        path: "some/Cargo.toml".to_owned(),
        table: text.parse().unwrap(),
        test_files,
    };
    super::source::compare(&rule(&manifest), expected);
}

#[test]
fn an_import_from_above_is_reported() {
    let check = |name: &str, rest: &str, expected: &[&str]| {
        check(
            crates_import_only_what_is_below,
            &format!("[package]\nname = \"{name}\"\n{rest}"),
            &[],
            expected,
        );
    };
    let engine = "[dependencies]\nowlet-engine.workspace = true\narrow = \"1\"\n";
    check("owlet-flight-server", engine, &[]);
    check("owlet-datasets", engine, &["`owlet-datasets` imports `owlet-engine`"]);
    check(
        "owlet-engine",
        "[dependencies]\nowlet = \"1\"\n",
        &["`owlet-engine` imports `owlet`"],
    );
    check(
        "owlet-engine",
        "[build-dependencies]\nowlet-datasets = \"1\"\n",
        &["imports `owlet-datasets`"],
    );
    check("owlet-engine", "[dev-dependencies]\nowlet-s3-fixture = \"1\"\n", &[]);
    check("owlet-new", "", &["`owlet-new` has no place among the crates"]);
}

#[test]
fn a_second_test_binary_is_reported() {
    let check = |manifest: &str, test_files: &[&str], expected: &[&str]| {
        check(
            a_crate_has_one_integration_test_binary,
            &format!("[package]\n{manifest}"),
            test_files,
            expected,
        );
    };
    let declared = "autotests = false\n[[test]]\nname = \"main\"\n";
    check("", &[], &[]);
    check("", &["main.rs"], &[]);
    check("", &["main.rs", "storage.rs"], &["2 integration-test binaries"]);
    check(declared, &["main.rs", "storage.rs"], &[]);
    check(
        &format!("{declared}[[test]]\nname = \"storage\"\n"),
        &["main.rs"],
        &["2 integration-test binaries"],
    );
    check(
        "autotests = false\n",
        &["main.rs"],
        &["the files in `tests/` are never built"],
    );
}

#[test]
fn a_crate_without_the_lints_is_reported() {
    let check =
        |rest: &str, expected: &[&str]| check(workspace_lints_apply, &format!("[package]\n{rest}"), &[], expected);
    check("[lints]\nworkspace = true\n", &[]);
    check("", &["no lint of ours applies"]);
    check("[lints]\nworkspace = false\n", &["no lint of ours applies"]);
}
