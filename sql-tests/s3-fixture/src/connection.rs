//! One TCP connection: HTTP/1.1 on it, and its end when a fault wants one.
//!
//! A fault says that the connection shall end and how; it ends once everything written before has left this side, and
//! for a reset once it has also reached the other side (a reset throws away what has not).

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a reset waits for the client to take what was sent to it.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// TCP RST: the client's next read fails.
    Reset,
    /// TCP FIN: the client's next read finds the end.
    Close,
}

/// What the parts of one connection share.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    wanted: Mutex<Option<End>>,
    flushed: Notify,
    /// When the next byte of a body may pass, if the bandwidth is limited.
    next_byte: Mutex<Option<Instant>>,
}

impl Connection {
    /// Lets the connection end after what was written so far. The caller then says nothing more.
    pub fn end(&self, end: End) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }

    /// When a piece of `bytes` may pass at this rate, counted after all that passed on this connection before.
    pub fn pass(&self, bytes: u64, bytes_per_second: u64) -> Instant {
        let mut next = self.next_byte.lock().unwrap_or_else(PoisonError::into_inner);
        let start = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
        let duration = Duration::from_secs_f64(bytes as f64 / bytes_per_second.max(1) as f64);
        *next = Some(start + duration);
        start + duration
    }

    fn wanted(&self) -> Option<End> {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream under HTTP. It notices when everything that was written has been handed to the kernel.
pub(crate) struct Wire {
    stream: TokioIo<TcpStream>,
    connection: Arc<Connection>,
}

impl Wire {
    pub fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Self {
            stream: TokioIo::new(stream),
            connection,
        }
    }
}

impl Read for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl Write for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, buffer)
    }

    /// HTTP calls this when its own buffer is empty.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let flushed = Pin::new(&mut wire.stream).poll_flush(context);
        if flushed.is_ready() && wire.connection.wanted().is_some() {
            wire.connection.flushed.notify_one();
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, buffers)
    }
}

/// Serves one connection until either side ends it.
pub(crate) async fn serve<S, B>(stream: TcpStream, connection: Arc<Connection>, service: S)
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B> + Unpin,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let wire = Wire::new(stream, connection.clone());
    let mut http = hyper::server::conn::http1::Builder::new().serve_connection(wire, service);
    let ended = {
        let served = std::future::poll_fn(|context| http.poll_without_shutdown(context));
        let mut served = pin!(served);
        tokio::select! {
            biased;
            _ = &mut served => None,
            () = connection.flushed.notified() => connection.wanted(),
        }
    };
    let stream = http.into_parts().io.stream.into_inner();
    if ended == Some(End::Reset) {
        reset(stream).await;
    }
}

async fn reset(stream: TcpStream) {
    if let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) {
        let deadline = Instant::now() + DRAIN_LIMIT;
        while unacknowledged_bytes(local, peer).is_some_and(|bytes| bytes > 0) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    // If the client has closed already there is nobody to be told.
    drop(stream.set_zero_linger());
}

/// The bytes that were written to a connection and have not reached the other side, by the kernel's own table. Without
/// such a table (elsewhere than on Linux) a reset may cut off the last bytes.
fn unacknowledged_bytes(local: SocketAddr, peer: SocketAddr) -> Option<u64> {
    let table = std::fs::read_to_string("/proc/self/net/tcp").ok()?;
    let port = |address: &str| u16::from_str_radix(address.rsplit(':').next()?, 16).ok();
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (ours, theirs) = (port(fields.next()?)?, port(fields.next()?)?);
        let queues = fields.nth(1)?;
        let is_this = ours == local.port() && theirs == peer.port();
        if is_this {
            u64::from_str_radix(queues.split(':').next()?, 16).ok()
        } else {
            None
        }
    })
}
