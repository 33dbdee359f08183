//! The body of an answer on its way out: counted, slowed down, and cut where a fault cuts it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use s3s::StdError;
use tokio::time::{Sleep, sleep_until};

use crate::connection::{Connection, End};
use crate::request_log::{InFlight, OpenRecord};

/// What happens to a body after some of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The connection is reset.
    Reset,
    /// The body ends.
    End,
    /// Nothing comes any more.
    Stall,
}

/// How a body goes out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Delivery {
    /// Where and how the body is cut short, if it is.
    pub cut: Option<(u64, Cut)>,
    /// Bytes that follow the body and do not belong to it.
    pub extra_bytes: u64,
    /// The bandwidth, if it is limited.
    pub bytes_per_second: Option<u64>,
}

impl Delivery {
    fn is_faithful(&self) -> bool {
        self.cut.is_none() && self.extra_bytes == 0
    }
}

/// The body of an answer.
pub(crate) struct ReplyBody {
    source: Pin<Box<s3s::Body>>,
    /// What the source gave and has not been sent.
    piece: Bytes,
    is_source_at_end: bool,
    delivery: Delivery,
    extra_bytes_left: u64,
    sent: u64,
    /// The length that the client was told.
    promised: Option<u64>,
    /// The bytes that may pass when the pause is over.
    pause: Option<(usize, Pin<Box<Sleep>>)>,
    connection: Arc<Connection>,
    record: Arc<OpenRecord>,
    in_flight: Option<InFlight>,
}

impl ReplyBody {
    /// A body of which the client was told the length `promised`, if any.
    pub fn new(
        source: s3s::Body,
        promised: Option<u64>,
        delivery: Delivery,
        connection: Arc<Connection>,
        (record, in_flight): (Arc<OpenRecord>, InFlight),
    ) -> Self {
        let mut body = Self {
            source: Box::pin(source),
            piece: Bytes::new(),
            is_source_at_end: false,
            delivery,
            extra_bytes_left: delivery.extra_bytes,
            sent: 0,
            promised,
            pause: None,
            connection,
            record,
            in_flight: Some(in_flight),
        };
        if body.is_end_stream() {
            body.in_flight = None;
        }
        body
    }

    /// The next piece of what the client would get if nothing were cut.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<(), StdError>>> {
        while self.piece.is_empty() {
            if self.is_source_at_end {
                if self.extra_bytes_left == 0 {
                    return Poll::Ready(None);
                }
                let count = self.extra_bytes_left.min(64 * 1024);
                self.extra_bytes_left -= count;
                self.piece = vec![b'x'; usize::try_from(count).unwrap_or_default()].into();
                continue;
            }
            match ready!(self.source.as_mut().poll_frame(context)) {
                None => self.is_source_at_end = true,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => self.piece = frame.into_data().unwrap_or_default(),
            }
        }
        Poll::Ready(Some(Ok(())))
    }

    /// How many of `wanted` bytes may pass now; waits until some may.
    fn poll_bandwidth(&mut self, context: &mut Context<'_>, wanted: usize) -> Poll<usize> {
        let Some(rate) = self.delivery.bytes_per_second else {
            return Poll::Ready(wanted);
        };
        let connection = &self.connection;
        let (count, pause) = self.pause.get_or_insert_with(|| {
            // Twenty pieces a second are smooth enough, and cheap.
            let count = wanted.min(usize::try_from(rate / 20).unwrap_or(usize::MAX).max(1));
            (count, Box::pin(sleep_until(connection.pass(count as u64, rate))))
        });
        let count = *count;
        ready!(pause.as_mut().poll(context));
        self.pause = None;
        Poll::Ready(count)
    }

    fn finish_at_cut(&mut self, cut: Cut) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        match cut {
            Cut::Reset => {
                self.connection.end(End::Reset);
                Poll::Pending
            }
            Cut::Stall => Poll::Pending,
            Cut::End => {
                self.in_flight = None;
                Poll::Ready(None)
            }
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        let body = self.get_mut();
        let mut limit = u64::MAX;
        if let Some((after, cut)) = body.delivery.cut {
            limit = after.saturating_sub(body.sent);
            if limit == 0 {
                return body.finish_at_cut(cut);
            }
        }
        match ready!(body.poll_piece(context)) {
            None => {
                body.in_flight = None;
                return Poll::Ready(None);
            }
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(())) => {}
        }
        let count = usize::try_from(limit).unwrap_or(usize::MAX).min(body.piece.len());
        let count = ready!(body.poll_bandwidth(context, count));
        let piece = body.piece.split_to(count);
        body.sent += count as u64;
        body.record.add_sent(count as u64);
        if body.promised == Some(body.sent) {
            body.in_flight = None;
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.delivery.is_faithful() && self.piece.is_empty() && self.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.promised {
            Some(length) => SizeHint::with_exact(length.saturating_sub(self.sent)),
            None => SizeHint::default(),
        }
    }
}
