//! The HTTP service of one query: every request of its stores passes here, and nothing else does.
//!
//! It counts, waits only so long, and lets through only answers to what was asked. `object_store` above it retries; what
//! must not be retried leaves here as an error that it does not retry.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, response};
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};

use super::access::{Access, holds};
use super::body::CheckedBody;
use super::etag;
use super::listing;
use super::location::Location;
use super::network::Network;
use super::range::body_length;
use super::refusal::{Changed, NO_BUCKET, Refusal, WrongAnswer};
use super::usage::{Meter, RequestKind};
use crate::error::Error;

/// The largest answer that is read at once: a page of a listing has at most a thousand names of a kilobyte.
const LARGEST_DOCUMENT_BYTES: usize = 64 * 1024 * 1024;
/// How much of an answer that cannot be used is read.
const LARGEST_DISCARDED_BYTES: usize = 1024 * 1024;
/// How much of an error document is read.
const LARGEST_ERROR_BYTES: usize = 64 * 1024;

/// The service of one query, over the network of the process.
#[derive(Clone, Debug)]
pub(super) struct QueryService {
    pub(super) network: Arc<Network>,
    pub(super) access: Access,
    pub(super) meter: Arc<Meter>,
    /// What the query may reach beside what its principal may.
    pub(super) permitted: Arc<Mutex<Vec<Location>>>,
}

impl QueryService {
    /// Fails with `PERMISSION_DENIED` if the query may not reach `location`.
    pub(super) fn check(&self, location: &Location) -> crate::error::Result<()> {
        let permitted = self.permitted.lock().unwrap_or_else(PoisonError::into_inner);
        if permitted.iter().any(|prefix| holds(prefix, location)) {
            return Ok(());
        }
        self.network.remote.check(self.access, location)
    }
}

/// Gives one service to a store's builder, whatever options the builder has.
#[derive(Clone, Debug)]
pub(super) struct Connector<S>(pub(super) S);

impl<S: HttpService + Clone> HttpConnector for Connector<S> {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

#[async_trait]
impl HttpService for QueryService {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let exchange = Exchange::new(self, &request);
        match exchange.run(request.clone()).await {
            // A cache in between may have spoken. A server that means it says it again.
            Err(Failure::Wrong(_)) => exchange.again(request).await,
            Err(Failure::Http(failure)) => Err(failure),
            Ok(answer) => Ok(answer),
        }
    }
}

enum Failure {
    Http(HttpError),
    Wrong(WrongAnswer),
}

impl From<HttpError> for Failure {
    fn from(failure: HttpError) -> Self {
        Self::Http(failure)
    }
}

/// One request and its answers.
struct Exchange<'a> {
    service: &'a QueryService,
    kind: RequestKind,
    /// The request as the meter knows it. A GET that goes on in the middle of an object is the same request again.
    name: String,
    headers: HeaderMap,
    query: String,
}

impl<'a> Exchange<'a> {
    fn new(service: &'a QueryService, request: &HttpRequest) -> Self {
        Self {
            service,
            kind: kind_of(request),
            name: format!("{} {}", request.method(), request.uri()),
            headers: request.headers().clone(),
            query: request.uri().query().unwrap_or_default().to_owned(),
        }
    }

    async fn again(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.service.meter.failed(&self.name);
        self.run(request).await.map_err(|failure| match failure {
            Failure::Http(failure) => failure,
            Failure::Wrong(wrong) => HttpError::new(HttpErrorKind::Decode, wrong),
        })
    }

    async fn run(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let answer = self.send(request).await?;
        let (parts, body) = answer.into_parts();
        if !parts.status.is_success() {
            return Ok(self.refused(parts, body).await?);
        }
        match self.kind {
            RequestKind::Head => Ok(HttpResponse::from_parts(parts, Bytes::new().into())),
            RequestKind::Get => match self.length(&parts) {
                Ok(length) => Ok(self.checked(parts, body, length)),
                Err(failure) => {
                    // What is short is read to its end, so that the connection serves again and both sides count the same.
                    drop(self.document(body, LARGEST_DISCARDED_BYTES).await);
                    Err(failure)
                }
            },
            // What is read whole anyway is read here, where a failure can still be repeated.
            _ => {
                let document = self.document(body, LARGEST_DOCUMENT_BYTES).await?;
                if self.kind == RequestKind::List {
                    listing::check(&document, &self.query).map_err(Failure::Wrong)?;
                }
                Ok(HttpResponse::from_parts(parts, document.into()))
            }
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let QueryService { network, meter, .. } = self.service;
        let client = network.client().await.map_err(unsent)?;
        // Held until the answer begins and no longer: a reader may keep a body open while it waits for another one.
        let _permit = network
            .in_flight
            .acquire()
            .await
            .map_err(|cause| HttpError::new(HttpErrorKind::Unknown, cause))?;
        let bytes = request.body().content_length() as u64;
        meter.started(&self.name);
        meter.count(self.kind);
        meter.wrote(bytes);
        let answer =
            tokio::time::timeout(network.patience().for_bytes(bytes), HttpService::call(client, request)).await;
        let failure = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => failure,
            Err(elapsed) => HttpError::new(HttpErrorKind::Timeout, elapsed),
        };
        if failure.kind() == HttpErrorKind::Connect {
            meter.uncount(self.kind, bytes);
        } else {
            meter.failed(&self.name);
        }
        Err(failure)
    }

