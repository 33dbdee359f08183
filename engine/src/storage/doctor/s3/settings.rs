//! Which settings are in force, and where each comes from.

use futures::FutureExt;

use super::road::Road;
use crate::error::Error;
use crate::storage::aws::{Bucket, profile_name, resolve};
use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::site::{Service, Site};
use crate::storage::schemes::{check_endpoint, is_in_path, service_url};

pub(super) const CHECK: Check = Check {
    step: "settings",
    run: |site| settings(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: "the region is asked of the machine's metadata service, which does not answer: set AWS_REGION",
};

async fn settings(site: &mut Site) -> Verdict {
    let bucket = resolve(&site.network, &site.location).await;
    let told_by = match &bucket.endpoint {
        Some(endpoint) => endpoint.by.clone(),
        None => format!("AWS's own, for the region of {}", bucket.region.by),
    };
    let root = match service_url(&bucket, None, &site.location) {
        Ok(root) => root,
        Err(error) => {
            let advice = format!("write it so, with http:// or https:// in front, in {told_by}");
            return Verdict::failed(error.message(), advice);
        }
    };
    let in_path = is_in_path(&bucket, &site.network.bucket(&site.location), &site.location);
    let place = if in_path { "path" } else { "host name" };
    let seen = format!(
        "{}, region \"{}\", the bucket's name in the {place}",
        root.as_str().trim_end_matches('/'),
        bucket.region.value
    );
    let details = details(site, &bucket, &told_by);
    if let Err(error) = check_endpoint(&site.network, &bucket, &site.location) {
        return refused(&seen, &error).with(details);
    }
    if let Err(error) = site.network.client().await {
        return refused(&seen, &error).with(details);
    }
    let road = Road::new(bucket, in_path);
    let hello = road.url(&site.location, true, "", &[("list-type", "2"), ("max-keys", "1")]);
    let Some(hello) = hello.ok().and_then(|url| url.parse().ok()) else {
        return Verdict::failed(seen, format!("check the endpoint: {told_by}")).with(details);
    };
    site.service = Some(Service {
        root,
        hello,
        told_by,
        for_plain_http: format!(
            ", and allow that: AWS_ALLOW_HTTP=true, or `allow_http = true` under [storage.buckets.\"{}\"]",
            site.location.store_name()
        ),
    });
    site.road = Some(road);
    Verdict::passed(seen).with(details)
}

/// A setting that no request gets past: the error says what to do itself.
fn refused(seen: &str, error: &Error) -> Verdict {
    Verdict::failed(seen, error.message())
}

fn details(site: &Site, bucket: &Bucket, told_by: &str) -> Vec<String> {
    let settings = site.network.bucket(&site.location);
    let section = format!("[storage.buckets.\"{}\"]", site.location.store_name());
    let mut details = vec![
        format!("endpoint: {told_by}"),
        format!("region: {}", bucket.region.by),
        match settings.path_style {
            Some(_) => format!("place of the bucket's name: `path_style` under {section}"),
            None => "place of the bucket's name: the default".to_owned(),
        },
    ];
    if settings.anonymous {
        details.push(format!("requests are not signed: `anonymous = true` under {section}"));
    } else {
        let profile = profile_name(&settings, &site.network.environment);
        details.push(format!("profile of the shared AWS files: \"{profile}\""));
    }
    let bundle = site.network.settings.ca_bundle_file.as_ref();
    if let Some(path) = bundle {
        details.push(format!(
            "certificates: \"{}\", `ca_bundle_file` under [storage]",
            path.display()
        ));
    } else if let Some(path) = site.network.environment.get("AWS_CA_BUNDLE") {
        details.push(format!("certificates: \"{path}\", the variable AWS_CA_BUNDLE"));
    }
    details
}
