//! `file://` and plain paths, for the local shell.
//!
//! There is no server to count requests, so a wrapper does: each read of a range is a GET, each question for size and
//! version a HEAD, each walk through a directory one LIST; each file or part that is written a PUT, the beginning and the end
//! of a file in parts a POST each.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

use super::staged_file::{self, StagedFile, StagedUpload};
use super::{FILE, Kept, Scheme, each_range};
use crate::storage::location::Location;
use crate::storage::network::Network;
use crate::storage::refusal::{Changed, WrongAnswer};
use crate::storage::usage::{Meter, RequestKind};

pub(super) const SCHEME: Scheme = Scheme {
    name: FILE,
    aliases: &[],
    description: "files of this machine, for the local shell",
    bucket: |authority| authority.is_empty().then(String::new),
    open,
};

/// Larger ranges are read piece by piece. A range that a reader of columns asks for is mostly one piece, which is not
/// copied again.
const PIECE_BYTES: u64 = 16 * 1024 * 1024;

fn open<'a>(_: &'a Arc<Network>, _: &'a Location) -> BoxFuture<'a, crate::error::Result<Kept>> {
    let files = Arc::new(LocalFileSystem::new());
    let kept: Kept = Arc::new(move |service, _| {
        let (files, meter) = (Arc::clone(&files), Arc::clone(&service.meter));
        Ok(Arc::new(MeteredFiles { files, meter }) as Arc<dyn ObjectStore>)
    });
    async move { Ok(kept) }.boxed()
}

/// The local file system, counted, with the whole of a read from one state of the file.
#[derive(Debug)]
struct MeteredFiles {
    files: Arc<LocalFileSystem>,
    meter: Arc<Meter>,
}

impl fmt::Display for MeteredFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("file://")
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for MeteredFiles {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        self.meter
            .count(if head { RequestKind::Head } else { RequestKind::Get });
        let mut answer = self.files.get_opts(path, options).await?;
        if head {
            answer.meta = self.with_change(answer.meta).await?;
        }
        let payload = match answer.payload {
            GetResultPayload::File(file, _) if !head => {
                let reading = Reading {
                    file,
                    state: answer.meta.clone(),
                };
                GetResultPayload::Stream(reading.bytes(answer.range.clone(), Arc::clone(&self.meter)))
            }
            other => other,
        };
        Ok(GetResult { payload, ..answer })
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        each_range(self, path, ranges).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.meter.count(RequestKind::List);
        self.with_changes(self.files.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.meter.count(RequestKind::List);
        self.with_changes(self.files.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.meter.count(RequestKind::List);
        let mut listing = self.files.list_with_delimiter(prefix).await?;
        let files = Arc::clone(&self.files);
        listing.objects = tokio::task::spawn_blocking(move || {
            let objects = listing.objects.into_iter();
            objects.map(|object| changed(&files, object)).collect()
        })
        .await?;
        Ok(listing)
    }

    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.meter.count(RequestKind::Put);
        self.meter.wrote(payload.content_length() as u64);
        // What only object_store refuses, it refuses itself: conditions on versions, and attributes.
        if matches!(options.mode, PutMode::Update(_)) || !options.attributes.is_empty() {
            return self.files.put_opts(path, payload, options).await;
        }
        let target = self.target(path)?;
        let put = move || staged_file::put(target, &payload, &options.mode);
        let written = tokio::task::spawn_blocking(put).await?;
        written.map_err(|cause| staged_file::failed(path, cause))?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.meter.count(RequestKind::Post);
        if !options.attributes.is_empty() {
            return self.files.put_multipart_opts(path, options).await;
        }
        let target = self.target(path)?;
        let begun = tokio::task::spawn_blocking(move || StagedFile::begin(target)).await?;
        let file = begun.map_err(|cause| staged_file::failed(path, cause))?;
        let upload = Box::new(StagedUpload::new(path.clone(), file));
        let meter = Arc::clone(&self.meter);
        Ok(Box::new(MeteredUpload { upload, meter }))
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let meter = Arc::clone(&self.meter);
        self.files
            .delete_stream(paths.inspect_ok(move |_| meter.count(RequestKind::Delete)).boxed())
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.meter.count(RequestKind::Put);
        self.files.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.meter.count(RequestKind::Put);
        self.files.rename_opts(from, to, options).await
    }
}

/// How many files of a listing are looked at in one go.
const FILES_LOOKED_AT: usize = 1024;

