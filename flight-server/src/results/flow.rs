//! A queue of messages that is bounded in bytes and knows when nobody reads.
//!
//! The bytes of a message count until its reader asks for the next one: until then the transport holds it.

use arrow_flight::FlightData;
use futures::Stream;
use futures::task::AtomicWaker;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Waker, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::DropGuard;
use tonic::Status;

use crate::failure;

/// A queue that holds at most `limit_bytes`. `work` is cancelled when its reader goes away.
pub(super) fn bounded(limit_bytes: usize, work: DropGuard) -> (Writer, Reader) {
    let shared = Arc::new(Shared {
        queue: Mutex::new(Queue::default()),
        limit_bytes,
        reader: AtomicWaker::new(),
        room: Notify::new(),
    });
    let reader = Reader {
        shared: Arc::clone(&shared),
        _work: work,
    };
    (Writer { shared }, reader)
}

struct Shared {
    queue: Mutex<Queue>,
    limit_bytes: usize,
    reader: AtomicWaker,
    room: Notify,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<(FlightData, usize)>,
    /// Of the messages, of what the writer works on, and of what the reader was given last.
    bytes: usize,
    given: usize,
    end: End,
}

/// Whether more will be written.
#[derive(Default)]
enum End {
    #[default]
    Open,
    Failed(Status),
    Done,
}

/// Why nothing can be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NobodyReads;

/// The end of the queue that is written to.
pub(super) struct Writer {
    shared: Arc<Shared>,
}

/// The end of the queue that is read.
pub(super) struct Reader {
    shared: Arc<Shared>,
    _work: DropGuard,
}

/// Bytes that the writer works on, which count as long as this is held.
pub(super) struct Held {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Writer {
    /// Waits until less than half of the queue is full, so that there is room to work in.
    ///
    /// # Errors
    /// The reader has taken nothing for `limit`.
    pub(super) async fn half_empty(&self, limit: Duration) -> Result<(), NobodyReads> {
        self.room(self.shared.limit_bytes / 2, limit).await
    }

    /// Counts `bytes` that are worked on.
    pub(super) fn hold(&self, bytes: usize) -> Held {
        self.shared.queue().bytes += bytes;
        Held {
            shared: Arc::clone(&self.shared),
            bytes,
        }
    }

    /// Appends a message of `bytes`, once there is room for it.
    ///
    /// # Errors
    /// The reader has taken nothing for `limit`.
    pub(super) async fn write(&self, message: FlightData, bytes: usize, limit: Duration) -> Result<(), NobodyReads> {
        self.room(self.shared.limit_bytes.saturating_sub(bytes), limit).await?;
        let mut queue = self.shared.queue();
        queue.bytes += bytes;
        queue.messages.push_back((message, bytes));
        drop(queue);
        self.shared.reader.wake();
        Ok(())
    }

    /// Ends the stream, after what was written.
    pub(super) fn end(self, outcome: Result<(), Status>) {
        self.shared.end(outcome.err().map_or(End::Done, End::Failed));
    }

    /// Ends the stream with `status`, and forgets what was not read.
    pub(super) fn cut_off(self, status: Status) {
        self.shared.queue().forget();
        self.shared.end(End::Failed(status));
    }

    /// Waits until at most `bytes` are in the queue. Each time that something is taken, the reader has `limit` again. A queue of
    /// which nothing can be taken, for all of it is what the writer works on, has room.
    async fn room(&self, bytes: usize, limit: Duration) -> Result<(), NobodyReads> {
        loop {
            let taken = self.shared.room.notified();
            {
                let queue = self.shared.queue();
                if queue.bytes <= bytes || (queue.messages.is_empty() && queue.given == 0) {
                    return Ok(());
                }
            }
            tokio::time::timeout(limit, taken).await.map_err(|_| NobodyReads)?;
        }
    }
}

impl Drop for Writer {
    /// A writer that is dropped without a word has panicked: its reader must not wait for ever.
    fn drop(&mut self) {
        let is_open = matches!(self.shared.queue().end, End::Open);
        if is_open {
            self.shared.end(End::Failed(failure::panicked(Box::new(()))));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.queue().bytes -= self.bytes;
        self.shared.room.notify_one();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, end: End) {
        self.queue().end = end;
        self.reader.wake();
    }
}

impl Queue {
    fn forget(&mut self) {
        let forgotten: usize = self.messages.drain(..).map(|(_, bytes)| bytes).sum();
        self.bytes -= forgotten;
    }
}

impl Stream for Reader {
    type Item = Result<FlightData, Status>;

