//! A local file that nobody sees before it is whole.
//!
//! It is written under a hidden name in its own directory: `.<name>.<number>.partial`. Readers that skip hidden names, as ours,
//! Spark and Hive do, never see it, nor does a pattern such as `*.parquet`; and what a killed process left is known by its
//! ending. `object_store` names it `<name>#<number>`, which only `object_store` hides, and leaves its bytes to the operating
//! system's memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{Error, MultipartUpload, PutMode, PutPayload, PutResult, Result, UploadPart};

use crate::storage::schemes::FILE;

/// How names of files end that are not whole.
const PARTIAL: &str = "partial";

/// The bytes of a file to be, under their hidden name. Dropping it removes them.
#[derive(Debug)]
pub(super) struct StagedFile {
    file: File,
    staged: PathBuf,
    target: PathBuf,
    published: bool,
}

impl StagedFile {
    /// Begins a file that shall be at `target`; makes the directories that are missing.
    pub(super) fn begin(target: PathBuf) -> io::Result<Self> {
        let mut number = 1;
        loop {
            let staged = hidden(&target, number)?;
            match OpenOptions::new().write(true).create_new(true).open(&staged) {
                Ok(file) => {
                    return Ok(Self {
                        file,
                        staged,
                        target,
                        published: false,
                    });
                }
                Err(failure) if failure.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(failure) if failure.kind() == ErrorKind::NotFound => make_directory(parent(&target)?)?,
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Writes `bytes` at `offset`.
    pub(super) fn write(&mut self, offset: u64, bytes: &PutPayload) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        bytes.iter().try_for_each(|piece| self.file.write_all(piece))
    }

    /// Gives the file its name, once its bytes are safe from a loss of power. After an error there is no file of that name that
    /// was not there before.
    pub(super) fn publish(&mut self, mode: &PutMode) -> io::Result<()> {
        self.file.sync_all()?;
        if *mode == PutMode::Create {
            // A link fails where a name is taken, a renaming does not.
            fs::hard_link(&self.staged, &self.target)?;
        } else {
            fs::rename(&self.staged, &self.target)?;
            self.published = true;
        }
        let named = sync_directory(parent(&self.target)?);
        if named.is_err() {
            // The name may be lost with the power: whoever is told of a failure must not find the file.
            drop(fs::remove_file(&self.target));
        }
        named
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.published {
            drop(fs::remove_file(&self.staged));
        }
    }
}

/// Puts a whole file in place at once. Blocks.
pub(super) fn put(target: PathBuf, bytes: &PutPayload, mode: &PutMode) -> io::Result<()> {
    let mut file = StagedFile::begin(target)?;
    file.write(0, bytes)?;
    file.publish(mode)
}

/// A file that is written in parts. Those that are given later come behind those given earlier, whichever is done first.
#[derive(Debug)]
pub(super) struct StagedUpload {
    path: Path,
    file: Arc<Mutex<Option<StagedFile>>>,
    next_offset: u64,
}

impl StagedUpload {
    pub(super) fn new(path: Path, file: StagedFile) -> Self {
        Self {
            path,
            file: Arc::new(Mutex::new(Some(file))),
            next_offset: 0,
        }
    }

    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Option<StagedFile>) -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let (file, path) = (Arc::clone(&self.file), self.path.clone());
        async move {
            let work = move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner));
            tokio::task::spawn_blocking(work)
                .await?
                .map_err(|cause| failed(&path, cause))
        }
    }
}

#[async_trait]
impl MultipartUpload for StagedUpload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        let offset = self.next_offset;
        self.next_offset += part.content_length() as u64;
        let written = self.blocking(move |file| match file {
            Some(file) => file.write(offset, &part),
            None => Err(ended()),
        });
        Box::pin(written)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let publish = |file: &mut Option<StagedFile>| match file.take() {
            Some(mut file) => file.publish(&PutMode::Overwrite),
            None => Err(ended()),
        };
        self.blocking(publish).await?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn abort(&mut self) -> Result<()> {
        self.blocking(|file| {
            drop(file.take());
            Ok(())
        })
        .await
    }
}

/// The failure of the operating system as one of a store.
pub(super) fn failed(path: &Path, cause: io::Error) -> Error {
    if cause.kind() == ErrorKind::AlreadyExists {
        return Error::AlreadyExists {
            path: path.to_string(),
            source: cause.into(),
        };
    }
    Error::Generic {
        store: FILE,
        source: cause.into(),
    }
}

fn ended() -> io::Error {
    io::Error::other("the upload has ended")
}

fn hidden(target: &FilePath, number: u32) -> io::Result<PathBuf> {
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path has no name for a file"))?;
    Ok(parent(target)?.join(format!(".{name}.{number}.{PARTIAL}")))
}

fn parent(path: &FilePath) -> io::Result<&FilePath> {
    path.parent()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path has no directory"))
}

/// Makes a directory with those above it, each of which survives a loss of power.
fn make_directory(directory: &FilePath) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let above = parent(directory)?;
    make_directory(above)?;
    match fs::create_dir(directory) {
        Err(failure) if failure.kind() != ErrorKind::AlreadyExists || !directory.is_dir() => Err(failure),
        _ => sync_directory(above),
    }
}

fn sync_directory(directory: &FilePath) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &FilePath) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_a_hidden_name_until_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a/b/x.parquet");
        let mut file = StagedFile::begin(target.clone()).unwrap();
        file.write(0, &"abc".into()).unwrap();
        let beside = StagedFile::begin(target.clone()).unwrap();
        let place = directory.path().join("a/b");
        assert_eq!(names(&place), [".x.parquet.1.partial", ".x.parquet.2.partial"]);
        file.publish(&PutMode::Overwrite).unwrap();
        drop((file, beside));
        assert_eq!(names(&place), ["x.parquet"]);
        assert_eq!(fs::read(target).unwrap(), b"abc");
    }

    #[test]
    fn what_is_there_is_replaced_or_refused_as_was_asked() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("x");
        put(target.clone(), &"first".into(), &PutMode::Create).unwrap();
        let refused = put(target.clone(), &"second".into(), &PutMode::Create).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&target).unwrap(), b"first");
        put(target.clone(), &"third".into(), &PutMode::Overwrite).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"third");
        assert_eq!(names(directory.path()), ["x"]);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        drop(StagedFile::begin(directory.path().join("x")).unwrap());
        assert!(names(directory.path()).is_empty());
    }
}