/// `object` with the time of the file's last change as its version, in nanoseconds since the Unix epoch: unlike the time of its last
/// modification, nobody can set it. None where the system has no such time, or the file has gone.
fn changed(files: &LocalFileSystem, mut object: ObjectMeta) -> ObjectMeta {
    let path = files.path_to_filesystem(&object.location).ok();
    let metadata = path.and_then(|path| std::fs::metadata(path).ok());
    object.version = metadata
        .as_ref()
        .and_then(change_nanoseconds)
        .map(|time| time.to_string());
    object
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no such time")]
fn change_nanoseconds(metadata: &std::fs::Metadata) -> Option<i128> {
    use std::os::unix::fs::MetadataExt;
    Some(i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec()))
}

#[cfg(not(unix))]
fn change_nanoseconds(_: &std::fs::Metadata) -> Option<i128> {
    None
}

impl MeteredFiles {
    async fn with_change(&self, object: ObjectMeta) -> Result<ObjectMeta> {
        let files = Arc::clone(&self.files);
        Ok(tokio::task::spawn_blocking(move || changed(&files, object)).await?)
    }

    /// The objects of `listing`, each with the time of its last change.
    fn with_changes(&self, listing: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
        let files = Arc::clone(&self.files);
        let look_at = move |objects: Vec<Result<ObjectMeta>>| {
            let files = Arc::clone(&files);
            let looking = move || -> Vec<_> {
                let objects = objects.into_iter();
                objects
                    .map(|object| object.map(|object| changed(&files, object)))
                    .collect()
            };
            async move { Ok::<_, Error>(stream::iter(tokio::task::spawn_blocking(looking).await?)) }
        };
        listing
            .ready_chunks(FILES_LOOKED_AT)
            .then(look_at)
            .try_flatten()
            .boxed()
    }

    /// The file that `path` stands for. A name such as `a#1` is refused, which `object_store` would not list.
    fn target(&self, path: &Path) -> Result<PathBuf> {
        self.files.path_to_filesystem(path)
    }
}

/// An upload whose parts are counted as a bucket's are.
#[derive(Debug)]
struct MeteredUpload {
    upload: Box<dyn MultipartUpload>,
    meter: Arc<Meter>,
}

#[async_trait]
impl MultipartUpload for MeteredUpload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        self.meter.count(RequestKind::Put);
        self.meter.wrote(part.content_length() as u64);
        self.upload.put_part(part)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.meter.count(RequestKind::Post);
        self.upload.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.meter.count(RequestKind::Delete);
        self.upload.abort().await
    }
}

/// An open file, and what it looked like when it was opened.
struct Reading {
    file: File,
    state: ObjectMeta,
}

impl Reading {
    /// The bytes of `range` in pieces. After the last one the file must look as it did when it was opened: another process
    /// may write into it while we read.
    fn bytes(self, range: Range<u64>, meter: Arc<Meter>) -> BoxStream<'static, Result<Bytes>> {
        stream::try_unfold((self, range, meter), |(reading, range, meter)| async move {
            if range.is_empty() {
                return Ok(None);
            }
            let end = range.end.min(range.start + PIECE_BYTES);
            let (reading, piece) = tokio::task::spawn_blocking(move || {
                let piece = reading.piece(range.start..end);
                (reading, piece)
            })
            .await?;
            let piece = piece?;
            meter.read(piece.len() as u64);
            Ok(Some((piece, (reading, end..range.end, meter))))
        })
        .boxed()
    }

    fn piece(&self, range: Range<u64>) -> Result<Bytes> {
        let length = range.end - range.start;
        let mut piece = Vec::with_capacity(usize::try_from(length).map_err(|cause| generic(cause.into()))?);
        let mut file = &self.file;
        let read = file
            .seek(SeekFrom::Start(range.start))
            .and_then(|_| file.take(length).read_to_end(&mut piece))
            .map_err(|cause| generic(cause.into()))?;
        if self.has_changed()? {
            return Err(generic(Changed::default().into()));
        }
        if read as u64 != length {
            return Err(generic(
                WrongAnswer(format!("{} bytes are missing at the end", length - read as u64)).into(),
            ));
        }
        Ok(piece.into())
    }

    fn has_changed(&self) -> Result<bool> {
        let now = self.file.metadata().map_err(|cause| generic(cause.into()))?;
        let modified = now.modified().map_err(|cause| generic(cause.into()))?;
        Ok(now.len() != self.state.size || chrono::DateTime::<chrono::Utc>::from(modified) != self.state.last_modified)
    }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: FILE, source }
}
