//! The steps for `http://` and `https://`: is the server there, and can parts of the file be read.

use futures::FutureExt;
use http::StatusCode;
use url::Url;

use super::check::{Check, OnFailure};
use super::exchange::Answer;
use super::finding::Verdict;
use super::reach::{ADDRESS, TLS, greet};
use super::site::{Service, Site};
use crate::storage::location::Location;
use crate::storage::secret::Secret;

/// Every step, in the order in which they build on each other.
pub(super) const CHECKS: &[Check] = &[
    ADDRESS,
    TLS,
    Check {
        step: "range",
        run: |site| range(site).boxed(),
        on_failure: OnFailure::GoOn,
        if_silent: "the server accepts connections and then says nothing: check the port",
    },
];

/// The server of a location on the web; nothing for other locations.
pub(super) fn service(location: &Location) -> Option<Service> {
    if !["http", "https"].contains(&location.scheme()) {
        return None;
    }
    let root = Url::parse(&location.address()).ok()?;
    let mut hello = root.clone();
    hello.set_path(location.path().as_ref());
    hello.set_query(location.query().map(Secret::reveal));
    Some(Service {
        root,
        hello,
        told_by: "the URL".to_owned(),
        for_plain_http: String::new(),
    })
}

async fn range(site: &mut Site) -> Verdict {
    match greet(site).await {
        Ok(answer) => judge(&answer, &site.location),
        Err(unanswered) => Verdict::failed(
            format!("no answer to a request: {}", unanswered.words()),
            "check that the port is that of a web server, and whether it wants http:// or https://",
        ),
    }
}

fn judge(answer: &Answer, location: &Location) -> Verdict {
    match answer.status {
        StatusCode::PARTIAL_CONTENT => Verdict::passed("the server sends parts of the file when asked for them"),
        StatusCode::OK => Verdict::failed(
            "the server sends the whole file when asked for a part",
            "queries read parts of files and refuse such an answer: use a server that does ranges (RFC 9110, §14), or \
             download the file",
        ),
        StatusCode::RANGE_NOT_SATISFIABLE => Verdict::warning("the file is empty", "check that it is the one you mean"),
        StatusCode::NOT_FOUND => Verdict::failed(
            format!("there is nothing at \"{location}\" (404)"),
            "check the spelling; a directory cannot be read from a web server: name its files",
        ),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Verdict::failed(
            format!("the server does not give the file to us ({})", answer.status),
            "use a signed URL, or a store with credentials: Owlet sends none to web servers",
        ),
        status if status.is_redirection() => Verdict::warning(
            format!("the server sends us elsewhere ({status})"),
            "queries follow up to five such answers; naming the final address saves a request each",
        ),
        status => Verdict::failed(format!("the server answers {status}"), "look at the server's own log"),
    }
}
