//! Clients of a fixture.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::signer::Signer;
use object_store::{ClientOptions, RetryConfig};
use owlet_s3_fixture::S3Fixture;

/// The bucket of most tests.
pub const BUCKET: &str = "lake";

/// A fixture with one bucket and a client that does not try again.
pub async fn lake() -> (S3Fixture, AmazonS3) {
    let fixture = S3Fixture::start(&[BUCKET]).await;
    let store = builder(&fixture).build().unwrap();
    (fixture, store)
}

/// A client of [`BUCKET`] that does not try again.
pub fn builder(fixture: &S3Fixture) -> AmazonS3Builder {
    AmazonS3Builder::new()
        .with_endpoint(fixture.endpoint())
        .with_allow_http(true)
        .with_region(fixture.region())
        .with_bucket_name(BUCKET)
        .with_access_key_id(fixture.access_key())
        .with_secret_access_key(fixture.secret_key())
        .with_client_options(
            ClientOptions::new()
                .with_allow_http(true)
                .with_timeout(Duration::from_secs(10)),
        )
        .with_retry(RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        })
}


/// A plain HTTP client.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().build().unwrap()
}

/// An address that carries its signature, for plain HTTP.
pub async fn signed(store: &AmazonS3, method: reqwest::Method, key: &str) -> String {
    store
        .signed_url(method, &key.into(), Duration::from_secs(60))
        .await
        .unwrap()
        .to_string()
}

/// `count` bytes, each telling its place.
pub fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|place| u8::try_from(place % 251).unwrap()).collect()
}
