//! One object on its way into a store.
//!
//! Its requests belong to a task that nobody cancels: an upload whose beginning was interrupted could not be ended, since nobody
//! would know its id, and a PUT whose end nobody saw could not be taken back. When the sender is gone, the task takes back what
//! it has done and ends.

use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::object_store::{self, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorCode, Result};
use crate::storage::{self, Location, QueryStorage};

/// How long a step of taking back may take.
const TAKING_BACK: Duration = Duration::from_secs(15);
/// S3 takes no more.
const MOST_PARTS: usize = 10_000;

/// Bytes with the memory that they take, which is given back when they have been sent.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) bytes: PutPayload,
    pub(super) held: MemoryReservation,
}

/// The sending end of one object's upload. What was sent is taken back when it is dropped before [`Self::finish`].
#[derive(Debug)]
pub(super) struct Upload {
    steps: mpsc::Sender<Step>,
    task: JoinHandle<Result<()>>,
    parts: usize,
}

enum Step {
    /// The next bytes of an upload in parts.
    Part(Part),
    /// Nothing to send: an answer when every part so far has arrived.
    Settle(oneshot::Sender<()>),
    /// The last bytes, and an answer when the object is visible.
    Finish(Part, oneshot::Sender<()>),
}

impl Upload {
    /// Begins an object at `location`, without a request. At most `parts_in_flight` parts are on their way at once.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` if the query may not reach the location.
    pub(super) fn begin(storage: &QueryStorage, location: &Location, parts_in_flight: usize) -> Result<Self> {
        let task = Task {
            store: storage.store(location)?,
            location: location.clone(),
            parts_in_flight,
            upload: None,
            sending: FuturesUnordered::new(),
            sent_bytes: 0,
            may_be_visible: false,
        };
        let (steps, taken) = mpsc::channel(1);
        Ok(Self {
            steps,
            task: storage.runtime().spawn(task.run(taken)),
            parts: 0,
        })
    }

