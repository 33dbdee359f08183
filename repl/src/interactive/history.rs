//! What was typed in this shell and in earlier ones: a file with one line an entry, which shells only add to.
//!
//! Must hold: an entry is in the file before it runs, so that a shell that is killed loses none; shells at the same time lose
//! none of each other's; nobody else may read the file. An entry of several lines is one line in the file, its line ends and
//! backslashes written as `\n` and `\\`.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The most entries that are kept. The file has up to twice as many before the oldest are left out.
pub const ENTRIES: usize = 10_000;

/// The longest entry that is kept. A longer one is a script that was pasted.
const ENTRY_LIMIT_BYTES: usize = 256 * 1024;

/// Who may read and write the file: its owner alone.
const MODE: u32 = 0o600;

/// The file of the entries.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
}

impl History {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The entries so far, the oldest first. Leaves out the oldest for good if there are too many.
    ///
    /// # Errors
    /// The file cannot be made, read or written.
    pub fn load(&self) -> io::Result<Vec<String>> {
        let mut file = self.locked()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let kept = &lines[lines.len().saturating_sub(ENTRIES)..];
        if lines.len() > 2 * ENTRIES {
            self.replace(kept)?;
        }
        Ok(kept.iter().map(|line| unescaped(line)).collect())
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// The file cannot be made or written.
    pub fn add(&self, entry: &str) -> io::Result<()> {
        if entry.len() > ENTRY_LIMIT_BYTES {
            return Ok(());
        }
        let mut file = self.locked()?;
        // In one write, so that a full disk or a kill leaves at most one broken line.
        file.write_all((escaped(entry) + "\n").as_bytes())
    }

    /// The file, made if it is missing, for this process alone until it is closed.
    fn locked(&self) -> io::Result<File> {
        // A pipe would never open, and what a link leads to is not ours to write to.
        let is_other = fs::symlink_metadata(&self.path).is_ok_and(|found| !found.is_file());
        if is_other {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
        }
        loop {
            let file = File::options()
                .read(true)
                .append(true)
                .create(true)
                .mode(MODE)
                .open(&self.path)?;
            file.lock()?;
            // Another shell may have put a shorter file in its place while this one waited.
            let (opened, present) = (file.metadata()?, fs::metadata(&self.path));
            if present.is_ok_and(|present| present.ino() == opened.ino()) {
                file.set_permissions(Permissions::from_mode(MODE))?;
                return Ok(file);
            }
        }
    }

    /// Puts a file with these lines in place of the present one, whole or not at all.
    fn replace(&self, lines: &[&str]) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        // Made for its owner alone.
        let mut beside = tempfile::NamedTempFile::new_in(directory)?;
        for line in lines {
            writeln!(beside, "{line}")?;
        }
        beside.persist(&self.path)?;
        Ok(())
    }
}

fn escaped(entry: &str) -> String {
    entry.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(line: &str) -> String {
    let mut entry = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => entry.push(match characters.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            }),
            other => entry.push(other),
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(directory: &tempfile::TempDir) -> History {
        History::new(directory.path().join("history"))
    }

    #[test]
    fn entries_come_back_as_they_were() {
        let directory = tempfile::tempdir().unwrap();
        let entries = ["select 1;", "select 'a\\nb',\n  \"ü\"\n;", "\\d t", "\\"];
        for entry in entries {
            history(&directory).add(entry).unwrap();
        }
        assert_eq!(history(&directory).load().unwrap(), entries);
        let mode = fs::metadata(directory.path().join("history"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn shells_at_the_same_time_lose_nothing() {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for shell in 0..4 {
                let history = history(&directory);
                scope.spawn(move || (0..50).for_each(|n| history.add(&format!("{shell} {n}")).unwrap()));
            }
        });
        assert_eq!(history(&directory).load().unwrap().len(), 200);
    }

    #[test]
    fn what_is_no_plain_file_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (other, link) = (directory.path().join("other"), directory.path().join("history"));
        fs::write(&other, "not ours").unwrap();
        fs::set_permissions(&other, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&other, &link).unwrap();
        assert!(history(&directory).load().is_err());
        assert!(history(&directory).add("select 1").is_err());
        assert_eq!(fs::read_to_string(&other).unwrap(), "not ours");
        assert_eq!(fs::metadata(&other).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[test]
    fn the_oldest_entries_are_left_out_at_last() {
        let directory = tempfile::tempdir().unwrap();
        let lines = (0..=2 * ENTRIES).map(|n| n.to_string()).collect::<Vec<_>>().join("\n") + "\n";
        fs::write(directory.path().join("history"), lines).unwrap();
        let loaded = history(&directory).load().unwrap();
        assert_eq!((loaded.len(), loaded[0].as_str()), (ENTRIES, "10001"));
        history(&directory).add("last").unwrap();
        let text = fs::read_to_string(directory.path().join("history")).unwrap();
        assert_eq!((text.lines().count(), text.lines().last()), (ENTRIES + 1, Some("last")));
    }
}
