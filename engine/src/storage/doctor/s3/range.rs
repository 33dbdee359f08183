//! Whether parts of an object can be read, and whether the version that is meant can be demanded.

use futures::FutureExt;
use http::{HeaderMap, HeaderValue, StatusCode, header, response};

use super::road::{Asked, ask};
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::exchange::Answer;
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::site::Site;
use crate::storage::range::body_length;

pub(super) const CHECK: Check = Check {
    step: "range",
    run: |site| range(site).boxed(),
    on_failure: OnFailure::GoOn,
    if_silent: "reading a few bytes takes too long: try a longer --timeout, or look at the store's own log",
};

/// An ETag that no object has.
const NO_VERSION: &str = "\"owlet-doctor-no-such-version\"";

async fn range(site: &mut Site) -> Verdict {
    let Some(object) = site.road.as_ref().and_then(|road| road.object.clone()) else {
        return Verdict::skipped("no object with bytes in it was found to read from");
    };
    let last = object.size.saturating_sub(1).min(16);
    // Not from the first byte on, where a server that ignores the range could be right by chance.
    let wanted = format!("bytes={}-{last}", last.min(1));
    let asked = Asked {
        headers: &[(header::RANGE, &wanted)],
        ..Asked::get(&object.key)
    };
    let answer = match ask(site, asked).await {
        Ok(answer) => answer,
        Err(unanswered) => {
            let advice = "try again, or look at the store's own log";
            return Verdict::failed(format!("no answer to a read: {}", unanswered.words()), advice);
        }
    };
    if !answer.status.is_success() {
        return refused(&answer, &object.key);
    }
    if let Err(wrong) = is_range(&wanted, &answer) {
        return Verdict::failed(
            format!("{wrong} (\"{}\")", object.key),
            "queries read parts of files and refuse such an answer: use a store, or a proxy before it, that does ranges \
             (RFC 9110, §14)",
        );
    }
    let seen = format!("{} bytes from the middle of \"{}\"", answer.body.len(), object.key);
    let has_etag = answer.headers.contains_key(header::ETAG);
    let asked = Asked {
        headers: &[(header::RANGE, &wanted), (header::IF_MATCH, NO_VERSION)],
        ..Asked::get(&object.key)
    };
    match ask(site, asked).await {
        Ok(answer) if answer.status == StatusCode::PRECONDITION_FAILED => {
            Verdict::passed(seen).with(["If-Match is obeyed: a query reads one version of each object".to_owned()])
        }
        Ok(answer) if answer.status.is_success() => unconditional(&seen, has_etag),
        Ok(answer) => Verdict::warning(
            format!("{seen}; a read with If-Match is refused: {}", answer.refusal()),
            "queries demand the version that they began with, and may fail here: use a newer version of the store",
        ),
        Err(unanswered) => Verdict::failed(
            format!("no answer to a read with If-Match: {}", unanswered.words()),
            "try again, or look at the store's own log",
        ),
    }
}

/// What is lost where the store does not obey `If-Match`: queries compare each answer with what they saw first.
fn unconditional(seen: &str, has_etag: bool) -> Verdict {
    let seen = format!("{seen}; the store ignores If-Match");
    if has_etag {
        let advice = "nothing must be changed: queries compare the ETag of every answer, and an object that changes while it \
                      is read is still an error, OBJECT_CHANGED";
        return Verdict::warning(seen, advice);
    }
    let advice = "there are no ETags either: a query notices a change by size and time to the second alone, so do not overwrite \
                  objects that are being read";
    Verdict::warning(seen, advice)
}

fn refused(answer: &Answer, key: &str) -> Verdict {
    let refusal = answer.refusal();
    let advice = match (refusal.code.as_deref(), answer.status) {
        (Some("InvalidObjectState"), _) => "the object is in an archive: restore it first",
        (_, StatusCode::FORBIDDEN) => {
            "listing is allowed and reading is not: allow s3:GetObject (and kms:Decrypt, if it is \
                                       encrypted so)"
        }
        (_, StatusCode::NOT_FOUND) => "it is listed and cannot be read: was it deleted just now?",
        _ => "look at the store's own log",
    };
    Verdict::failed(format!("\"{key}\" cannot be read: {refusal}"), advice)
}

/// Whether `answer` is the answer to a request for the range `wanted`, by the rule that queries have.
fn is_range(wanted: &str, answer: &Answer) -> Result<(), String> {
    let mut asked = HeaderMap::new();
    asked.insert(
        header::RANGE,
        HeaderValue::from_str(wanted).map_err(|cause| cause.to_string())?,
    );
    let (mut parts, ()): (response::Parts, ()) = http::Response::new(()).into_parts();
    parts.status = answer.status;
    parts.headers = answer.headers.clone();
    let length = body_length(&asked, &parts).map_err(|wrong| wrong.0)?;
    if length == answer.body.len() as u64 {
        return Ok(());
    }
    Err(format!(
        "the server sent {} bytes where it announced {length}",
        answer.body.len()
    ))
}
