//! The body of an answer, watched while it arrives.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::client::{HttpError, HttpErrorKind, HttpResponseBody};
use tokio::time::{Instant, Sleep};

use super::network::Patience;
use super::refusal::WrongAnswer;
use super::usage::Meter;

/// A body that is counted, that must have `length` bytes, and that may not fall silent.
///
/// The last chunk is held back until the end of the body is seen: an error is told only while bytes are missing, so that a
/// reader that goes on from where it stopped never asks for an empty range.
pub(super) struct CheckedBody {
    inner: HttpResponseBody,
    length: Option<u64>,
    received: u64,
    held: Option<Bytes>,
    ended: bool,
    silence: Silence,
    meter: Arc<Meter>,
    request: String,
}

impl CheckedBody {
    /// `request` names the request in the meter, which is told if the body fails.
    pub(super) fn new(
        inner: HttpResponseBody,
        length: Option<u64>,
        patience: Patience,
        meter: Arc<Meter>,
        request: String,
    ) -> Self {
        Self {
            inner,
            received: 0,
            held: None,
            ended: false,
            silence: Silence::new(patience, length),
            length,
            meter,
            request,
        }
    }

    fn accept(&mut self, chunk: Bytes) -> Result<Option<Bytes>, HttpError> {
        let bytes = chunk.len() as u64;
        self.meter.read(bytes);
        self.received += bytes;
        match self.length {
            Some(length) if self.received > length => {
                let message = format!("the server sent more than the {length} bytes it announced");
                Err(HttpError::new(HttpErrorKind::Decode, WrongAnswer(message)))
            }
            Some(length) if self.received == length && bytes > 0 => {
                self.held = Some(chunk);
                Ok(None)
            }
            _ => Ok(Some(chunk)),
        }
    }

    /// The end of the body as the connection tells it, `failure` if it broke.
    fn end(&mut self, failure: Option<HttpError>) -> Option<Result<Frame<Bytes>, HttpError>> {
        self.ended = true;
        if let Some(chunk) = self.held.take() {
            return Some(Ok(Frame::data(chunk)));
        }
        let missing = self.length.is_some_and(|length| self.received < length);
        let failure = match failure {
            Some(failure) => failure,
            None if missing => {
                let message = format!(
                    "the answer ended after {} of {} bytes",
                    self.received,
                    self.length.unwrap_or(0)
                );
                HttpError::new(HttpErrorKind::Interrupted, WrongAnswer(message))
            }
            None => return None,
        };
        self.meter.failed(&self.request);
        Some(Err(failure))
    }
}

impl Body for CheckedBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let this = self.get_mut();
        while !this.ended {
            let polled = Pin::new(&mut this.inner).poll_frame(cx);
            if polled.is_pending() {
                let failure = ready!(this.silence.poll(cx));
                return Poll::Ready(this.end(Some(failure)));
            }
            this.silence.end();
            match ready!(polled) {
                Some(Ok(frame)) => match frame.into_data().map(|chunk| this.accept(chunk)) {
                    // Trailers say nothing that a reader of objects wants.
                    Err(_) | Ok(Ok(None)) => {}
                    Ok(Ok(Some(chunk))) => return Poll::Ready(Some(Ok(Frame::data(chunk)))),
                    Ok(Err(excess)) => {
                        this.held = None;
                        return Poll::Ready(this.end(Some(excess)));
                    }
                },
                Some(Err(failure)) => return Poll::Ready(this.end(Some(failure))),
                None => return Poll::Ready(this.end(None)),
            }
        }
        Poll::Ready(None)
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(length) => {
                let held = self.held.as_ref().map_or(0, Bytes::len) as u64;
                SizeHint::with_exact(length.saturating_sub(self.received) + held)
            }
            None => SizeHint::default(),
        }
    }
}

/// How long the connection has been silent, at a stretch and in all. Time in which the reader does not ask is not counted.
struct Silence {
    limit: Duration,
    /// What is left of the time that the whole body may be waited for.
    left: Duration,
    since: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl Silence {
    fn new(patience: Patience, length: Option<u64>) -> Self {
        Self {
            limit: patience.stall,
            left: length.map_or(Duration::MAX, |bytes| patience.for_bytes(bytes)),
            since: None,
            alarm: Box::pin(tokio::time::sleep(patience.stall)),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<HttpError> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            self.alarm.as_mut().reset(now + self.limit.min(self.left));
        }
        ready!(self.alarm.as_mut().poll(cx));
        let message = if self.left < self.limit {
            "the answer came too slowly"
        } else {
            "the answer stalled"
        };
        Poll::Ready(HttpError::new(HttpErrorKind::Timeout, WrongAnswer(message.to_owned())))
    }

    fn end(&mut self) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
    }
}
