//! The records that read data which the crate does not carry, such as the CSV files of DataFusion's repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is not there at one point of a file: paths, and the tables and views that were to be made of them.
pub struct AbsentData {
    directory: PathBuf,
    paths: BTreeSet<String>,
    relations: BTreeSet<String>,
}

impl AbsentData {
    /// Paths are relative to `directory`.
    pub fn none_yet(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            paths: BTreeSet::new(),
            relations: BTreeSet::new(),
        }
    }

    /// Why the next statement of the file cannot be run: the absent path or relation that it names. What it makes or fills is
    /// then absent for those after it, until a DROP.
    pub fn reason_to_skip(&mut self, sql: &str) -> Option<String> {
        let words = words(sql);
        let path = quoted(sql).find(|text| self.is_absent(text)).map(str::to_owned);
        let relation = || words.iter().find(|word| self.relations.contains(*word)).cloned();
        let reason = path.or_else(relation)?;
        match words.first().map(String::as_str) {
            Some("create") => self.relations.extend(after(&words, &["table", "view"])),
            Some("insert") => self.relations.extend(after(&words, &["into"])),
            Some("drop") => {
                if let Some(dropped) = after(&words, &["table", "view"]) {
                    self.relations.remove(&dropped);
                }
            }
            Some("copy") => self
                .paths
                .extend(quoted(sql).filter(|text| text.contains('/')).map(str::to_owned)),
            _ => {}
        }
        Some(reason)
    }

    /// Below `test_files/scratch/` the statements write themselves. Of a pattern, what stands before its first wildcard is to
    /// be there.
    fn is_absent(&self, text: &str) -> bool {
        if self.paths.iter().any(|path| text.starts_with(path.as_str())) {
            return true;
        }
        let carried = text.starts_with("../") || text.starts_with("test_files/");
        let before_pattern = text.split(['*', '?', '[']).next().unwrap_or_default();
        carried && !text.starts_with("test_files/scratch") && !self.directory.join(before_pattern).exists()
    }
}

/// What stands between single quotes.
pub fn quoted(sql: &str) -> impl Iterator<Item = &str> {
    sql.split('\'').skip(1).step_by(2)
}

/// The words of a statement, lower case; the parts of a qualified name are words of their own.
fn words(sql: &str) -> Vec<String> {
    let code = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let code = code.collect::<Vec<_>>().join(" ");
    let words = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The name after one of `introductions`.
fn after(words: &[String], introductions: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| introductions.contains(&word.as_str()))?;
    let mut names = words[at + 1..].iter();
    names
        .find(|word| !matches!(word.as_str(), "if" | "not" | "exists"))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_absent_data_is_absent_until_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("test_files")).unwrap();
        std::fs::write(directory.path().join("test_files/there.csv"), "1").unwrap();
        let mut absent = AbsentData::none_yet(directory.path());
        let mut check = |sql: &str, skipped: bool| assert_eq!(absent.reason_to_skip(sql).is_some(), skipped, "{sql}");
        check("SELECT * FROM 'test_files/there.csv'", false);
        check("SELECT * FROM t", false);
        check(
            "CREATE EXTERNAL TABLE IF NOT EXISTS t STORED AS CSV LOCATION '../data/t.csv'",
            true,
        );
        check("SELECT * FROM T", true);
        check("CREATE VIEW v AS SELECT * FROM t", true);
        check("SELECT 1 FROM v", true);
        check("SELECT '../'", false);
        check("DROP TABLE t", true);
        check("CREATE TABLE t AS VALUES (1)", false);
        check("SELECT * FROM t", false);
        check("COPY v TO 'test_files/scratch/x/'", true);
        check("SELECT * FROM 'test_files/scratch/x/1.parquet'", true);
        check("SELECT * FROM 'test_files/scratch/y/1.parquet'", false);
    }
}
