//! Whether the store accepts the credentials, and lets them list.

use futures::FutureExt;
use http::StatusCode;

use super::credentials::shortened;
use super::road::{Road, listing};
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::exchange::Answer;
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::site::Site;
use crate::storage::refusal::STALE_CREDENTIALS;

pub(super) const CHECK: Check = Check {
    step: "permission",
    run: |site| permission(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: "the store does not answer a listing: try again, or look at the store's own log",
};

async fn permission(site: &mut Site) -> Verdict {
    let listing = listing(site).await;
    let Some(road) = &site.road else {
        return Verdict::skipped("the settings are not known");
    };
    match &*listing {
        Ok(answer) => judge(answer, road, site),
        Err(unanswered) => Verdict::failed(
            format!("no answer to a listing: {}", unanswered.words()),
            "try again, or look at the store's own log",
        ),
    }
}

fn judge(answer: &Answer, road: &Road, site: &Site) -> Verdict {
    const DENIED: [StatusCode; 3] = [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
    let refusal = answer.refusal();
    if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
        let advice = "queries repeat such requests for a while: if it lasts, look at the store's own log";
        return Verdict::failed(format!("the store is there, and fails: {refusal}"), advice);
    }
    if !DENIED.contains(&answer.status) {
        return Verdict::passed(match &road.held {
            Some(held) => format!("the store accepts the access key {}", shortened(held.key_id())),
            None => "the store answers without credentials".to_owned(),
        });
    }
    let Some(held) = &road.held else {
        let store = site.location.store_name();
        let advice = format!(
            "take `anonymous = true` away from [storage.buckets.\"{store}\"] and give credentials, or open the bucket to all"
        );
        return Verdict::failed(format!("the bucket is not open to everyone: {refusal}"), advice);
    };
    let key = shortened(held.key_id());
    let (seen, advice) = match refusal.code.as_deref().unwrap_or_default() {
        "InvalidAccessKeyId" => (
            format!("the store does not know the access key {key}"),
            format!(
                "check it where it comes from ({}): is it a key of this store, and still in force?",
                held.giver()
            ),
        ),
        "SignatureDoesNotMatch" => (
            format!("the store knows the access key {key}, and its secret is another one"),
            format!(
                "copy the secret access key again ({}), without blanks around it; a proxy that changes requests has the \
                 same effect",
                held.giver()
            ),
        ),
        "RequestTimeTooSkewed" => (
            "the store refuses the time of the signature".to_owned(),
            "set the clock of this machine".to_owned(),
        ),
        code if STALE_CREDENTIALS.contains(&code) => (
            format!("the credentials with the access key {key} have expired ({code})"),
            "renew them: sign in again, or run what writes them; AWS_SESSION_TOKEN must be of the same set".to_owned(),
        ),
        _ => (
            format!("the store knows the access key {key}, and does not let it list: {refusal}"),
            format!(
                "allow it s3:ListBucket on the bucket \"{}\" and s3:GetObject on its objects; a bucket of somebody else may \
                 need their policy, too",
                site.location.bucket()
            ),
        ),
    };
    Verdict::failed(seen, advice)
}
