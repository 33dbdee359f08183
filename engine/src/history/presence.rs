//! How one process learns that another is dead: by the lock on its file.
//!
//! Each process keeps a locked file in `processes/` of the data directory for as long as it has a history open. The kernel
//! drops the lock when the process ends, however it ends, so a file whose lock can be had is the trace of a dead process.
//! Process ids and their start times were rejected: they mean nothing across containers that share a data directory, and
//! cannot be had everywhere. A lease was rejected: a process that was stopped for longer than its lease is not dead.
//!
//! A file gets its name, `<process id>.lock`, only once it is locked, so a process that is starting is never taken for a dead
//! one. And only rows of a process that left a file here are ever closed: on a metastore that several machines share, each data
//! directory answers for its own processes alone.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::catalog::Liveness;
use crate::error::{Error, ErrorCode, Result};

const DIRECTORY: &str = "processes";
/// The extension of a file that stands for a process.
const LOCKED: &str = "lock";
/// The extension of a file whose lock is not taken yet.
const NEW: &str = "new";
/// The most dead processes that are looked at in one go.
const SWEEP_LIMIT: usize = 100;

/// The locked file of a process. Unlocked when dropped, and left behind.
pub(super) struct Presence {
    pub(super) process_id: String,
    path: PathBuf,
    _lock: File,
}

impl Presence {
    /// Takes the lock that tells other processes that `process_id` lives. The id becomes a file name.
    pub(super) fn enter(data_directory: &Path, process_id: &str) -> Result<Self> {
        let directory = data_directory.join(DIRECTORY);
        Self::lock_new(&directory, process_id).map_err(|error| {
            let (shown, reason) = (directory.display(), error.kind());
            let message = format!(
                "cannot lock a file in \"{shown}\": {reason}: choose a data directory that is writable and on a file system \
                 with locks"
            );
            Error::new(ErrorCode::InvalidSetting, message).caused_by(error)
        })
    }

