//! `http://` and `https://`: files of a web server, and listings where it speaks WebDAV.

use std::fmt;
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt};
use http::{Method, StatusCode, Uri};
use object_store::client::{HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService};
use object_store::http::{HttpBuilder, HttpStore};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result as StoreResult,
};
use url::Url;

use super::{Kept, Scheme};
use crate::error::{Error, ErrorCode, Result};
use crate::storage::location::Location;
use crate::storage::network::Network;
use crate::storage::refusal::Refusal;
use crate::storage::service::{Connector, QueryService};

pub(in crate::storage) const HTTPS: Scheme = Scheme {
    name: "https",
    aliases: &[],
    description: "files of a web server",
    bucket: host,
    open,
};

pub(in crate::storage) const HTTP: Scheme = Scheme {
    name: "http",
    aliases: &[],
    description: "files of a web server, unencrypted",
    bucket: host,
    open,
};

/// How often a request follows a redirect.
const MOST_REDIRECTS: usize = 5;

fn host(authority: &str) -> Option<String> {
    (!authority.is_empty()).then(|| authority.to_ascii_lowercase())
}

fn open<'a>(network: &'a Arc<Network>, _: &'a Location) -> BoxFuture<'a, Result<Kept>> {
    let retries = network.retries();
    let kept: Kept = Arc::new(move |service, location| {
        let query = location
            .query()
            .map(|query| format!("?{}", query.reveal()))
            .unwrap_or_default();
        let store = HttpBuilder::new()
            .with_url(format!("{}/{query}", location.address()))
            .with_retry(retries.clone())
            .with_http_connector(Connector(RedirectingService(service.clone())))
            .build()?;
        Ok(Arc::new(WebStore { store }) as Arc<dyn ObjectStore>)
    });
    async move { Ok(kept) }.boxed()
}

/// Follows redirects of reads, each as a request of its own that is counted and that the query must be allowed.
#[derive(Clone, Debug)]
struct RedirectingService(QueryService);

#[async_trait]
impl HttpService for RedirectingService {
    async fn call(&self, mut request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        for _ in 0..MOST_REDIRECTS {
            let failure = match self.0.call(request.clone()).await {
                Err(failure) => failure,
                answer => return answer,
            };
            let Some(target) = self.target(&request, &failure) else {
                return Err(failure);
            };
            let target = target.map_err(|refused| HttpError::new(HttpErrorKind::Unknown, refused))?;
            *request.uri_mut() = target;
        }
        let message = format!("the server redirected a request more than {MOST_REDIRECTS} times");
        Err(HttpError::new(
            HttpErrorKind::Unknown,
            Error::new(ErrorCode::StorageUnavailable, message),
        ))
    }
}

impl RedirectingService {
    /// Where a refused read should go instead; an error if it may not go there.
    fn target(&self, request: &HttpRequest, failure: &HttpError) -> Option<Result<Uri>> {
        // downcast: the service below puts its refusals into HttpError, which keeps them as `dyn Error`.
        let refusal = std::error::Error::source(failure)?.downcast_ref::<Refusal>()?;
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        let target = refusal
            .redirect
            .as_ref()
            .filter(|_| reads && refusal.status.is_redirection())?;
        let from = Url::parse(&request.uri().to_string()).ok()?;
        let target = from.join(target.reveal()).ok()?;
        Some(self.permit(&from, &target))
    }

    fn permit(&self, from: &Url, target: &Url) -> Result<Uri> {
        let known = ["http", "https"].contains(&target.scheme());
        if !known || (from.scheme() == "https" && target.scheme() != "https") {
            let message = format!(
                "the server of \"{}\" redirects to an unencrypted address",
                host_of(from)
            );
            return Err(Error::new(ErrorCode::StorageUnavailable, message));
        }
        let location = Location::parse(target.as_str(), FilePath::new("/"))?;
        self.0.check(&location)?;
        target.as_str().parse().map_err(|_| {
            let message = format!("the server of \"{}\" redirects to no URL", host_of(from));
            Error::new(ErrorCode::StorageUnavailable, message)
        })
    }
}

fn host_of(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

/// A web server, whose missing listings are said plainly.
#[derive(Debug)]
struct WebStore {
    store: HttpStore,
}

/// The failure of a listing, in words if the server does not list at all.
fn no_listing(failure: StoreError) -> StoreError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&failure);
    while let Some(error) = cause {
        // downcast: object_store keeps the refusal of a request as `dyn Error`.
        if error
            .downcast_ref::<Refusal>()
            .is_some_and(|refusal| refusal.status != StatusCode::UNAUTHORIZED)
        {
            let message = "this web server does not list directories: name the files one by one";
            let source = Box::new(Error::new(ErrorCode::NotSupported, message));
            return StoreError::NotSupported { source };
        }
        cause = error.source();
    }
    failure
}

impl fmt::Display for WebStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a web server")
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for WebStore {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> StoreResult<GetResult> {
        self.store.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        self.store.get_ranges(path, ranges).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        self.store.list(prefix).map(|object| object.map_err(no_listing)).boxed()
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        self.store
            .list_with_offset(prefix, offset)
            .map(|object| object.map_err(no_listing))
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        self.store.list_with_delimiter(prefix).await.map_err(no_listing)
    }

    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> StoreResult<PutResult> {
        self.store.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, StoreResult<Path>>) -> BoxStream<'static, StoreResult<Path>> {
        self.store.delete_stream(paths)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> StoreResult<()> {
        self.store.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> StoreResult<()> {
        self.store.rename_opts(from, to, options).await
    }
}
