//! Requests on the runtime that does input and output, whoever waits for them.
//!
//! A query's operators may keep every thread of theirs busy for minutes. What shares those threads is looked at late: an
//! answer would seem to take too long, a connection that others use as well would stand still. So a request runs with all
//! that belongs to it, its connection, its credentials, its retries and its deadlines, elsewhere.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

/// How many chunks of a body, or names of a listing, wait for their reader.
const WAITING: usize = 4;

/// A store whose requests run on the runtime `io`. Dropping what waits for a request ends the request.
#[derive(Clone, Debug)]
pub(super) struct DispatchedStore {
    store: Arc<dyn ObjectStore>,
    io: Handle,
}

impl DispatchedStore {
    pub(super) fn new(store: Arc<dyn ObjectStore>, io: Handle) -> Self {
        Self { store, io }
    }

    async fn run<T, F>(&self, request: impl FnOnce(Arc<dyn ObjectStore>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        dispatch(&self.io, request(Arc::clone(&self.store))).await
    }
}

/// Runs `request` on `io`, and ends it there if the returned future is dropped.
async fn dispatch<T: Send + 'static>(
    io: &Handle,
    request: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let mut tasks = JoinSet::new();
    tasks.spawn_on(request, io);
    match tasks.join_next().await {
        Some(joined) => joined?,
        None => Err(interrupted()),
    }
}

/// The items of `stream`, which is polled on `io` from the moment in which the first one is asked for.
fn pump<T: Send + 'static>(io: Handle, mut stream: BoxStream<'static, Result<T>>) -> BoxStream<'static, Result<T>> {
    let started = async move {
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        let pumping = async move {
            while let Some(item) = stream.next().await {
                if sender.send(item).await.is_err() {
                    break;
                }
            }
        };
        tasks.spawn_on(pumping, &io);
        stream::unfold((receiver, tasks), |(mut receiver, mut tasks)| async move {
            let item = match receiver.recv().await {
                Some(item) => item,
                // The end, unless the task did not come to it.
                None => match tasks.join_next().await {
                    Some(Err(broken)) => Err(broken.into()),
                    Some(Ok(())) | None => return None,
                },
            };
            Some((item, (receiver, tasks)))
        })
    };
    stream::once(started).flatten().boxed()
}

fn interrupted() -> Error {
    Error::Generic {
        store: "owlet",
        source: "the request was interrupted".into(),
    }
}

impl fmt::Display for DispatchedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for DispatchedStore {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let path = path.clone();
        let answer = self
            .run(|store| async move { store.get_opts(&path, options).await })
            .await?;
        let payload = match answer.payload {
            GetResultPayload::Stream(bytes) => GetResultPayload::Stream(pump(self.io.clone(), bytes)),
            file @ GetResultPayload::File(..) => file,
        };
        Ok(GetResult { payload, ..answer })
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (path, ranges) = (path.clone(), ranges.to_vec());
        self.run(|store| async move { store.get_ranges(&path, &ranges).await })
            .await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        pump(self.io.clone(), self.store.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        pump(self.io.clone(), self.store.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned();
        self.run(|store| async move { store.list_with_delimiter(prefix.as_ref()).await })
            .await
    }

    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let path = path.clone();
        self.run(|store| async move { store.put_opts(&path, payload, options).await })
            .await
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let path = path.clone();
        let upload = self
            .run(|store| async move { store.put_multipart_opts(&path, options).await })
            .await?;
        Ok(Box::new(DispatchedUpload {
            upload: Arc::new(Mutex::new(upload)),
            io: self.io.clone(),
        }))
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        pump(self.io.clone(), self.store.delete_stream(paths))
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let (from, to) = (from.clone(), to.clone());
        self.run(|store| async move { store.copy_opts(&from, &to, options).await })
            .await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let (from, to) = (from.clone(), to.clone());
        self.run(|store| async move { store.rename_opts(&from, &to, options).await })
            .await
    }
}

/// An upload whose requests run elsewhere. It is shared with the one that runs, so that an upload whose end was dropped half
/// way can still be aborted.
#[derive(Debug)]
struct DispatchedUpload {
    upload: Arc<Mutex<Box<dyn MultipartUpload>>>,
    io: Handle,
}

#[async_trait]
impl MultipartUpload for DispatchedUpload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        // Only an end that was dropped half way may still hold it, and after an end there are no parts.
        let sending: BoxFuture<'static, Result<()>> = match self.upload.try_lock() {
            Ok(mut upload) => upload.put_part(part),
            Err(_) => return Box::pin(async { Err(interrupted()) }),
        };
        let io = self.io.clone();
        Box::pin(async move { dispatch(&io, sending).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let upload = Arc::clone(&self.upload);
        dispatch(&self.io, async move { upload.lock().await.complete().await }).await
    }

    async fn abort(&mut self) -> Result<()> {
        let upload = Arc::clone(&self.upload);
        dispatch(&self.io, async move { upload.lock().await.abort().await }).await
    }
}
