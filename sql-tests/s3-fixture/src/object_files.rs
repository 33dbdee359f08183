//! The objects of the fixture as files: which version of a key is current, how a new one takes its place, what a
//! listing shows.
//!
//! An object is the file `<root>/<bucket>/<key>`, so that a test may put files there with its own means. A new version
//! is written elsewhere and moved in place whole; whoever has the old one open goes on reading the old one. Every
//! change of the namespace, each with its precondition, and every listing happens under one lock: two conditional
//! writes cannot both win, and a listing shows one moment.
//!
//! What a file system cannot hold is refused in words: a key that is also the prefix of another ("a" beside "a/b"),
//! and keys with an empty, `.` or `..` segment.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use s3s::crypto::{Checksum, Md5};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use crate::conditions::WriteCondition;
use crate::listing::{self, Listed, Page, PageRequest};

/// The directory, beside the buckets, in which new versions grow. It is no valid bucket name: no request reaches it.
pub(crate) const STAGING: &str = ".staging";

/// The file that stands for the object whose key ends with `/` (the "directory" that consoles and Hive create).
const DIRECTORY_MARKER: &str = ".directory-object";

/// Within this time of its last change a file may change again without its time stamp showing it (the clock of a file
/// system ticks every few milliseconds), so that a digest taken so soon is not kept.
const CLOCK_TICK_LIMIT: Duration = Duration::from_millis(100);

/// What a client said of an object beside its bytes.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub content_disposition: Option<String>,
    pub content_language: Option<String>,
    pub cache_control: Option<String>,
    pub metadata: Option<s3s::dto::Metadata>,
}

/// One version of an object's contents: its ETag (without quotes) and attributes.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub etag: String,
    pub attributes: Arc<Attributes>,
}

/// An object opened for reading: bytes and ETag belong together, whatever happens to the key meanwhile.
#[derive(Debug)]
pub(crate) struct OpenObject {
    pub file: File,
    pub size: u64,
    pub modified: SystemTime,
    pub version: Version,
}

/// A file that cannot be confused with another one while either is open or named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct FileIdentity {
    device: u64,
    inode: u64,
    size: u64,
    modified_seconds: i64,
    modified_nanoseconds: i64,
}

impl FileIdentity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified_seconds: metadata.mtime(),
            modified_nanoseconds: metadata.mtime_nsec(),
        }
    }
}

/// The files under one root directory, as buckets of objects.
#[derive(Debug)]
pub(crate) struct ObjectFiles {
    root: PathBuf,
    namespace: Mutex<()>,
    versions: Mutex<HashMap<FileIdentity, Version>>,
    staged_count: AtomicU64,
}

impl ObjectFiles {
    /// The buckets under `root`, which exists; makes the directory for new versions.
    pub fn new(root: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(root.join(STAGING))?;
        let files = Self {
            root,
            namespace: Mutex::default(),
            versions: Mutex::default(),
            staged_count: AtomicU64::new(0),
        };
        Ok(files)
    }

    /// The directory of a bucket, whether it exists or not.
    pub fn bucket_path(&self, bucket: &str) -> PathBuf {
        self.root.join(bucket)
    }

    /// `NoSuchBucket` unless the bucket exists.
    pub fn check_bucket(&self, bucket: &str) -> S3Result<()> {
        if self.bucket_path(bucket).is_dir() {
            Ok(())
        } else {
            Err(s3_error!(NoSuchBucket))
        }
    }

    /// A key in the staging directory that nobody else has.
    pub fn staging_key(&self) -> String {
        format!("{}", self.staged_count.fetch_add(1, Ordering::Relaxed))
    }

    /// The file of a staged key.
    pub fn staged_path(&self, staged: &str) -> PathBuf {
        self.root.join(STAGING).join(staged)
    }

    /// Opens the current version of an object. `NoSuchBucket`, `NoSuchKey`.
    pub fn open(&self, bucket: &str, key: &str) -> S3Result<OpenObject> {
        let path = self.object_path(bucket, key)?;
        let opened = self.open_file(&path).map_err(S3Error::internal_error)?;
        opened.ok_or_else(|| s3_error!(NoSuchKey, "there is no object \"{key}\" in \"{bucket}\""))
    }

    /// Moves a staged file in place as the current version of a key, if `condition` holds at that moment.
    /// The staged file is gone afterwards, whatever happened.
    pub fn publish(
        &self,
        target: (&str, &str),
        staged: &Path,
        version: Version,
        condition: &WriteCondition,
    ) -> S3Result<()> {
        let published = self.publish_staged(target, staged, version, condition);
        if published.is_err() {
            // It may never have come to be; then there is nothing to remove.
            drop(fs::remove_file(staged));
        }
        published
    }

