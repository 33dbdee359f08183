//! Whether the bucket's name stands where the store looks for it: in the path of the URL, or in the host's name.

use std::net::IpAddr;

use futures::FutureExt;
use http::StatusCode;

use super::road::{Asked, ask_at, listing, road};
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::exchange::{Answer, Unanswered};
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::site::Site;

pub(super) const CHECK: Check = Check {
    step: "path-style",
    run: |site| style(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: "the host with the bucket's name in it does not answer: set `path_style = true` for the bucket",
};

async fn style(site: &mut Site) -> Verdict {
    let asked = listing(site).await;
    let Some(in_path) = site.road.as_ref().map(|road| road.in_path) else {
        return Verdict::skipped("the settings are not known");
    };
    if !is_doubtful(&asked) {
        return Verdict::passed(format!("the store takes the bucket's name in the {}", place(in_path)));
    }
    let other = other_way(site, !in_path).await;
    if matches!(&other, Some(Ok(answer)) if is_listing(answer)) {
        let advice = format!(
            "set `path_style = {}` under [storage.buckets.\"{}\"]",
            !in_path,
            site.location.store_name()
        );
        let seen = format!(
            "the store wants the bucket's name in the {}, not in the {}",
            place(!in_path),
            place(in_path)
        );
        return Verdict::failed(seen, advice);
    }
    match &*asked {
        Ok(_) => Verdict::passed(format!("no other answer than with the name in the {}", place(in_path))),
        Err(unanswered) => Verdict::failed(
            format!(
                "no answer with the bucket's name in the {}: {}",
                place(in_path),
                unanswered.words()
            ),
            "check `path_style` and the endpoint of the bucket",
        ),
    }
}

/// Whether the answer may come from looking for the bucket in the wrong place.
fn is_doubtful(asked: &Result<Answer, Unanswered>) -> bool {
    const DOUBTFUL: [StatusCode; 4] = [
        StatusCode::OK,
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
    ];
    match asked {
        Ok(answer) => !is_listing(answer) && (DOUBTFUL.contains(&answer.status) || answer.code().is_empty()),
        Err(_) => true,
    }
}

/// Without a bucket's name a store lists its buckets, with status 200.
fn is_listing(answer: &Answer) -> bool {
    answer.status.is_success() && answer.text().contains("<ListBucketResult")
}

/// What the store says to the other way; nothing if there is none, as with an address in place of a name.
async fn other_way(site: &Site, in_path: bool) -> Option<Result<Answer, Unanswered>> {
    let host = site.service.as_ref()?.host_and_port().0;
    if !in_path && host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let query = [("list-type", "2"), ("max-keys", "1")];
    let url = road(site).ok()?.url(&site.location, in_path, "", &query).ok()?;
    Some(ask_at(site, url, Asked::get("")).await)
}

fn place(in_path: bool) -> &'static str {
    if in_path { "path" } else { "host's name" }
}
