//! The store of one query and bucket.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use tokio::sync::OnceCell;

use super::location::Location;
use super::process::Shared;
use super::service::QueryService;

#[derive(Clone)]
pub(super) struct PinnedStore(Arc<Opened>);

struct Opened {
    shared: Arc<Shared>,
    service: QueryService,
    location: Location,
    store: OnceCell<Arc<dyn ObjectStore>>,
}

impl PinnedStore {
    pub(super) fn new(shared: Arc<Shared>, service: QueryService, location: Location) -> Self {
        Self(Arc::new(Opened {
            shared,
            service,
            location,
            store: OnceCell::new(),
        }))
    }

    async fn inner(&self) -> Result<&Arc<dyn ObjectStore>> {
        let open = || async {
            let kept = self
                .0
                .shared
                .kept(&self.0.location)
                .await
                .map_err(|cause| object_store::Error::Generic {
                    store: "owlet",
                    source: Box::new(cause),
                })?;
            kept(&self.0.service, &self.0.location)
        };
        self.0.store.get_or_try_init(open).await
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
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner().await?.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner().await?.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner().await?.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner().await?.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        later(async move { Ok(this.inner().await?.delete_stream(locations)) })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (this, prefix) = (self.clone(), prefix.cloned());
        later(async move { Ok(this.inner().await?.list(prefix.as_ref())) })
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let (this, prefix, offset) = (self.clone(), prefix.cloned(), offset.clone());
        later(async move { Ok(this.inner().await?.list_with_offset(prefix.as_ref(), &offset)) })
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner().await?.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner().await?.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner().await?.rename_opts(from, to, options).await
    }
}

/// The stream that a future will open.
fn later<T: 'static>(
    open: impl Future<Output = Result<BoxStream<'static, Result<T>>>> + Send + 'static,
) -> BoxStream<'static, Result<T>> {
    stream::once(open).try_flatten().boxed()
}
