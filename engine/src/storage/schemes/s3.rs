//! `s3://` and `s3a://`: Amazon S3 and every store that speaks its protocol.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, S3CopyIfNotExists};
use object_store::client::HttpService;
use url::Url;

use super::{Kept, Scheme, check_encryption, plain_bucket};
use crate::error::{Error, ErrorCode, Result};
use crate::storage::aws::{Bucket, SigningService, resolve};
use crate::storage::location::Location;
use crate::storage::network::Network;
use crate::storage::service::Connector;
use crate::storage::settings::BucketSettings;

pub(super) const SCHEME: Scheme = Scheme {
    name: "s3",
    aliases: &["s3a"],
    description: "Amazon S3 and every store that speaks its protocol",
    bucket: plain_bucket,
    open,
};

fn open<'a>(network: &'a Arc<Network>, location: &'a Location) -> BoxFuture<'a, Result<Kept>> {
    async move {
        let settings = network.bucket(location);
        let bucket = resolve(network, location).await;
        check_endpoint(network, &bucket, location)?;
        // Signing is our own service's work: object_store is told to leave it.
        let builder = address(&bucket, &settings, location)?
            .with_bucket_name(location.bucket())
            .with_region(&bucket.region.value)
            .with_skip_signature(true)
            .with_copy_if_not_exists(S3CopyIfNotExists::Multipart)
            .with_retry(network.retries());
        let kept: Kept = Arc::new(move |service, _| match &bucket.signer {
            Some(signer) => build(&builder, SigningService::new(service, signer)),
            None => build(&builder, service.clone()),
        });
        Ok(kept)
    }
    .boxed()
}

fn build(builder: &AmazonS3Builder, service: impl HttpService + Clone) -> object_store::Result<Arc<dyn ObjectStore>> {
    Ok(Arc::new(
        builder.clone().with_http_connector(Connector(service)).build()?,
    ))
}

/// Fails with `INVALID_SETTING` if the endpoint is unencrypted and nobody has said that this is meant.
pub(in crate::storage) fn check_endpoint(network: &Network, bucket: &Bucket, location: &Location) -> Result<()> {
    let Some(endpoint) = &bucket.endpoint else {
        return Ok(());
    };
    let in_environment = network
        .environment
        .get("AWS_ALLOW_HTTP")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let allowed = network.bucket(location).allow_http.unwrap_or(in_environment);
    check_encryption(&endpoint.value, allowed, location, "AWS_ALLOW_HTTP")
}

/// The host that requests go to, and whether it carries the bucket's name.
fn address(bucket: &Bucket, settings: &BucketSettings, location: &Location) -> Result<AmazonS3Builder> {
    let in_path = is_in_path(bucket, settings, location);
    let url = service_url(bucket, (!in_path).then_some(location.bucket()), location)?;
    Ok(AmazonS3Builder::new()
        .with_endpoint(url.as_str().trim_end_matches('/'))
        .with_virtual_hosted_style_request(!in_path))
}

/// Whether the bucket's name stands in the path of URLs, not in the host's name.
pub(in crate::storage) fn is_in_path(bucket: &Bucket, settings: &BucketSettings, location: &Location) -> bool {
    // The certificate of AWS covers one label before the region.
    let usual = bucket.endpoint.is_some() || location.bucket().contains('.');
    settings.path_style.unwrap_or(usual)
}

/// The service that has `bucket`, whose host gets the name `in_host` in front if it is given.
pub(in crate::storage) fn service_url(bucket: &Bucket, in_host: Option<&str>, location: &Location) -> Result<Url> {
    let bad = || {
        let message = format!(
            "the endpoint of \"{}\" is not a URL such as https://s3.example.com",
            location.store_name()
        );
        Error::new(ErrorCode::InvalidSetting, message)
    };
    let region = &bucket.region.value;
    let endpoint = match &bucket.endpoint {
        Some(endpoint) => endpoint.value.clone(),
        // object_store knows only the usual domain.
        None if region.starts_with("cn-") => format!("https://s3.{region}.amazonaws.com.cn"),
        None => format!("https://s3.{region}.amazonaws.com"),
    };
    let mut url = Url::parse(&endpoint).map_err(|_| bad())?;
    let host = url.host_str().ok_or_else(bad)?.to_owned();
    if !["http", "https"].contains(&url.scheme()) || !url.username().is_empty() || url.query().is_some() {
        return Err(bad());
    }
    if let Some(name) = in_host {
        url.set_host(Some(&format!("{name}.{host}"))).map_err(|_| bad())?;
    }
    Ok(url)
}
