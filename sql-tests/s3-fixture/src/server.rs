//! The life of a request: written down, read to its end, delayed, befallen by faults, answered by S3, sent.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use s3s::service::S3Service;
use tokio::net::TcpListener;

use crate::conditions::ConditionsIgnored;
use crate::connection::{self, Connection, End};
use crate::faults::{Fault, Framing, Hook, RuleBook};
use crate::reads::RangeLie;
use crate::reply::{Cut, Delivery, ReplyBody};
use crate::request_log::{InFlight, OpenRecord, RequestLog, RequestRecord};

/// What can be set while the server runs.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    latency_microseconds: AtomicU64,
    /// 0 stands for no limit.
    bytes_per_second: AtomicU64,
}

impl Settings {
    pub fn set_latency(&self, latency: Duration) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latency_microseconds.store(microseconds, Ordering::Relaxed);
    }

    pub fn set_bandwidth(&self, bytes_per_second: Option<u64>) {
        self.bytes_per_second
            .store(bytes_per_second.map_or(0, |rate| rate.max(1)), Ordering::Relaxed);
    }

    fn latency(&self) -> Duration {
        Duration::from_micros(self.latency_microseconds.load(Ordering::Relaxed))
    }

    fn bandwidth(&self) -> Option<u64> {
        Some(self.bytes_per_second.load(Ordering::Relaxed)).filter(|rate| *rate > 0)
    }
}

/// The server between the network and the S3 operations.
#[derive(Debug)]
pub(crate) struct Server {
    pub s3: S3Service,
    pub log: Arc<RequestLog>,
    pub rules: RuleBook,
    pub settings: Settings,
}

/// An answer before its body is on its way.
type Answer = Response<s3s::Body>;

impl Server {
    /// Accepts connections for ever.
    pub async fn run(self: Arc<Self>, listener: TcpListener) {
        loop {
            // A connection that was gone before it was accepted is no reason to stop.
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            // Small answers go out at once.
            drop(stream.set_nodelay(true));
            let connection = Arc::new(Connection::default());
            let (server, shared) = (self.clone(), connection.clone());
            let service = hyper::service::service_fn(move |request| {
                let (server, connection) = (server.clone(), shared.clone());
                let answered: BoxFuture<'static, Result<_, Infallible>> =
                    async move { Ok(server.answer(connection, request).await) }.boxed();
                answered
            });
            tokio::spawn(connection::serve(stream, connection, service));
        }
    }

    async fn answer(&self, connection: Arc<Connection>, request: Request<Incoming>) -> Response<ReplyBody> {
        let (parts, body) = request.into_parts();
        let (record, in_flight) = self.log.begin(&parts);
        let fate = self.rules.fate(&record.read());
        let Ok(body) = self.receive(body, &connection, &record).await else {
            // The client broke off; HTTP notices it too and ends the connection.
            return pending().await;
        };
        tokio::time::sleep(self.settings.latency()).await;
        for hook in fate.before {
            run_hook(hook, record.read()).await;
        }
        let request = Request::from_parts(parts, s3s::Body::from(body));
        let answer = match self.obey(request, fate.fault.as_ref()).await {
            Obeyed::Answered(answer) => answer,
            Obeyed::Dropped(end) => return hang_up(&connection, end, in_flight).await,
        };
        for hook in fate.applied {
            run_hook(hook, record.read()).await;
        }
        if fate.fault == Some(Fault::ApplyThenDropReply) {
            return hang_up(&connection, End::Close, in_flight).await;
        }
        record.set_status(answer.status());
        self.send(answer, fate.fault.as_ref(), connection, (record, in_flight))
    }

