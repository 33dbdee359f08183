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
        if let Some(endpoint) = &bucket.endpoint {
            let in_environment = network
                .environment
                .get("AWS_ALLOW_HTTP")
                .is_some_and(|text| text.eq_ignore_ascii_case("true"));
            check_encryption(
                endpoint,
                settings.allow_http.unwrap_or(in_environment),
                location,
                "AWS_ALLOW_HTTP",
            )?;
        }
        // Signing is our own service's work: object_store is told to leave it.
        let builder = address(&bucket, &settings, location)?
            .with_bucket_name(location.bucket())
            .with_region(&bucket.region)
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

/// The host that requests go to, and whether it carries the bucket's name.
fn address(bucket: &Bucket, settings: &BucketSettings, location: &Location) -> Result<AmazonS3Builder> {
    let name = location.bucket();
    let endpoint = match &bucket.endpoint {
        Some(endpoint) => {
            let in_path = settings.path_style.unwrap_or(true);
            return custom(endpoint, (!in_path).then_some(name), location);
        }
        // The certificate of AWS covers one label before the region, and object_store knows only the usual domain.
        None if bucket.region.starts_with("cn-") => format!("https://s3.{}.amazonaws.com.cn", bucket.region),
        None => format!("https://s3.{}.amazonaws.com", bucket.region),
    };
    let in_path = settings.path_style.unwrap_or_else(|| name.contains('.'));
    custom(&endpoint, (!in_path).then_some(name), location)
}

/// The service at `endpoint`, whose host gets `bucket` in front if it is given.
fn custom(endpoint: &str, bucket: Option<&str>, location: &Location) -> Result<AmazonS3Builder> {
    let bad = || {
        let message = format!(
            "the endpoint of \"{}\" is not a URL such as https://s3.example.com",
            location.store_name()
        );
        Error::new(ErrorCode::InvalidSetting, message)
    };
    let mut url = Url::parse(endpoint).map_err(|_| bad())?;
    let host = url.host_str().ok_or_else(bad)?.to_owned();
    if !["http", "https"].contains(&url.scheme()) || !url.username().is_empty() || url.query().is_some() {
        return Err(bad());
    }
    if let Some(bucket) = bucket {
        url.set_host(Some(&format!("{bucket}.{host}"))).map_err(|_| bad())?;
    }
    let url = url.as_str().trim_end_matches('/').to_owned();
    Ok(AmazonS3Builder::new()
        .with_endpoint(url)
        .with_virtual_hosted_style_request(bucket.is_some()))
}
