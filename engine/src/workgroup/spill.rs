//! A directory for this process's spilled bytes, and the removal of what dead processes left.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorCode, Result};

/// A directory of this process alone, which exists as long as this value.
///
/// Beside each such directory lies a lock file, held as long as its process lives: an unlocked one belongs to a process that
/// ended without cleaning up.
#[derive(Debug)]
pub struct SpillDirectory {
    path: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl SpillDirectory {
    /// Makes a directory below `parent`, which is made if it is missing, and removes those of dead processes.
    ///
    /// # Errors
    /// `INVALID_SETTING` that names the directory if it cannot be written.
    pub fn open(parent: &Path) -> Result<Self> {
        let opened = Self::try_open(parent);
        opened.map_err(|error| {
            let message = format!("the spill directory \"{}\" cannot be used: {error}", parent.display());
            Error::new(ErrorCode::InvalidSetting, message).caused_by(error)
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the name of a directory that nobody else may have"
    )]
    fn try_open(parent: &Path) -> io::Result<Self> {
        private_directory(parent)?;
        remove_abandoned(parent)?;
        let name = uuid::Uuid::now_v7().simple().to_string();
        // Locked before it has the name that others look for: an unlocked lock file is always a dead process's.
        let unnamed = parent.join(format!("{name}.new"));
        let lock_path = parent.join(format!("{name}.lock"));
        let lock = OpenOptions::new().write(true).create_new(true).open(&unnamed)?;
        lock.lock()?;
        fs::rename(&unnamed, &lock_path)?;
        let path = parent.join(name);
        private_directory(&path)?;
        Ok(Self {
            path,
            lock_path,
            _lock: lock,
        })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SpillDirectory {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next process that starts.
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// Spilled bytes are data: nobody else may read them.
fn private_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn remove_abandoned(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let lock_path = entry?.path();
        if lock_path.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let Ok(lock) = OpenOptions::new().write(true).open(&lock_path) else {
            continue;
        };
        match lock.try_lock() {
            Ok(()) => {
                let _ = fs::remove_dir_all(lock_path.with_extension(""));
                let _ = fs::remove_file(&lock_path);
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_is_removed_and_what_a_living_one_uses_stays() {
        let parent = tempfile::tempdir().unwrap();
        let living = SpillDirectory::open(parent.path()).unwrap();
        fs::create_dir(parent.path().join("dead")).unwrap();
        fs::write(parent.path().join("dead/bytes"), "spilled").unwrap();
        fs::write(parent.path().join("dead.lock"), "").unwrap();
        let second = SpillDirectory::open(parent.path()).unwrap();
        assert!(!parent.path().join("dead").exists());
        assert!(living.path().exists() && second.path().exists());
        drop((living, second));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
