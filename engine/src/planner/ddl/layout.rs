//! Which directories and files under a prefix are tables, by their layout alone.
//!
//! A directory is a table if files lie in it, or directories that are all named `key=value`. Directories of directories are looked
//! into, and their names stand before those of the tables in them. A file that lies at the prefix itself is a table of its own,
//! unless its name says that a program made it up.

use datafusion::object_store::{ObjectMeta, path::Path};
use std::collections::BTreeMap;

use crate::storage::Location;

/// What may be a table.
#[derive(Debug)]
pub struct Candidate {
    /// The name that it would have: lower case, letters, digits and `_`.
    pub name: String,
    /// Its directory or file.
    pub location: Location,
    /// What lies there.
    pub found: Found,
}

/// What lies in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Files that hold data.
    Files,
    /// A table with a log of its own, of this kind.
    Logged(&'static str),
    /// No file that holds data.
    Nothing,
}

/// The candidates under `prefix`, in the order of their places.
#[must_use]
pub fn candidates(prefix: &Location, objects: &[ObjectMeta]) -> Vec<Candidate> {
    let mut root = Directory::default();
    for object in objects {
        let base = prefix.path().as_ref();
        let path = object.location.as_ref();
        let relative = path.strip_prefix(base).unwrap_or(path).trim_start_matches('/');
        let steps: Vec<&str> = relative.split('/').filter(|step| !step.is_empty()).collect();
        if let Some((file, directories)) = steps.split_last() {
            root.add(directories, file, object.size);
        }
    }
    let mut found = Vec::new();
    let place = Place {
        prefix,
        names: Vec::new(),
        path: prefix.path().as_ref().to_owned(),
    };
    root.tables(&place, &mut found);
    found
}

#[derive(Debug, Default)]
struct Directory {
    /// Files that hold data.
    files: Vec<String>,
    directories: BTreeMap<String, Directory>,
    log: Option<&'static str>,
}

struct Place<'a> {
    prefix: &'a Location,
    names: Vec<String>,
    path: String,
}

impl Place<'_> {
    fn below(&self, step: &str) -> Self {
        let mut names = self.names.clone();
        names.push(step.to_owned());
        let path = if self.path.is_empty() {
            step.to_owned()
        } else {
            format!("{}/{step}", self.path)
        };
        Self {
            prefix: self.prefix,
            names,
            path,
        }
    }

    fn candidate(&self, found: Found, is_file: bool) -> Candidate {
        let whole = if self.names.is_empty() {
            self.path.rsplit('/').next().unwrap_or_default().to_owned()
        } else {
            self.names.join("_")
        };
        // As the store gave it: collected from its steps it would be escaped a second time.
        let path = Path::parse(&self.path).unwrap_or_else(|_| Path::from(self.path.as_str()));
        let object = self.prefix.object(&path);
        Candidate {
            name: table_name(&whole),
            location: if is_file { object } else { object.into_directory() },
            found,
        }
    }
}

impl Directory {
    fn add(&mut self, directories: &[&str], file: &str, size: u64) {
        match directories.split_first() {
            Some((&"_delta_log", _)) => self.log = Some("Delta"),
            Some((&".hoodie", _)) => self.log = Some("Hudi"),
            Some((&"metadata", [])) if file.ends_with(".metadata.json") => self.log = Some("Iceberg"),
            Some((first, _)) if is_hidden(first) => {}
            Some((first, rest)) => {
                let directory = self.directories.entry((*first).to_owned()).or_default();
                directory.add(rest, file, size);
            }
            None if is_hidden(file) || size == 0 => {}
            None => self.files.push(file.to_owned()),
        }
    }