    /// Reads a request's body to its end, at the bandwidth that is set.
    async fn receive(
        &self,
        mut body: Incoming,
        connection: &Connection,
        record: &OpenRecord,
    ) -> Result<Bytes, hyper::Error> {
        let mut received = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            record.add_received(data.len() as u64);
            received.extend_from_slice(&data);
            if let Some(rate) = self.settings.bandwidth() {
                tokio::time::sleep_until(connection.pass(data.len() as u64, rate)).await;
            }
        }
        Ok(received.freeze())
    }

    /// Lets S3 answer, unless a fault keeps the request from it.
    async fn obey(&self, mut request: Request<s3s::Body>, fault: Option<&Fault>) -> Obeyed {
        match fault {
            Some(Fault::ResetBeforeHeaders) => return Obeyed::Dropped(End::Reset),
            Some(Fault::DropRequest) => return Obeyed::Dropped(End::Close),
            Some(Fault::Status { code, s3_code }) => {
                let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return Obeyed::Answered(error_answer(status, s3_code));
            }
            Some(Fault::ErrorInOkBody) => return Obeyed::Answered(error_answer(StatusCode::OK, "InternalError")),
            Some(Fault::IgnoreRange) => {
                request.extensions_mut().insert(RangeLie::Ignore);
            }
            Some(Fault::IgnoreConditions) => {
                request.extensions_mut().insert(ConditionsIgnored);
            }
            Some(Fault::WrongContentRange { shift }) => {
                request.extensions_mut().insert(RangeLie::Shift(*shift));
            }
            _ => {}
        }
        let answered = self.s3.call(request).await;
        Obeyed::Answered(answered.unwrap_or_else(|_| error_answer(StatusCode::INTERNAL_SERVER_ERROR, "InternalError")))
    }

    fn send(
        &self,
        answer: Answer,
        fault: Option<&Fault>,
        connection: Arc<Connection>,
        counted: (Arc<OpenRecord>, InFlight),
    ) -> Response<ReplyBody> {
        let (mut parts, source) = answer.into_parts();
        let stated = parts
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        let whole: Option<u64> = if source.is_end_stream() {
            Some(0)
        } else {
            stated.or(source.size_hint().exact())
        };
        let mut promised = whole;
        let mut delivery = Delivery {
            bytes_per_second: self.settings.bandwidth(),
            ..Delivery::default()
        };
        match fault {
            Some(Fault::ResetMidBody { after_bytes }) => delivery.cut = Some((*after_bytes, Cut::Reset)),
            Some(Fault::Stall { after_bytes }) => delivery.cut = Some((*after_bytes, Cut::Stall)),
            Some(Fault::TruncateCleanly { after_bytes, framing }) => {
                delivery.cut = Some((*after_bytes, Cut::End));
                promised = match framing {
                    Framing::Length => whole.map(|whole| whole.min(*after_bytes)),
                    Framing::Chunked => None,
                };
            }
            Some(Fault::ExtraBytes { count }) => {
                delivery.extra_bytes = *count;
                promised = whole.map(|whole| whole + count);
            }
            _ => {}
        }
        if promised != whole {
            parts.headers.remove(CONTENT_LENGTH);
            match promised {
                Some(length) => drop(parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length))),
                None => drop(
                    parts
                        .headers
                        .insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
                ),
            }
        }
        Response::from_parts(parts, ReplyBody::new(source, promised, delivery, connection, counted))
    }
}

enum Obeyed {
    Answered(Answer),
    Dropped(End),
}

/// Ends the connection in place of an answer.
async fn hang_up<T>(connection: &Connection, end: End, in_flight: InFlight) -> T {
    drop(in_flight);
    connection.end(end);
    pending().await
}

/// Hooks may wait (for a process to die, say), so they have a thread of their own.
async fn run_hook(hook: Hook, record: RequestRecord) {
    if let Err(error) = tokio::task::spawn_blocking(move || hook(&record)).await
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

fn error_answer(status: StatusCode, code: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Error><Code>{code}</Code><Message>injected by the test</Message></Error>"
    );
    let mut answer = Response::new(s3s::Body::from(body));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    answer
}
