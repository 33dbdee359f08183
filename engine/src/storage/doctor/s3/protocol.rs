//! Whether the server speaks S3.

use futures::FutureExt;
use http::StatusCode;

use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::exchange::Answer;
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::reach::{greet, hello};
use crate::storage::doctor::site::{Service, Site};
use crate::storage::refusal::element;

pub(super) const CHECK: Check = Check {
    step: "protocol",
    run: |site| protocol(site).boxed(),
    on_failure: OnFailure::Stop,
    if_silent: "the server accepts connections and then says nothing: check that the port is that of the store, and that \
                the store is well",
};

async fn protocol(site: &mut Site) -> Verdict {
    let Some(service) = site.service.clone() else {
        return Verdict::skipped("no address is known");
    };
    let greeting = match greet(site).await {
        Ok(greeting) if is_s3(&greeting) => {
            return Verdict::passed(format!("the server speaks S3{}", software(&greeting)));
        }
        other => other,
    };
    // A server that speaks TLS answers plain HTTP with an alert, with silence or, as nginx and Go do, with 400 in words.
    let may_speak_tls = greeting
        .as_ref()
        .is_ok_and(|answer| answer.status == StatusCode::BAD_REQUEST)
        || greeting.is_err();
    if !service.is_encrypted() && may_speak_tls && speaks_tls(site, &service).await {
        let encrypted = service.under_other_scheme();
        let advice = format!("set {} to \"{}\"", service.told_by, encrypted.shown());
        return Verdict::failed("the endpoint answers https, not http", advice);
    }
    let advice = format!(
        "check the endpoint ({}): some stores have a web console at one port and S3 at another, as MinIO at 9001 and 9000",
        service.told_by
    );
    match greeting {
        Ok(answer) => Verdict::failed(
            format!("a web server answers, but not one of S3: {}", description(&answer)),
            advice,
        ),
        Err(unanswered) => Verdict::failed(format!("no answer to a request: {}", unanswered.words()), advice),
    }
}

/// Every answer of S3 has an id, and every refusal a code.
fn is_s3(answer: &Answer) -> bool {
    let text = answer.text();
    let has_id = ["x-amz-request-id", "x-amz-id-2", "x-amz-bucket-region"]
        .iter()
        .any(|name| answer.headers.contains_key(*name));
    has_id || text.contains("<ListBucketResult") || (text.contains("<Error") && element(&text, "Code").is_some())
}

async fn speaks_tls(site: &Site, service: &Service) -> bool {
    match hello(site, &service.under_other_scheme()).await {
        Ok(_) => true,
        // A certificate that is not trusted is a certificate.
        Err(unanswered) => unanswered.words().contains("invalid peer certificate"),
    }
}

fn software(answer: &Answer) -> String {
    answer
        .header("server")
        .map(|server| format!(" ({})", shortened(server)))
        .unwrap_or_default()
}

fn description(answer: &Answer) -> String {
    let kind = answer
        .header("content-type")
        .map(|kind| format!(", {}", shortened(kind)));
    format!("{}{}{}", answer.status, kind.unwrap_or_default(), software(answer))
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