    fn poll_next(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Option<Self::Item>> {
        // Registered first: what is written after the look into the queue wakes it.
        self.shared.reader.register(waker.waker());
        let mut queue = self.shared.queue();
        if queue.given > 0 {
            queue.bytes -= queue.given;
            queue.given = 0;
            self.shared.room.notify_one();
        }
        if let Some((message, bytes)) = queue.messages.pop_front() {
            queue.given = bytes;
            return Poll::Ready(Some(Ok(message)));
        }
        if matches!(queue.end, End::Open) {
            return Poll::Pending;
        }
        match std::mem::replace(&mut queue.end, End::Done) {
            End::Failed(status) => Poll::Ready(Some(Err(status))),
            End::Open | End::Done => Poll::Ready(None),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.queue().forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;
    use tokio_util::sync::CancellationToken;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_mins(1);

    fn queue() -> (Writer, Reader, CancellationToken) {
        let work = CancellationToken::new();
        let (writer, reader) = bounded(100, work.clone().drop_guard());
        (writer, reader, work)
    }

    async fn write(writer: &Writer, bytes: usize) -> Result<(), NobodyReads> {
        writer.write(FlightData::default(), bytes, SOON).await
    }

    #[tokio::test]
    async fn a_message_counts_until_the_next_is_asked_for() {
        let (writer, mut reader, _) = queue();
        write(&writer, 60).await.unwrap();
        write(&writer, 40).await.unwrap();
        assert_eq!(write(&writer, 1).await, Err(NobodyReads));
        reader.next().await.unwrap().unwrap();
        assert_eq!(
            write(&writer, 1).await,
            Err(NobodyReads),
            "the transport holds the first"
        );
        reader.next().await.unwrap().unwrap();
        write(&writer, 60).await.unwrap();
        assert_eq!(write(&writer, 1).await, Err(NobodyReads));
    }

    #[tokio::test]
    async fn what_is_worked_on_counts_too() {
        let (writer, mut reader, _) = queue();
        write(&writer, 10).await.unwrap();
        let held = writer.hold(80);
        assert_eq!(writer.half_empty(SOON).await, Err(NobodyReads));
        assert_eq!(write(&writer, 20).await, Err(NobodyReads));
        drop(held);
        writer.half_empty(LONG).await.unwrap();
        write(&writer, 20).await.unwrap();
        assert!(reader.next().await.is_some());
    }

    #[tokio::test]
    async fn what_is_larger_than_the_queue_passes_alone() {
        let (writer, mut reader, _) = queue();
        let held = writer.hold(1000);
        write(&writer, 10).await.unwrap();
        assert_eq!(write(&writer, 10).await, Err(NobodyReads));
        drop(held);
        assert!(reader.next().await.is_some());
    }

    #[tokio::test]
    async fn a_writer_goes_on_when_something_is_taken() {
        let (writer, mut reader, _) = queue();
        write(&writer, 100).await.unwrap();
        let (written, ()) = tokio::join!(writer.write(FlightData::default(), 100, LONG), async {
            reader.next().await.unwrap().unwrap();
            assert!(futures::poll!(reader.next()).is_pending());
        });
        written.unwrap();
    }

    #[tokio::test]
    async fn the_end_comes_after_what_was_written_and_a_cut_at_once() {
        let (writer, mut reader, _) = queue();
        write(&writer, 1).await.unwrap();
        writer.end(Err(Status::aborted("x")));
        assert!(reader.next().await.unwrap().is_ok());
        assert!(reader.next().await.unwrap().is_err());
        assert!(reader.next().await.is_none());

        let (writer, mut reader, _) = queue();
        write(&writer, 1).await.unwrap();
        writer.cut_off(Status::aborted("x"));
        assert!(reader.next().await.unwrap().is_err());
        assert!(reader.next().await.is_none());
    }

    #[tokio::test]
    async fn a_writer_that_vanishes_is_a_failure_and_a_reader_that_does_ends_the_work() {
        let (writer, mut reader, work) = queue();
        drop(writer);
        assert_eq!(reader.next().await.unwrap().unwrap_err().code(), tonic::Code::Internal);
        assert!(!work.is_cancelled());
        drop(reader);
        assert!(work.is_cancelled());
    }
}
