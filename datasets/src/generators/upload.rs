//! The bytes of one file on their way into the store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, Result};
use tokio::sync::mpsc;

use super::write::{Progress, Stop};

/// What S3 takes is 5 MiB to 5 GiB and 10,000 parts; some stores want all parts but the last to be of one size.
pub(super) const PART_BYTES: usize = 8 << 20;
const PARTS_IN_FLIGHT: usize = 4;
/// How long a step of taking back may take.
const TAKING_BACK: Duration = Duration::from_secs(10);

/// What the thread that makes a file says. Silence instead of an end means that nothing must come of it.
pub(super) enum Step {
    /// The next [`PART_BYTES`] bytes.
    Part(Bytes),
    /// The last bytes, of which there are fewer, and perhaps none.
    End(Bytes),
}

/// How an upload ended that has not failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The object is visible.
    Whole,
    /// Nothing is there.
    TakenBack,
}

/// The upload of one object: a PUT if it is small, else an upload in parts.
pub(super) struct Upload {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Path,
    pub(super) progress: Arc<Progress>,
    /// Whether there may be an object of that name already.
    pub(super) replaces: bool,
}

/// What an upload in parts has under way.
struct Parts {
    upload: Box<dyn MultipartUpload>,
    sending: FuturesUnordered<BoxFuture<'static, Result<()>>>,
    /// Of all parts so far.
    bytes: u64,
}

impl Upload {
    /// Sends what `steps` say. If they fall silent, if `stop` is called or if a request fails, the upload is ended and its
    /// parts are removed, for which the store has 20 seconds.
    pub(super) async fn run(&self, mut steps: mpsc::Receiver<Step>, stop: &Stop) -> Result<Ended> {
        let mut parts = None;
        let sent = self.send(&mut parts, &mut steps, stop).await;
        // From here on whoever makes the file is told that nobody listens.
        drop(steps);
        if !matches!(sent, Ok(Ended::Whole))
            && let Some(parts) = parts
        {
            take_back(parts).await;
        }
        sent
    }

    async fn send(&self, parts: &mut Option<Parts>, steps: &mut mpsc::Receiver<Step>, stop: &Stop) -> Result<Ended> {
        loop {
            let under_way = parts.as_ref().map_or(0, |parts| parts.sending.len());
            let step = tokio::select! {
                biased;
                () = stop.stopped() => return Ok(Ended::TakenBack),
                sent = next(parts), if under_way > 0 => {
                    sent?;
                    continue;
                }
                step = steps.recv(), if under_way < PARTS_IN_FLIGHT => step,
            };
            match step {
                None => return Ok(Ended::TakenBack),
                Some(Step::Part(bytes)) => self.send_part(parts, bytes).await?,
                Some(Step::End(rest)) => return self.finish(parts, rest).await,
            }
        }
    }

    /// Its beginning is not interrupted: nobody would know the id of the upload, and nobody could end it.
    async fn send_part(&self, parts: &mut Option<Parts>, bytes: Bytes) -> Result<()> {
        let parts = match parts {
            Some(parts) => parts,
            None => parts.insert(Parts {
                upload: self.store.put_multipart(&self.path).await?,
                sending: FuturesUnordered::new(),
                bytes: 0,
            }),
        };
        let length = bytes.len() as u64;
        parts.bytes += length;
        let sent = parts.upload.put_part(bytes.into());
        let progress = Arc::clone(&self.progress);
        parts.sending.push(Box::pin(async move {
            sent.await?;
            progress.add_bytes(length);
            Ok(())
        }));
        Ok(())
    }

    async fn finish(&self, parts: &mut Option<Parts>, rest: Bytes) -> Result<Ended> {
        if parts.is_some() && !rest.is_empty() {
            self.send_part(parts, rest.clone()).await?;
        }
        let Some(parts) = parts else {
            let length = rest.len() as u64;
            self.store.put(&self.path, rest.into()).await?;
            self.progress.add_bytes(length);
            return Ok(Ended::Whole);
        };
        while let Some(sent) = parts.sending.next().await {
            sent?;
        }
        match parts.upload.complete().await {
            // An answer that was lost: asked again, the store knows of no such upload.
            Err(failure) if !self.is_there(parts.bytes).await => Err(failure),
            _ => Ok(Ended::Whole),
        }
    }

    /// Whether the object is there, with so many bytes. Of a place where another one was, that would say nothing.
    async fn is_there(&self, bytes: u64) -> bool {
        if self.replaces {
            return false;
        }
        let found = tokio::time::timeout(TAKING_BACK, self.store.head(&self.path)).await;
        matches!(found, Ok(Ok(object)) if object.size == bytes)
    }
}

/// The next part to arrive; never, while none is under way.
async fn next(parts: &mut Option<Parts>) -> Result<()> {
    match parts {
        Some(parts) => parts.sending.next().await.unwrap_or(Ok(())),
        None => std::future::pending().await,
    }
}

/// Ends an upload that comes to nothing. Parts that arrive after its end would stay, and are waited for first. What the store
/// does not answer in time it may keep: it shows it to nobody, and buckets can be told to remove such uploads.
async fn take_back(mut parts: Parts) {
    let sent = async { while parts.sending.next().await.is_some() {} };
    drop(tokio::time::timeout(TAKING_BACK, sent).await);
    parts.sending.clear();
    drop(tokio::time::timeout(TAKING_BACK, parts.upload.abort()).await);
}