    fn publish_staged(
        &self,
        (bucket, key): (&str, &str),
        staged: &Path,
        version: Version,
        condition: &WriteCondition,
    ) -> S3Result<()> {
        let path = self.object_path(bucket, key)?;
        let identity = FileIdentity::of(&fs::metadata(staged).map_err(S3Error::internal_error)?);
        let _namespace = self.lock_namespace();
        self.check_condition(&path, condition)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| unstorable(key, &error))?;
        }
        // Known before it can be seen: no reader ever computes another ETag for this file.
        self.lock_versions().insert(identity, version);
        fs::rename(staged, &path).map_err(|error| unstorable(key, &error))
    }

    /// Whether `condition` holds now. Only `publish` decides; this answers a client early, before work is done.
    pub fn check(&self, bucket: &str, key: &str, condition: &WriteCondition) -> S3Result<()> {
        let path = self.object_path(bucket, key)?;
        let _namespace = self.lock_namespace();
        self.check_condition(&path, condition)
    }

    /// Writes an object at once, in place of whatever was there.
    pub fn put(&self, bucket: &str, key: &str, bytes: &[u8]) -> S3Result<String> {
        let staged = self.staged_path(&self.staging_key());
        fs::write(&staged, bytes).map_err(S3Error::internal_error)?;
        let mut digest = Md5::new();
        digest.update(bytes);
        let version = Version {
            etag: hexadecimal(&digest.finalize()),
            attributes: Arc::default(),
        };
        let etag = version.etag.clone();
        self.publish((bucket, key), &staged, version, &WriteCondition::default())?;
        Ok(etag)
    }

    /// Removes an object and the directories that it leaves empty; an object that is not there is no error.
    pub fn remove(&self, bucket: &str, key: &str, condition: &WriteCondition) -> S3Result<()> {
        let path = self.object_path(bucket, key)?;
        let _namespace = self.lock_namespace();
        let Ok(metadata) = fs::metadata(&path) else {
            return Ok(());
        };
        if metadata.is_dir() {
            return Ok(());
        }
        self.check_condition(&path, condition)?;
        fs::remove_file(&path).map_err(S3Error::internal_error)?;
        self.lock_versions().remove(&FileIdentity::of(&metadata));
        // A prefix is not a thing in S3: a directory that holds nothing must not keep an object from taking its name.
        let bucket_path = self.bucket_path(bucket);
        for directory in path
            .ancestors()
            .skip(1)
            .take_while(|directory| *directory != bucket_path)
        {
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// One page of a listing, with the ETags.
    pub fn list(&self, bucket: &str, request: &PageRequest<'_>) -> S3Result<Page> {
        self.check_bucket(bucket)?;
        let _namespace = self.lock_namespace();
        let keys = self.keys_under(bucket, request.prefix);
        let (entries, next) = listing::page(keys, request);
        let mut page = Page {
            objects: Vec::new(),
            prefixes: Vec::new(),
            next,
        };
        for entry in entries {
            match entry {
                listing::Entry::Prefix(prefix) => page.prefixes.push(prefix),
                listing::Entry::Key(key) => page.objects.extend(self.listed(bucket, key)?),
            }
        }
        Ok(page)
    }

    fn listed(&self, bucket: &str, key: String) -> S3Result<Option<Listed>> {
        let path = self.object_path(bucket, &key)?;
        let opened = self.open_file(&path).map_err(S3Error::internal_error)?;
        // A file that a test removed by its own means, without the lock.
        let Some(OpenObject {
            size,
            modified,
            version,
            ..
        }) = opened
        else {
            return Ok(None);
        };
        Ok(Some(Listed {
            key,
            size,
            modified,
            etag: version.etag,
        }))
    }

    /// Every key of a bucket that begins with `prefix`, in order.
    fn keys_under(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let start = prefix.rfind('/').map_or("", |slash| &prefix[..=slash]);
        let mut directories = vec![(self.bucket_path(bucket).join(start), start.to_owned())];
        let mut keys = Vec::new();
        while let Some((directory, directory_key)) = directories.pop() {
            // A directory that is not there, or no longer, holds no objects.
            let Ok(entries) = fs::read_dir(&directory) else {
                continue;
            };
            for entry in entries.flatten() {
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                let Ok(metadata) = fs::metadata(entry.path()) else {
                    continue;
                };
                if metadata.is_dir() {
                    directories.push((entry.path(), format!("{directory_key}{name}/")));
                    continue;
                }
                let key = if name == DIRECTORY_MARKER {
                    directory_key.clone()
                } else {
                    format!("{directory_key}{name}")
                };
                if key.starts_with(prefix) {
                    keys.push(key);
                }
            }
        }
        keys.sort_unstable();
        keys
    }

    fn check_condition(&self, path: &Path, condition: &WriteCondition) -> S3Result<()> {
        if condition.is_none() {
            return Ok(());
        }
        let current = self.open_file(path).map_err(S3Error::internal_error)?;
        condition.check(current.as_ref().map(|object| object.version.etag.as_str()))
    }

    fn open_file(&self, path: &Path) -> io::Result<Option<OpenObject>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Ok(None);
        }
        let version = self.version(&file, &metadata)?;
        Ok(Some(OpenObject {
            size: metadata.len(),
            modified: metadata.modified()?,
            version,
            file,
        }))
    }

    /// The version that an open file holds: as it was published, or its digest if a test put it there.
    fn version(&self, file: &File, metadata: &Metadata) -> io::Result<Version> {
        let identity = FileIdentity::of(metadata);
        if let Some(version) = self.lock_versions().get(&identity) {
            return Ok(version.clone());
        }
        let version = Version {
            etag: digest(file)?,
            attributes: Arc::default(),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "compared with time stamps of the same system clock"
        )]
        let age = SystemTime::now().duration_since(metadata.modified()?);
        if age.is_ok_and(|age| age > CLOCK_TICK_LIMIT) {
            self.lock_versions().insert(identity, version.clone());
        }
        Ok(version)
    }

    fn object_path(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        self.check_bucket(bucket)?;
        let (segments, last) = match key.strip_suffix('/') {
            Some(directory) => (directory, DIRECTORY_MARKER),
            None => (key, ""),
        };
        if segments
            .split('/')
            .any(|segment| matches!(segment, "" | "." | "..") || segment.contains('\0'))
        {
            return Err(s3_error!(
                InvalidArgument,
                "this server keeps objects in files and has no place for the key \"{key}\""
            ));
        }
        let path = self.bucket_path(bucket).join(segments);
        Ok(if last.is_empty() { path } else { path.join(last) })
    }

    fn lock_namespace(&self) -> MutexGuard<'_, ()> {
        // What it guards lies on disk: a test that panicked while holding it left nothing half done.
        self.namespace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_versions(&self) -> MutexGuard<'_, HashMap<FileIdentity, Version>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unstorable(key: &str, error: &io::Error) -> S3Error {
    let mut answer = S3Error::with_message(
        S3ErrorCode::InvalidArgument,
        format!("this server keeps objects in files and cannot keep \"{key}\" beside the others: {error}"),
    );
    answer.set_status_code(http::StatusCode::CONFLICT);
    answer
}

