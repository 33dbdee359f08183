//! The crate's files: where they are, a copy of them that may be written to, and what they hold.

use datafusion_sqllogictest::DFColumnType;
use sqllogictest::Record;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const CRATE: &str = "datafusion-sqllogictest";

/// One file that the crate's own runner runs, with what it includes.
pub struct SuiteFile {
    /// Its path under `test_files/`, as the crate's runner names it.
    pub name: String,
    /// What it holds, included files in their place.
    pub records: Vec<Record<DFColumnType>>,
}

/// The files of the crate in a directory of our own, laid out as the crate's runner expects its working directory.
pub struct Corpus {
    directory: TempDir,
    files: Vec<PathBuf>,
}

impl Corpus {
    /// A copy of what cargo unpacked. The crate's statements write below `test_files/scratch/`, and a registry's directory is
    /// shared by all who build on the machine.
    pub fn copied() -> Self {
        let source = crate_directory();
        let directory = tempfile::tempdir().unwrap();
        for part in ["test_files", "data"] {
            copy(&source.join(part), &directory.path().join(part));
        }
        let mut files = Vec::new();
        suite_files(&directory.path().join("test_files"), &mut files);
        files.sort();
        Self { directory, files }
    }

    /// What relative paths in the statements start from.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The files whose names have `part` in them.
    pub fn files(&self, part: &str) -> Vec<SuiteFile> {
        let root = self.directory.path().join("test_files");
        let named = self.files.iter().map(|path| {
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            (path, name)
        });
        let wanted = named.filter(|(_, name)| name.contains(part));
        wanted
            .map(|(path, name)| SuiteFile {
                records: sqllogictest::parse_file(path).unwrap_or_else(|error| panic!("{name}: {error}")),
                name,
            })
            .collect()
    }

    /// How many statements and queries the file has by its lines alone: what checks that the parser and the runner leave none out.
    pub fn count_by_lines(&self, file: &str) -> usize {
        count_by_lines(&self.directory.path().join("test_files").join(file))
    }
}

/// Where cargo has unpacked the crate, as cargo itself says.
fn crate_directory() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let said = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--locked",
            "--manifest-path",
        ])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == CRATE).unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

fn suite_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            suite_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            found.push(path);
        }
    }
}

/// A record begins with a line `statement …` or `query …`, and its text goes on to the next empty line, but for expected results,
/// which end there too. Whatever looks like a beginning within a text is therefore none.
fn count_by_lines(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let mut within = false;
    let mut count = 0;
    for line in text.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        if within {
            within = !line.trim().is_empty();
        } else if matches!(first, "statement" | "query") {
            count += 1;
            within = true;
        } else if first == "include" {
            let pattern = path.with_file_name(line.split_whitespace().nth(1).unwrap());
            count += glob_in(&pattern).iter().map(|path| count_by_lines(path)).sum::<usize>();
        }
    }
    count
}

/// The files that an `include` names: one, or those between the two sides of its `*`.
fn glob_in(pattern: &Path) -> Vec<PathBuf> {
    let name = pattern.file_name().unwrap().to_str().unwrap();
    let Some((before, after)) = name.split_once('*') else {
        return vec![pattern.to_owned()];
    };
    let entries = fs::read_dir(pattern.parent().unwrap()).unwrap();
    let named = entries.map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(before) && name.ends_with(after)
    });
    named.collect()
}