    /// The length that the body must have; an error if it is the body of something else.
    fn length(&self, answer: &response::Parts) -> Result<u64, Failure> {
        if let Some(changed) = self.other_version(&answer.headers) {
            return Err(HttpError::new(HttpErrorKind::Decode, changed).into());
        }
        body_length(&self.headers, answer).map_err(Failure::Wrong)
    }

    fn checked(&self, mut parts: response::Parts, body: HttpResponseBody, length: u64) -> HttpResponse {
        // A body in chunks has no length of its own, and object_store wants one.
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        let (patience, meter) = (self.service.network.patience(), Arc::clone(&self.service.meter));
        let body = CheckedBody::new(body, Some(length), patience, meter, self.name.clone());
        HttpResponse::from_parts(parts, HttpResponseBody::new(body))
    }

    /// A server that ignores `If-Match` sends what it has: its ETag says that it is another version.
    fn other_version(&self, answer: &HeaderMap) -> Option<Changed> {
        let text = |headers: &HeaderMap, name| {
            headers
                .get(name)
                .and_then(|tag: &HeaderValue| tag.to_str().ok().map(str::to_owned))
        };
        let (asked, sent) = (text(&self.headers, header::IF_MATCH)?, text(answer, header::ETAG)?);
        (!etag::same(&asked, &sent)).then(Changed::default)
    }

    /// An answer that says no. What `object_store` understands goes on as it is; the rest becomes a [`Refusal`].
    async fn refused(&self, parts: response::Parts, body: HttpResponseBody) -> Result<HttpResponse, HttpError> {
        // A document that breaks off is no reason to forget the status.
        let document = self.document(body, LARGEST_ERROR_BYTES).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&document);
        if may_be_repeated(parts.status) {
            self.service.meter.failed(&self.name);
        } else {
            let refusal = Refusal::read(parts.status, &parts.headers, &text);
            if !self.object_store_understands(&refusal) {
                return Err(refusal.into_http());
            }
        }
        Ok(HttpResponse::from_parts(parts, text.into_owned().into()))
    }

    fn object_store_understands(&self, refusal: &Refusal) -> bool {
        match refusal.status {
            StatusCode::NOT_MODIFIED | StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => true,
            StatusCode::NOT_FOUND => {
                self.kind != RequestKind::List && !refusal.code.as_deref().is_some_and(|code| NO_BUCKET.contains(&code))
            }
            _ => false,
        }
    }

    async fn document(&self, body: HttpResponseBody, limit: usize) -> Result<Bytes, HttpError> {
        let QueryService { network, meter, .. } = self.service;
        let mut body = CheckedBody::new(body, None, network.patience(), Arc::clone(meter), self.name.clone());
        let mut document = BytesMut::new();
        while let Some(frame) = body.frame().await {
            if let Ok(chunk) = frame?.into_data() {
                document.extend_from_slice(&chunk);
            }
            if document.len() > limit {
                let wrong = WrongAnswer(format!("the server's answer is longer than {limit} bytes"));
                return Err(HttpError::new(HttpErrorKind::Decode, wrong));
            }
        }
        Ok(document.freeze())
    }
}

/// Statuses after which `object_store` sends a request again. It would repeat every 5xx; these two will not get better.
fn may_be_repeated(status: StatusCode) -> bool {
    const LASTING: [StatusCode; 2] = [StatusCode::NOT_IMPLEMENTED, StatusCode::HTTP_VERSION_NOT_SUPPORTED];
    const PASSING: [StatusCode; 2] = [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT];
    PASSING.contains(&status) || (status.is_server_error() && !LASTING.contains(&status))
}

fn unsent(cause: Error) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, cause)
}

fn kind_of(request: &HttpRequest) -> RequestKind {
    match *request.method() {
        Method::HEAD => RequestKind::Head,
        Method::POST => RequestKind::Post,
        Method::DELETE => RequestKind::Delete,
        Method::GET => {
            let query = request.uri().query().unwrap_or_default();
            let lists = query
                .split('&')
                .any(|pair| pair == "list-type=2" || pair == "comp=list");
            if lists { RequestKind::List } else { RequestKind::Get }
        }
        ref method if method.as_str() == "PROPFIND" => RequestKind::List,
        _ => RequestKind::Put,
    }
}