    fn tables(&self, place: &Place<'_>, found: &mut Vec<Candidate>) {
        if let Some(kind) = self.log {
            found.push(place.candidate(Found::Logged(kind), false));
            return;
        }
        let at_prefix = place.names.is_empty();
        let partitions = self.directories.keys().filter(|name| is_partition(name)).count();
        let only_partitions = partitions > 0 && partitions == self.directories.len();
        let made_up = self.files.iter().any(|file| is_made_up(file));
        if only_partitions || (!self.files.is_empty() && (!at_prefix || made_up)) {
            found.push(place.candidate(Found::Files, false));
            return;
        }
        for file in &self.files {
            let mut one = place.below(file);
            one.names = vec![stem(file).to_owned()];
            found.push(one.candidate(Found::Files, true));
        }
        for (name, directory) in &self.directories {
            let below = place.below(name);
            if directory.is_empty() {
                found.push(below.candidate(Found::Nothing, false));
            } else {
                directory.tables(&below, found);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.log.is_none() && self.files.is_empty() && self.directories.values().all(Self::is_empty)
    }
}

fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

fn is_partition(name: &str) -> bool {
    name.split_once('=').is_some_and(|(key, _)| !key.is_empty())
}

/// A file's name up to its first dot.
fn stem(file: &str) -> &str {
    file.split('.').next().unwrap_or(file)
}

/// Whether a program made the name up: `part-0`, `data_1`, `000001_0`, a UUID.
fn is_made_up(file: &str) -> bool {
    let stem = stem(file).to_lowercase();
    let is_number = |text: &str| {
        text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || "-_".contains(c))
    };
    let is_identifier = stem.len() >= 16 && stem.chars().all(|c| c.is_ascii_hexdigit() || "-_".contains(c));
    let numbered = ["part", "data", "file"].iter().find_map(|word| stem.strip_prefix(word));
    let numbered = numbered.map(|rest| rest.split("-c").next().unwrap_or(rest));
    is_number(&stem) || is_identifier || numbered.is_some_and(|rest| rest.split('-').any(is_number))
}

/// A directory's name as the name of a table.
fn table_name(text: &str) -> String {
    let name: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    let name = name.trim_matches('_').to_owned();
    match name.chars().next() {
        None => "t".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("t{name}"),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path as FilePath;

    /// What is found among `paths` below `s3://b/lake/`: name, place below it, and what lies there.
    fn check(paths: &[(&str, u64)], expected: &[(&str, &str, Found)]) {
        let prefix = Location::parse("s3://b/lake/", FilePath::new("/")).unwrap();
        let objects: Vec<ObjectMeta> = paths
            .iter()
            .map(|(path, size)| ObjectMeta {
                location: Path::parse(format!("lake/{path}")).unwrap(),
                last_modified: chrono::DateTime::default(),
                size: *size,
                e_tag: None,
                version: None,
            })
            .collect();
        let found = candidates(&prefix, &objects);
        let shown: Vec<(String, String, Found)> = found
            .into_iter()
            .map(|one| {
                (
                    one.name,
                    one.location.to_string().replace("s3://b/lake/", ""),
                    one.found,
                )
            })
            .collect();
        let expected: Vec<(String, String, Found)> = expected
            .iter()
            .map(|(name, place, found)| ((*name).to_owned(), (*place).to_owned(), *found))
            .collect();
        assert_eq!(shown, expected, "{paths:?}");
    }

    #[test]
    fn directories_of_files_and_of_partitions_are_tables() {
        check(
            &[
                ("orders/a.parquet", 1),
                ("orders/x/b.parquet", 1),
                ("Log Files/dt=1/hr=2/c.csv", 1),
            ],
            &[
                ("log_files", "Log Files/", Found::Files),
                ("orders", "orders/", Found::Files),
            ],
        );
    }

    #[test]
    fn places_keep_their_spelling() {
        check(
            &[("x%20y/a.parquet", 1), ("ün/a.parquet", 1)],
            &[("x_20y", "x%20y/", Found::Files), ("ün", "ün/", Found::Files)],
        );
    }

    #[test]
    fn directories_of_directories_lend_their_names() {
        check(
            &[("crm/accounts/a.parquet", 1), ("crm/leads/a.parquet", 1)],
            &[
                ("crm_accounts", "crm/accounts/", Found::Files),
                ("crm_leads", "crm/leads/", Found::Files),
            ],
        );
    }

    #[test]
    fn files_at_the_prefix_are_tables_unless_a_program_named_them() {
        check(
            &[("customer.parquet", 1), ("nation.csv.gz", 1)],
            &[
                ("customer", "customer.parquet", Found::Files),
                ("nation", "nation.csv.gz", Found::Files),
            ],
        );
        check(
            &[("part-00000-c000.parquet", 1), ("part-00001.parquet", 1)],
            &[("lake", "", Found::Files)],
        );
    }

    #[test]
    fn names_that_programs_make_up_are_told_from_those_of_people() {
        for (file, made_up) in [
            ("part-00000-6f1d0d5e-c000.snappy.parquet", true),
            ("data_0.parquet", true),
            ("000001_0", true),
            ("01a204b7-cf74-77e6-bc44-d4565f35a9e3-00000.csv.gz", true),
            ("e2.json", false),
            ("trips2024.parquet", false),
            ("parts.csv", false),
            ("beef.parquet", false),
        ] {
            assert_eq!(is_made_up(file), made_up, "{file}");
        }
    }

    #[test]
    fn tables_with_a_log_and_empty_directories_are_named() {
        check(
            &[
                ("d/_delta_log/0.json", 1),
                ("d/a.parquet", 1),
                ("i/metadata/v1.metadata.json", 1),
                ("i/data/a.parquet", 1),
                ("h/.hoodie/x", 1),
                ("e/_SUCCESS", 0),
                ("z/x/", 0),
            ],
            &[
                ("d", "d/", Found::Logged("Delta")),
                ("e", "e/", Found::Nothing),
                ("h", "h/", Found::Logged("Hudi")),
                ("i", "i/", Found::Logged("Iceberg")),
                ("z", "z/", Found::Nothing),
            ],
        );
    }
}