fn digest(mut file: &File) -> io::Result<String> {
    use std::io::Seek;
    let mut digest = Md5::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        digest.update(&buffer[..count]);
    }
    file.rewind()?;
    Ok(hexadecimal(&digest.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use std::sync::Barrier;
    use std::thread;

    #[test]
    fn of_writes_at_the_same_moment_that_demand_that_there_is_nothing_one_wins() {
        let directory = tempfile::TempDir::new().unwrap();
        let files = ObjectFiles::new(directory.path().to_owned()).unwrap();
        fs::create_dir(files.bucket_path("lake")).unwrap();
        let headers = HeaderMap::from_iter([(http::header::IF_NONE_MATCH, "*".parse().unwrap())]);
        let create = WriteCondition::of(&headers).unwrap();
        let write = |key: &str, start: &Barrier| {
            let staged = files.staged_path(&files.staging_key());
            fs::write(&staged, "x").unwrap();
            let version = Version {
                etag: "0".to_owned(),
                attributes: Arc::default(),
            };
            start.wait();
            files.publish(("lake", key), &staged, version, &create).is_ok()
        };
        for round in 0..500 {
            let (key, start) = (format!("o{round}"), Barrier::new(4));
            let won = thread::scope(|scope| {
                let writers: Vec<_> = (0..4).map(|_| scope.spawn(|| write(&key, &start))).collect();
                writers
                    .into_iter()
                    .map(|writer| u32::from(writer.join().unwrap()))
                    .sum::<u32>()
            });
            assert_eq!(won, 1, "round {round}");
        }
        assert_eq!(
            fs::read_dir(directory.path().join(STAGING)).unwrap().count(),
            0,
            "a loser's file stays behind"
        );
    }
}
