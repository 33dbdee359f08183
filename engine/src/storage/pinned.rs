//! The store of one query and bucket: opened at the first request, and every object read in one version.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    RenameOptions, Result, UploadPart, coalesce_ranges,
};
use tokio::sync::OnceCell;

use super::access::Access;
use super::failure::find_change;
use super::location::Location;
use super::pins::Pins;
use super::process::Shared;
use super::refusal::{Changed, Located, WrongAnswer};
use super::service::QueryService;

/// The name under which our own failures travel in `object_store`'s errors.
const STORE: &str = "owlet";

/// How long a broken read may take to find out whether the object has changed.
const CHANGE_CHECK: Duration = Duration::from_secs(5);

/// The objects that changed while a query read them.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<Option<String>>);

impl Changes {
    /// The first one that was met.
    pub(super) fn first(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn met(&self, location: &str) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| location.to_owned());
    }
}

/// A store that opens itself, and that fails with [`Changed`] rather than give a second version of an object.
///
/// `object_store` asks no store for one version: Parquet's reader passes a path and nothing else. So the version that a
/// listing, a HEAD or the first GET shows is kept, later requests carry it as `If-Match`, and each answer is compared with
/// it, since not every store heeds the condition.
#[derive(Clone)]
pub(super) struct PinnedStore(Arc<Opened>);

struct Opened {
    shared: Arc<Shared>,
    service: QueryService,
    changes: Arc<Changes>,
    location: Location,
    store: OnceCell<Arc<dyn ObjectStore>>,
    pins: Pins,
}

impl PinnedStore {
    pub(super) fn new(
        shared: &Arc<Shared>,
        service: &QueryService,
        changes: &Arc<Changes>,
        location: &Location,
    ) -> Self {
        Self(Arc::new(Opened {
            shared: Arc::clone(shared),
            service: service.clone(),
            changes: Arc::clone(changes),
            location: location.clone(),
            store: OnceCell::new(),
            pins: Pins::default(),
        }))
    }

    async fn store(&self) -> Result<&Arc<dyn ObjectStore>> {
        let open = || async {
            let kept = self
                .0
                .shared
                .kept(&self.0.location)
                .await
                .map_err(|cause| Error::Generic {
                    store: STORE,
                    source: Box::new(cause),
                })?;
            kept(&self.0.service, &self.0.location)
        };
        self.0.store.get_or_try_init(open).await
    }

    /// The store, if the query may touch `path` in it. What was checked when the store was opened is one location; those
    /// who hold the store can name any other.
    async fn store_for(&self, path: &Path) -> Result<&Arc<dyn ObjectStore>> {
        self.permit(path)?;
        self.store().await
    }

    fn permit(&self, path: &Path) -> Result<()> {
        if self.0.service.access == Access::Local {
            return Ok(());
        }
        let permitted = self.0.service.check(&self.0.location.object(path));
        permitted.map_err(|refused| Error::Generic {
            store: STORE,
            source: Box::new(refused),
        })
    }

    async fn get_pinned(&self, path: &Path, mut options: GetOptions) -> Result<GetResult> {
        let pin = self.0.pins.get(path);
        if let Some(pin) = pin.as_ref().filter(|_| options.if_match.is_none()) {
            pin.demand(&mut options);
        }
        let answer = match self.store_for(path).await?.get_opts(path, options).await {
            Ok(answer) => answer,
            Err(Error::NotFound { .. } | Error::Precondition { .. }) if pin.is_some() => return Err(self.changed(path)),
            Err(failure) => return Err(self.located(path, failure)),
        };
        if self.0.pins.admits(&answer.meta) {
            Ok(answer)
        } else {
            Err(self.changed(path))
        }
    }

    /// The error of an object that is not what it was.
    fn changed(&self, path: &Path) -> Error {
        let location = self.0.location.object(path).to_string();
        self.0.changes.met(&location);
        Error::Precondition {
            path: location.clone(),
            source: Box::new(Changed { location }),
        }
    }