    /// Hands on the next part. Waits while too many are on their way.
    ///
    /// # Errors
    /// That of an earlier part, or of the beginning of the upload.
    pub(super) async fn send(&mut self, part: Part) -> Result<()> {
        self.parts += 1;
        if self.parts > MOST_PARTS - 1 {
            let message = format!(
                "a file would have more than {MOST_PARTS} parts, which no store takes: raise formats.write.upload_part_bytes"
            );
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
        match self.steps.send(Step::Part(part)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Waits until the parts that were handed on have arrived, so that their memory is given back.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(super) async fn settle(&mut self) -> Result<()> {
        let (answer, settled) = oneshot::channel();
        // A task that is gone gives no answer either.
        drop(self.steps.send(Step::Settle(answer)).await);
        match settled.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Sends the `rest` and makes the object visible: in one request, if there was no part before.
    ///
    /// # Errors
    /// The storage's. The object is not visible then, unless the message says that this is not known.
    pub(super) async fn finish(mut self, rest: Part) -> Result<()> {
        let (answer, visible) = oneshot::channel();
        drop(self.steps.send(Step::Finish(rest, answer)).await);
        match visible.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Takes back what was sent.
    pub(super) async fn give_up(self) {
        drop(self.steps);
        // It failed before, or it has nothing to say: whoever gives up has a reason of his own.
        drop(self.task.await);
    }

    /// Why the task has ended.
    async fn failure(&mut self) -> Error {
        match (&mut self.task).await {
            Ok(Err(failure)) => failure,
            Ok(Ok(())) => Error::new(ErrorCode::Internal, "an upload ended before its object was whole"),
            Err(broken) => Error::new(ErrorCode::Internal, "an upload was interrupted").caused_by(broken),
        }
    }
}

/// The side of an upload that talks to the store.
struct Task {
    store: Arc<dyn ObjectStore>,
    location: Location,
    parts_in_flight: usize,
    /// The upload in parts, while it must be aborted if nothing comes of it.
    upload: Option<Box<dyn MultipartUpload>>,
    sending: FuturesUnordered<BoxFuture<'static, object_store::Result<()>>>,
    sent_bytes: u64,
    /// Whether a request has gone out that may have made the object visible.
    may_be_visible: bool,
}

impl Task {
    async fn run(mut self, mut steps: mpsc::Receiver<Step>) -> Result<()> {
        let failure = match self.serve(&mut steps).await {
            Ok(Some(answer)) => match answer.send(()) {
                Ok(()) => return Ok(()),
                Err(()) => None,
            },
            Ok(None) => None,
            Err(failure) => Some(failure),
        };
        // From here on `send` fails, and what waits in the channel gives its memory back.
        drop(steps);
        let gone = self.take_back().await;
        match failure {
            None => Ok(()),
            Some(failure) if gone => Err(failure),
            // Where there is no bucket there is no object.
            Some(failure) if failure.code() == ErrorCode::TableNotFound => Err(failure),
            Some(failure) => Err(Error::new(
                failure.code(),
                format!(
                    "{}; it is not known whether \"{}\" has come into being: look there before you run the statement again",
                    failure.message(),
                    self.location
                ),
            )),
        }
    }

    /// Does one step after another, while parts are on their way. Gives the answer that is owed once the object is visible;
    /// nothing if the sender went away.
    async fn serve(&mut self, steps: &mut mpsc::Receiver<Step>) -> Result<Option<oneshot::Sender<()>>> {
        loop {
            let step = tokio::select! {
                biased;
                sent = next(&mut self.sending) => {
                    sent.map_err(|failure| self.failed(failure))?;
                    continue;
                }
                step = steps.recv(), if self.sending.len() < self.parts_in_flight => step,
            };
            match step {
                None => return Ok(None),
                Some(Step::Part(part)) => self.send(part).await?,
                Some(Step::Settle(answer)) => {
                    self.settle().await?;
                    // Whoever does not wait any more does not want to know.
                    let _ = answer.send(());
                }
                Some(Step::Finish(rest, answer)) => {
                    self.finish(rest).await?;
                    return Ok(Some(answer));
                }
            }
        }
    }

    async fn send(&mut self, part: Part) -> Result<()> {
        if self.upload.is_none() {
            let begun = self.store.put_multipart(self.location.path()).await;
            self.upload = Some(begun.map_err(|failure| self.failed(failure))?);
        }
        let Some(upload) = &mut self.upload else { return Ok(()) };
        self.sent_bytes += part.bytes.content_length() as u64;
        let sent = upload.put_part(part.bytes);
        let held = part.held;
        self.sending.push(Box::pin(async move {
            let _until_sent = held;
            sent.await
        }));
        Ok(())
    }

    async fn settle(&mut self) -> Result<()> {
        while let Some(sent) = self.sending.next().await {
            sent.map_err(|failure| self.failed(failure))?;
        }
        Ok(())
    }

    async fn finish(&mut self, rest: Part) -> Result<()> {
        let size = self.sent_bytes + rest.bytes.content_length() as u64;
        if self.upload.is_some() && rest.bytes.content_length() > 0 {
            self.send(rest).await?;
            self.settle().await?;
            return self.complete(size, None).await;
        }
        self.settle().await?;
        self.complete(size, Some(rest)).await
    }

    /// The one request that makes the object visible: the end of the upload in parts, or else the PUT of the `whole`.
    async fn complete(&mut self, size: u64, whole: Option<Part>) -> Result<()> {
        self.may_be_visible = true;
        let answered = match (&mut self.upload, whole) {
            (Some(upload), _) => upload.complete().await,
            // The name is the query's own: a PUT that is repeated puts the same bytes in the same place, where a condition on
            // the name being free would fail for the repetition of one whose answer was lost.
            (None, Some(whole)) => self.store.put(self.location.path(), whole.bytes).await,
            (None, None) => return Ok(()),
        };
        if let Err(failure) = answered
            && !is_there(&self.store, &self.location, size).await
        {
            return Err(self.failed(failure));
        }
        self.upload = None;
        Ok(())
    }

    /// Removes all traces; tells whether it is known that none is left.
    async fn take_back(&mut self) -> bool {
        // A part that arrives after the end of its upload would stay: they are waited for, as long as that is not too long.
        let sent = async { while self.sending.next().await.is_some() {} };
        drop(tokio::time::timeout(TAKING_BACK, sent).await);
        self.sending.clear();
        if let Some(mut upload) = self.upload.take()
            && let Ok(Err(failure)) = tokio::time::timeout(TAKING_BACK, upload.abort()).await
        {
            // An upload that has ended, since the answer to that was lost, cannot be aborted.
            tracing::debug!(location = %self.location, %failure, "an upload could not be aborted");
        }
        if !self.may_be_visible {
            return true;
        }
        let removed = tokio::time::timeout(TAKING_BACK, self.store.delete(self.location.path())).await;
        matches!(removed, Ok(Ok(()) | Err(object_store::Error::NotFound { .. })))
    }

    fn failed(&self, failure: object_store::Error) -> Error {
        storage::from_object_store(failure, &self.location)
    }
}

/// Whether the object is there after all, since answers get lost. Its name is the query's own, and a store shows whole objects only,
/// so that the size says enough.
async fn is_there(store: &Arc<dyn ObjectStore>, location: &Location, size: u64) -> bool {
    let found = tokio::time::timeout(TAKING_BACK, store.head(location.path())).await;
    matches!(found, Ok(Ok(object)) if object.size == size)
}

/// The next of `sending` to end; never, while there are none.
async fn next(
    sending: &mut FuturesUnordered<BoxFuture<'static, object_store::Result<()>>>,
) -> object_store::Result<()> {
    match sending.next().await {
        Some(sent) => sent,
        None => pending().await,
    }
}
