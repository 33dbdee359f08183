//! Whether there are credentials, and where they come from.

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use http::StatusCode;

use super::road::Road;
use crate::error::Error;
use crate::storage::aws::{Held, profile_name};
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::site::Site;

pub(super) const CHECK: Check = Check {
    step: "credentials",
    run: |site| credentials(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: "whoever gives out the credentials does not answer; where there is no metadata service, set \
                AWS_EC2_METADATA_DISABLED=true, and give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
};

async fn credentials(site: &mut Site) -> Verdict {
    let Some(signer) = site.road.as_ref().map(|road| road.bucket.signer.clone()) else {
        return Verdict::skipped("the settings are not known");
    };
    let Some(signer) = signer else {
        return Verdict::passed("none are sent, by the setting `anonymous`");
    };
    match signer.current().await {
        Ok(held) => {
            let verdict = found(&held, (site.clock)());
            keep(&mut site.road, held);
            verdict
        }
        Err(error) => missing(site, &error),
    }
}

fn keep(road: &mut Option<Road>, held: Arc<Held>) {
    if let Some(road) = road {
        road.held = Some(held);
    }
}

fn found(held: &Held, now: i64) -> Verdict {
    let seen = format!("access key {}, from {}", shortened(held.key_id()), held.giver());
    let Some(expiry) = held.expiry() else {
        let kind = if held.are_temporary() { "temporary" } else { "lasting" };
        return Verdict::passed(seen).with([format!("{kind}; when they expire is not known")]);
    };
    let expiry = expiry
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let left = i64::try_from(expiry).unwrap_or(i64::MAX) - now / 1_000_000;
    if left > 0 {
        return Verdict::passed(seen).with([format!("they expire in {} minutes", left / 60)]);
    }
    Verdict::failed(
        format!("{seen}, expired {} minutes ago", -left / 60),
        "renew them: sign in again, or run what writes them",
    )
}

/// The first characters of an access key id, which say of which kind and whose it is.
pub(super) fn shortened(key_id: &str) -> String {
    let start: String = key_id.chars().take(4).collect();
    format!("{start}…")
}

fn missing(site: &Site, error: &Error) -> Verdict {
    let store = site.location.store_name();
    let is_public = site
        .greeting
        .as_ref()
        .is_some_and(|greeting| greeting.status == StatusCode::OK);
    let advice = if is_public {
        format!("the bucket answers without them: set `anonymous = true` under [storage.buckets.\"{store}\"]")
    } else {
        format!(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile, or name variables or files under \
             [storage.buckets.\"{store}\"]"
        )
    };
    let settings = site.network.bucket(&site.location);
    let has_named = settings.access_key_id_env.is_some()
        || settings.access_key_id_file.is_some()
        || settings.secret_access_key_env.is_some()
        || settings.secret_access_key_file.is_some();
    let verdict = Verdict::failed("there are no credentials to sign with", advice);
    if has_named {
        // These are used alone: nothing else was tried.
        return verdict.with([error.message().to_owned()]);
    }
    // What the general sentence about no sources says is said better by the list of them.
    let own_words = (!error.message().starts_with("no credentials")).then(|| error.message().to_owned());
    verdict.with(own_words).with(sources(site))
}

/// Every source that was tried, and what it has.
fn sources(site: &Site) -> Vec<String> {
    let environment = &site.network.environment;
    let settings = site.network.bucket(&site.location);
    let unset = |names: &[&str]| {
        let unset: Vec<_> = names
            .iter()
            .filter(|name| environment.get(name).is_none())
            .copied()
            .collect();
        match unset.len() {
            0 => "set, and of no use".to_owned(),
            1 => format!("{} is not set", unset[0]),
            _ => format!("{} are not set", unset.join(" and ")),
        }
    };
    let keys = match &settings.profile {
        Some(_) => "not looked at, since the bucket names a profile".to_owned(),
        None => unset(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
    };
    let container = [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let container = match environment.first_of(&container) {
        Some(_) => "asked, and gave none".to_owned(),
        None => "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI are not set".to_owned(),
    };
    let is_disabled = environment
        .get("AWS_EC2_METADATA_DISABLED")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let instance = if is_disabled {
        "not asked, by AWS_EC2_METADATA_DISABLED"
    } else {
        "does not answer, or has none"
    };
    vec![
        format!("the environment: {keys}"),
        format!("the shared AWS files: {}", shared_files(site)),
        format!(
            "web identity: {}",
            unset(&["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"])
        ),
        format!("the container's service: {container}"),
        format!("the instance's metadata service: {instance}"),
    ]
}

/// Whether the shared files are there and know the profile.
fn shared_files(site: &Site) -> String {
    let environment = &site.network.environment;
    let settings = site.network.bucket(&site.location);
    let profile = profile_name(&settings, environment);
    let home = environment.get("HOME").unwrap_or("~");
    let files = [
        ("AWS_SHARED_CREDENTIALS_FILE", format!("{home}/.aws/credentials")),
        ("AWS_CONFIG_FILE", format!("{home}/.aws/config")),
    ];
    let said = files.map(|(variable, usual)| {
        let path = environment.get(variable).map_or(usual, str::to_owned);
        let state = match std::fs::read_to_string(Path::new(&path)) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => "is not there".to_owned(),
            Err(cause) => format!("cannot be read ({cause})"),
            Ok(text) if has_profile(&text, profile) => format!("has the profile \"{profile}\", without usable keys"),
            Ok(_) => format!("has no profile \"{profile}\""),
        };
        format!("\"{path}\" {state}")
    });
    said.join(", ")
}

fn has_profile(text: &str, profile: &str) -> bool {
    let headings = text
        .lines()
        .map(str::trim)
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    headings
        .map(str::trim)
        .any(|heading| heading == profile || heading.strip_prefix("profile ").map(str::trim) == Some(profile))
}