    /// The same failure, with the object's whole name.
    fn located(&self, path: &Path, failure: Error) -> Error {
        if find_change(&failure) {
            return self.changed(path);
        }
        let location = self.0.location.object(path).to_string();
        match failure {
            Error::NotFound { source, .. } => Error::NotFound { path: location, source },
            Error::AlreadyExists { source, .. } => Error::AlreadyExists { path: location, source },
            Error::Precondition { source, .. } => Error::Precondition { path: location, source },
            Error::PermissionDenied { source, .. } => Error::PermissionDenied { path: location, source },
            Error::Unauthenticated { source, .. } => Error::Unauthenticated { path: location, source },
            other => Error::Generic {
                store: STORE,
                source: Box::new(Located { location, cause: other }),
            },
        }
    }

    /// A failure in the middle of an object's bytes. If the object has changed meanwhile, that is the failure.
    async fn broken(&self, path: &Path, failure: Error) -> Error {
        let gone = chain_has_condition(&failure);
        let head = self.get_pinned(path, GetOptions::new().with_head(true));
        match tokio::time::timeout(CHANGE_CHECK, head).await {
            Ok(Err(changed)) if find_change(&changed) => changed,
            _ if gone => self.changed(path),
            _ => self.located(path, failure),
        }
    }

    /// The bytes of an answer, exactly as many as its range has.
    fn exact(
        &self,
        path: &Path,
        range: &Range<u64>,
        bytes: BoxStream<'static, Result<Bytes>>,
    ) -> BoxStream<'static, Result<Bytes>> {
        let missing = range.end.saturating_sub(range.start);
        stream::try_unfold(
            (bytes, self.clone(), path.clone(), missing),
            |(mut bytes, store, path, missing)| async move {
                let chunk = match bytes.next().await {
                    Some(Ok(chunk)) => chunk,
                    Some(Err(failure)) => return Err(store.broken(&path, failure).await),
                    None if missing == 0 => return Ok(None),
                    None => return Err(store.wrong(&path, format!("{missing} bytes are missing at the end"))),
                };
                match missing.checked_sub(chunk.len() as u64) {
                    Some(missing) => Ok(Some((chunk, (bytes, store, path, missing)))),
                    None => Err(store.wrong(&path, "more bytes came than were asked for".to_owned())),
                }
            },
        )
        .boxed()
    }

    fn wrong(&self, path: &Path, message: String) -> Error {
        let source = Box::new(WrongAnswer(message));
        self.located(path, Error::Generic { store: STORE, source })
    }

    async fn range(&self, path: &Path, range: Range<u64>) -> Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let options = GetOptions::new().with_range(Some(GetRange::Bounded(range.clone())));
        let answer = self.get_opts(path, options).await?;
        // A range that runs past the end is cut by stores, and the caller cuts its pieces at their old places.
        if answer.range != range {
            let message = format!(
                "bytes {} to {} of {} were asked for",
                range.start, range.end, answer.meta.size
            );
            return Err(self.wrong(path, message));
        }
        answer.bytes().await
    }

    /// A listing, whose objects become the versions that the query reads, unless it has read others before. Then what it shows is
    /// not what can be read: it is passed on without the tags that would make somebody take it for known.
    fn pinning(
        &self,
        listing: BoxStream<'static, Result<ObjectMeta>>,
        prefix: Option<&Path>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned().unwrap_or_default());
        let pin = move |object: Result<ObjectMeta>| match object {
            Ok(object) => Ok(store.0.pins.listed(object)),
            Err(failure) => Err(store.located(&prefix, failure)),
        };
        listing.map(pin).boxed()
    }
}

impl fmt::Display for PinnedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.location.store_name())
    }
}

