//! Whether the bucket is there.

use futures::FutureExt;
use http::StatusCode;

use super::page::texts;
use super::road::{Asked, ask_at, listing};
use crate::name::nearest;
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::site::Site;
use crate::storage::refusal::NO_BUCKET;

pub(super) const CHECK: Check = Check {
    step: "bucket",
    run: |site| bucket(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: "the store does not answer: try again, or look at the store's own log",
};

/// How many buckets are named.
const SHOWN_BUCKETS: usize = 10;

async fn bucket(site: &mut Site) -> Verdict {
    let listing = listing(site).await;
    let Ok(answer) = &*listing else {
        return Verdict::skipped("the store does not answer");
    };
    let name = site.location.bucket();
    if answer.status != StatusCode::NOT_FOUND && !NO_BUCKET.contains(&answer.code().as_str()) {
        return Verdict::passed(format!("there is a bucket \"{name}\""));
    }
    let seen = format!("there is no bucket \"{name}\" ({})", answer.refusal());
    let buckets = buckets(site).await;
    let advice = match nearest(name, buckets.iter().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "check its spelling, and that the endpoint is that of the store that has it".to_owned(),
    };
    let verdict = Verdict::failed(seen, advice);
    if buckets.is_empty() {
        return verdict;
    }
    let shown = buckets
        .iter()
        .take(SHOWN_BUCKETS)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let rest = if buckets.len() > SHOWN_BUCKETS { ", …" } else { "" };
    verdict.with([format!("buckets of this key: {shown}{rest}")])
}

/// The buckets that the credentials may see; none if they may not see that.
async fn buckets(site: &Site) -> Vec<String> {
    let Some(service) = &site.service else {
        return Vec::new();
    };
    match ask_at(site, service.root.to_string(), Asked::get("")).await {
        Ok(answer) if answer.status.is_success() => texts(&answer.text(), "Bucket")
            .iter()
            .filter_map(|bucket| texts(bucket, "Name").into_iter().next())
            .collect(),
        _ => Vec::new(),
    }
}
