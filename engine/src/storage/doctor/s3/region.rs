//! Whether requests are signed for the region that the bucket is in.

use futures::FutureExt;

use super::road::listing;
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::exchange::Answer;
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::reach::greet;
use crate::storage::doctor::site::Site;

pub(super) const CHECK: Check = Check {
    step: "region",
    run: |site| region(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: "the store does not answer a listing: try again, or look at the store's own log",
};

/// The codes by which S3 says that a request came to, or was signed for, another region.
const ELSEWHERE: &[&str] = &[
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
];

async fn region(site: &mut Site) -> Verdict {
    let listing = listing(site).await;
    let greeting = greet(site).await.ok();
    let Some(road) = &site.road else {
        return Verdict::skipped("the settings are not known");
    };
    let ours = &road.bucket.region;
    let works = matches!(&*listing, Ok(answer) if answer.status.is_success());
    let answers = [listing.as_ref().as_ref().ok(), greeting.as_deref()];
    let theirs = answers.iter().flatten().find_map(|answer| answer.refusal().region);
    let sent_away = answers.iter().flatten().any(|answer| is_sent_away(answer));
    match theirs {
        Some(theirs) if theirs == ours.value => Verdict::passed(format!("the bucket is in \"{theirs}\"")),
        Some(theirs) if works => Verdict::passed(format!(
            "the store calls its region \"{theirs}\", and takes what is signed for \"{}\"",
            ours.value
        )),
        Some(theirs) => Verdict::failed(
            format!(
                "the bucket is in \"{theirs}\", and requests are signed for \"{}\"",
                ours.value
            ),
            format!(
                "set AWS_REGION={theirs}, or `region = \"{theirs}\"` under [storage.buckets.\"{}\"] (now from {})",
                site.location.store_name(),
                ours.by
            ),
        ),
        None if sent_away && !works => Verdict::failed(
            format!(
                "the store sends requests for \"{}\" elsewhere, and does not say where",
                ours.value
            ),
            format!(
                "set the bucket's own region, and its endpoint; now the region is from {}",
                ours.by
            ),
        ),
        None => Verdict::passed(format!(
            "requests are signed for \"{}\", and nobody objects",
            ours.value
        )),
    }
}

fn is_sent_away(answer: &Answer) -> bool {
    answer.status.is_redirection() || ELSEWHERE.contains(&answer.code().as_str())
}