impl fmt::Debug for PinnedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PinnedStore({self})")
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for PinnedStore {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let answer = self.get_pinned(path, options).await?;
        let payload = match answer.payload {
            GetResultPayload::Stream(bytes) => GetResultPayload::Stream(self.exact(path, &answer.range, bytes)),
            file @ GetResultPayload::File(..) => file,
        };
        Ok(GetResult { payload, ..answer })
    }

    /// As `object_store` does it, neighbouring ranges in one request; but every request carries the pin.
    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        coalesce_ranges(ranges, |range| self.range(path, range), OBJECT_STORE_COALESCE_DEFAULT).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, wanted) = (self.clone(), prefix.cloned().unwrap_or_default());
        let listing = later(async move { Ok(store.store_for(&wanted).await?.list(Some(&wanted))) });
        self.pinning(listing, prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, wanted, offset) = (self.clone(), prefix.cloned().unwrap_or_default(), offset.clone());
        let listing =
            later(async move { Ok(store.store_for(&wanted).await?.list_with_offset(Some(&wanted), &offset)) });
        self.pinning(listing, prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned().unwrap_or_default();
        let listing = self.store_for(&prefix).await?.list_with_delimiter(Some(&prefix)).await;
        let mut listing = listing.map_err(|failure| self.located(&prefix, failure))?;
        let objects = listing.objects.into_iter();
        listing.objects = objects.map(|object| self.0.pins.listed(object)).collect();
        Ok(listing)
    }

    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let written = self.store_for(path).await?.put_opts(path, payload, options).await;
        self.0.pins.forget(path);
        written.map_err(|failure| self.located(path, failure))
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.store_for(path).await?.put_multipart_opts(path, options).await;
        let upload = upload.map_err(|failure| self.located(path, failure))?;
        Ok(Box::new(UnpinningUpload {
            upload,
            store: self.clone(),
            path: path.clone(),
        }))
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (store, this, named) = (self.clone(), self.clone(), self.clone());
        let permitted = paths.map(move |path| {
            let path = path?;
            this.permit(&path)?;
            this.0.pins.forget(&path);
            Ok(path)
        });
        later(async move { Ok(store.store().await?.delete_stream(permitted.boxed())) })
            .map_err(move |failure| named.located(&Path::default(), failure))
            .boxed()
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.permit(from)?;
        let copied = self.store_for(to).await?.copy_opts(from, to, options).await;
        self.0.pins.forget(to);
        copied.map_err(|failure| self.located(to, failure))
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.permit(from)?;
        let renamed = self.store_for(to).await?.rename_opts(from, to, options).await;
        self.0.pins.forget(from);
        self.0.pins.forget(to);
        renamed.map_err(|failure| self.located(to, failure))
    }
}

/// An upload whose object the query may read afterwards.
#[derive(Debug)]
struct UnpinningUpload {
    upload: Box<dyn MultipartUpload>,
    store: PinnedStore,
    path: Path,
}

#[async_trait]
impl MultipartUpload for UnpinningUpload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        let (store, path, sent) = (self.store.clone(), self.path.clone(), self.upload.put_part(part));
        Box::pin(async move { sent.await.map_err(|failure| store.located(&path, failure)) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let written = self.upload.complete().await;
        self.store.0.pins.forget(&self.path);
        written.map_err(|failure| self.store.located(&self.path, failure))
    }

    async fn abort(&mut self) -> Result<()> {
        let given_up = self.upload.abort().await;
        given_up.map_err(|failure| self.store.located(&self.path, failure))
    }
}

/// Whether a read that went on in the middle of an object was refused because the object is gone or another.
fn chain_has_condition(failure: &Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(failure);
    while let Some(error) = cause {
        // downcast: object_store wraps the refusal of a resumed read in an error without a name for it.
        if let Some(Error::Precondition { .. } | Error::NotFound { .. }) = error.downcast_ref::<Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The stream that a future will open.
fn later<T: 'static>(
    open: impl Future<Output = Result<BoxStream<'static, Result<T>>>> + Send + 'static,
) -> BoxStream<'static, Result<T>> {
    stream::once(open).try_flatten().boxed()
}
