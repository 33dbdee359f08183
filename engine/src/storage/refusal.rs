//! The failures that storage itself finds, as they travel inside `object_store`'s and DataFusion's errors.
//!
//! `object_store` keeps the status and the body of a refused request to itself, so the service turns a refusal into a
//! [`Refusal`] that [`super::failure`] finds again at the end of the chain of causes. None of these carries a secret.

use std::fmt;

use http::{HeaderMap, StatusCode, header};
use object_store::client::{HttpError, HttpErrorKind};

use super::secret::Secret;

/// The server understood a request and will not do it. Asking again is pointless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// The service's own word for the reason, such as `AccessDenied`.
    pub(super) code: Option<String>,
    /// The service's sentence about it.
    pub(super) message: Option<String>,
    /// The region that the bucket is in, if the server says so.
    pub(super) region: Option<String>,
    /// Where the server sends us instead.
    pub(super) redirect: Option<Secret>,
}

impl Refusal {
    /// Reads what S3, Azure and Google put into headers and error documents.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &str) -> Self {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        Self {
            status,
            code: element(body, "Code").or_else(|| header("x-ms-error-code")),
            message: element(body, "Message").map(|message| without_keys(&message)),
            region: header("x-amz-bucket-region").or_else(|| element(body, "Region")),
            redirect: header(header::LOCATION.as_str()).map(Secret::new),
        }
    }

    /// Whether the credentials, not the permission, may be at fault, and newer ones may help.
    pub(super) fn may_be_stale_credentials(&self) -> bool {
        let denied = [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&self.status);
        match self.code.as_deref() {
            // A key that was deleted when another was made is not known any more.
            Some(code) => denied && (STALE_CREDENTIALS.contains(&code) || code == "InvalidAccessKeyId"),
            // The answer to a HEAD has no body to say why.
            None => denied,
        }
    }

    pub(super) fn into_http(self) -> HttpError {
        HttpError::new(HttpErrorKind::Unknown, self)
    }
}

/// The codes by which S3 says that credentials were good once, or that their signature has aged.
pub(super) const STALE_CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidToken",
    "TokenRefreshRequired",
];

/// The codes by which S3, Azure and Google say that there is no such bucket.
pub(super) const NO_BUCKET: &[&str] = &["NoSuchBucket", "ContainerNotFound", "InvalidBucketName"];

/// A server may quote what it was sent, keys and signatures among it: words that look like one are left out.
fn without_keys(message: &str) -> String {
    let is_key = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let of_keys = word.chars().all(|c| c.is_ascii_alphanumeric() || "/+=_-.".contains(c));
        let mixed = word.contains(|c: char| c.is_ascii_uppercase())
            && word.contains(|c: char| c.is_ascii_digit() || "/+".contains(c));
        word.contains("Credential=") || word.contains("Signature=") || (of_keys && mixed && word.len() >= 16)
    };
    let words = message
        .split_whitespace()
        .map(|word| if is_key(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.status.as_str())?;
        match (&self.code, self.status.canonical_reason()) {
            (Some(code), _) => write!(f, " {code}")?,
            (None, Some(reason)) => write!(f, " {reason}")?,
            (None, None) => {}
        }
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

/// The server's answer is not an answer to what was asked: other bytes, or more, or fewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrongAnswer(pub(super) String);

impl fmt::Display for WrongAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongAnswer {}

/// An object is not the one that this query began to read. The location is empty where only the service knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) location: String,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" changed or was deleted while the query read it",
            self.location
        )
    }
}

impl std::error::Error for Changed {}

/// A store's failure together with the object that it concerns.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) location: String,
    pub(super) cause: object_store::Error,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.location)
    }
}

impl std::error::Error for Located {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// The text of the first `<name>` element of an error document, at most 200 characters, entities left as they are.
pub(super) fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_a_server_quotes_are_left_out() {
        let message = "The key AKIATESTKEY123456 with SeCrEtVaLuE/abc+def is wrong: Credential=AKIA/2026 Signature=ab, see HostId";
        assert_eq!(without_keys(message), "The key … with … is wrong: … … see HostId");
    }
}
