//! One request and its answer as they are: nothing is repeated, followed or checked.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use object_store::client::{HttpRequest, HttpRequestBody, HttpService};

use super::site::Site;
use crate::error::Error;
use crate::storage::refusal::Refusal;

/// How much of an answer is read.
const LARGEST_ANSWER_BYTES: usize = 1024 * 1024;

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// When its first byte had come, in microseconds since the Unix epoch by this machine's clock.
    pub(super) received: i64,
}

/// Why there is no answer.
pub(super) enum Unanswered {
    /// The request could not be signed, or the client not be made.
    Unsent(Error),
    /// The connection failed: the innermost cause in its own words, which name neither URL nor headers.
    Broken(String),
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What S3 says in refusing; of a success, the status alone.
    pub(super) fn refusal(&self) -> Refusal {
        Refusal::read(self.status, &self.headers, &self.text())
    }

    /// The service's own word for the reason of a refusal; empty if there is none.
    pub(super) fn code(&self) -> String {
        self.refusal().code.unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Unanswered {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Unsent(error) => error.message().to_owned(),
            Self::Broken(words) => words.clone(),
        }
    }
}

/// Sends `request` through the client that queries use, and waits for the whole answer.
pub(super) async fn send(site: &Site, request: HttpRequest) -> Result<Answer, Unanswered> {
    let client = site.network.client().await.map_err(Unanswered::Unsent)?;
    let answer = HttpService::call(client, request)
        .await
        .map_err(|cause| Unanswered::Broken(innermost(&cause)))?;
    let received = (site.clock)();
    let (parts, mut body) = answer.into_parts();
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|cause| Unanswered::Broken(innermost(&cause)))?;
        read.extend_from_slice(&frame.into_data().unwrap_or_default());
        if read.len() > LARGEST_ANSWER_BYTES {
            break;
        }
    }
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body: read.freeze(),
        received,
    })
}

/// A request for `url`, without body and headers.
pub(super) fn request(method: Method, url: &str, body: HttpRequestBody) -> Result<HttpRequest, Unanswered> {
    let request = http::Request::builder().method(method).uri(url).body(body);
    request.map_err(|cause| Unanswered::Broken(cause.to_string()))
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
