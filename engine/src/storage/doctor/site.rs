//! What the steps of an examination know of the place that they examine.

use std::sync::Arc;

use url::Url;

use super::exchange::Answer;
use super::finding::Terms;
use super::s3::Road;
use crate::storage::location::Location;
use crate::storage::network::Network;
use crate::storage::process::Storage;

/// A place, and what has been learnt about it.
pub(super) struct Site {
    pub(super) location: Location,
    pub(super) network: Arc<Network>,
    /// The road that queries take.
    pub(super) storage: Storage,
    pub(super) terms: Terms,
    /// Microseconds since the Unix epoch, by this machine's clock.
    pub(super) clock: fn() -> i64,
    /// What tells this examination's object from another's.
    pub(super) id: String,
    /// The server to speak to, once it is known.
    pub(super) service: Option<Service>,
    /// What the service says to somebody without credentials.
    pub(super) greeting: Option<Arc<Answer>>,
    /// How the bucket of S3 is reached, once its settings are known to make sense.
    pub(super) road: Option<Road>,
    /// The key of the object that may have been written and not yet deleted.
    pub(super) written: Option<String>,
}

/// A server and how it came to be the one.
#[derive(Clone)]
pub(super) struct Service {
    /// Scheme, host and port.
    pub(super) root: Url,
    /// What is asked first. Its query may be a signature and is not shown.
    pub(super) hello: Url,
    /// Who said that this is the server, such as `the variable AWS_ENDPOINT_URL`.
    pub(super) told_by: String,
    /// What else must be set if it is to be reached without TLS.
    pub(super) for_plain_http: String,
}

impl Service {
    pub(super) fn is_encrypted(&self) -> bool {
        self.root.scheme() == "https"
    }

    /// Host and port, as a socket wants them.
    pub(super) fn host_and_port(&self) -> (String, u16) {
        let host = self.root.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (host.to_owned(), self.root.port_or_known_default().unwrap_or_default())
    }

    /// The same server under the other of the schemes `http` and `https`, at the same port.
    pub(super) fn under_other_scheme(&self) -> Self {
        let scheme = if self.is_encrypted() { "http" } else { "https" };
        let port = self.root.port_or_known_default();
        let changed = |url: &Url| {
            let mut url = url.clone();
            // These fail for schemes without hosts alone, which this is not. The port goes first: a default one is forgotten.
            let _ = url.set_scheme(scheme);
            let _ = url.set_port(port);
            url
        };
        Self {
            root: changed(&self.root),
            hello: changed(&self.hello),
            ..self.clone()
        }
    }

    /// Scheme, host and port as a user writes them.
    pub(super) fn shown(&self) -> String {
        self.root.as_str().trim_end_matches('/').to_owned()
    }
}