    /// Removes the file: nothing is left of this process that anybody would have to close.
    pub(super) fn leave(self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            // Another process cleaned up between our opening the file of a dead one and our locking it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn lock_new(directory: &Path, process_id: &str) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let new = directory.join(format!("{process_id}.{NEW}"));
        let path = directory.join(format!("{process_id}.{LOCKED}"));
        loop {
            let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            // Waits no longer than another process takes to remove the file, if that took it for an abandoned one.
            lock.lock()?;
            match fs::rename(&new, &path) {
                Ok(()) => {
                    let process_id = process_id.to_owned();
                    return Ok(Self {
                        process_id,
                        path,
                        _lock: lock,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether the process `process_id` lives, as far as this data directory knows. A process that took its file back, or that was
/// cleaned up after, has left no trace here, like one of another data directory.
pub(super) fn liveness(data_directory: &Path, process_id: &str) -> Liveness {
    let path = data_directory.join(DIRECTORY).join(format!("{process_id}.{LOCKED}"));
    let lock = File::open(path).map(|file| file.try_lock_shared());
    match lock {
        // Shared and given back at once, so that no two who look take each other for the process.
        Ok(Ok(())) => Liveness::Ended,
        Ok(Err(TryLockError::WouldBlock)) => Liveness::Alive,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Liveness::Unknown,
        Ok(Err(TryLockError::Error(error))) | Err(error) => {
            tracing::warn!(%error, "cannot tell whether the process \"{process_id}\" is alive: it is taken to be");
            Liveness::Alive
        }
    }
}

/// The processes that ended without [`Presence::leave`]. Their locks are held until these are dropped, so that no two
/// processes clean up after the same one at once.
pub(super) fn departed(data_directory: &Path) -> Result<Vec<Presence>> {
    let directory = data_directory.join(DIRECTORY);
    let entries = fs::read_dir(&directory).map_err(|error| {
        let (shown, reason) = (directory.display(), error.kind());
        Error::new(
            ErrorCode::InvalidSetting,
            format!("cannot read the directory \"{shown}\": {reason}"),
        )
        .caused_by(error)
    })?;
    // An entry that cannot be read now is read by the next process that looks.
    Ok(entries
        .flatten()
        .filter_map(|entry| try_take(entry.path()))
        .take(SWEEP_LIMIT)
        .collect())
}

/// The file at `path` with its lock, if it stands for a process and that process is dead.
fn try_take(path: PathBuf) -> Option<Presence> {
    let extension = path.extension()?.to_str()?;
    if ![LOCKED, NEW].contains(&extension) {
        return None;
    }
    let lock = match try_lock(&path) {
        Ok(lock) => lock?,
        // Another process has just cleaned up, or its owner has just given it its name.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            let shown = path.display();
            tracing::warn!(%error, "cannot tell whether the process of \"{shown}\" is alive");
            return None;
        }
    };
    if extension == NEW {
        // Its process died before it wrote a row. If it has not died, it makes another one.
        fs::remove_file(&path).ok();
        return None;
    }
    let process_id = path.file_stem()?.to_str()?.to_owned();
    Some(Presence {
        process_id,
        path,
        _lock: lock,
    })
}

/// The file at `path`, locked; none if another process holds the lock.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    // Opened to write, since some file systems lock only such.
    let file = OpenOptions::new().write(true).open(path)?;
    match file.try_lock() {
        // Its owner may have removed it, and with that its lock, since it was opened: then it stands for nobody.
        Ok(()) => Ok((fs::metadata(path)?.ino() == file.metadata()?.ino()).then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn departed_ids(directory: &Path) -> Vec<String> {
        departed(directory)
            .unwrap()
            .into_iter()
            .map(|presence| presence.process_id.clone())
            .collect()
    }

    #[test]
    fn a_process_is_departed_only_once_its_lock_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let living = Presence::enter(directory.path(), "living").unwrap();
        let dead = Presence::enter(directory.path(), "dead").unwrap();
        assert_eq!(departed_ids(directory.path()), Vec::<String>::new());
        drop(dead);
        assert_eq!(departed_ids(directory.path()), ["dead"]);
        living.leave().unwrap();
        assert_eq!(departed_ids(directory.path()), ["dead"]);
    }

    #[test]
    fn a_process_is_alive_while_it_holds_its_lock_and_unknown_without_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let liveness = |id: &str| liveness(directory.path(), id);
        let presence = Presence::enter(directory.path(), "process").unwrap();
        let other = Presence::enter(directory.path(), "other").unwrap();
        assert_eq!(liveness("process"), Liveness::Alive);
        drop(presence);
        assert_eq!(liveness("process"), Liveness::Ended);
        assert_eq!(
            departed_ids(directory.path()),
            ["process"],
            "looking took the lock away"
        );
        other.leave().unwrap();
        assert_eq!(liveness("other"), Liveness::Unknown);
    }

    #[test]
    fn a_departed_process_is_cleaned_up_by_one_process_at_a_time_and_then_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        drop(Presence::enter(directory.path(), "dead").unwrap());
        let mut taken = departed(directory.path()).unwrap();
        assert_eq!(departed_ids(directory.path()), Vec::<String>::new());
        taken.pop().unwrap().leave().unwrap();
        assert_eq!(departed_ids(directory.path()), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_another_process_removed_is_no_failure() {
        let directory = tempfile::tempdir().unwrap();
        let presence = Presence::enter(directory.path(), "dead").unwrap();
        fs::remove_file(&presence.path).unwrap();
        presence.leave().unwrap();
    }

    #[test]
    fn a_process_that_died_while_it_started_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        drop(Presence::enter(directory.path(), "dead").unwrap());
        let new = directory.path().join(DIRECTORY).join("starting.new");
        File::create(&new).unwrap();
        assert_eq!(departed_ids(directory.path()), ["dead"]);
        assert!(!new.exists());
    }

    #[test]
    fn processes_that_start_and_clean_up_at_once_do_not_take_each_other_for_dead() {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let directory = directory.path();
                scope.spawn(move || {
                    for n in 0..200 {
                        let presence = Presence::enter(directory, &format!("{thread}-{n}")).unwrap();
                        assert_eq!(departed_ids(directory), Vec::<String>::new());
                        presence.leave().unwrap();
                    }
                });
            }
        });
    }
}
