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
        .signed_url(method, &key.into(), Duration::from_mins(1))
        .await
        .unwrap()
        .to_string()
}

/// `count` bytes, each telling its place.
pub fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|place| u8::try_from(place % 251).unwrap()).collect()
}

/// Waits until something is so, but not for ever.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What a plain TCP connection got for one request.
#[derive(Debug)]
pub struct Exchange {
    /// Status line and headers.
    pub head: String,
    /// Everything after them, as it came.
    pub body: Vec<u8>,
    /// How the reading ended.
    pub end: std::io::Result<()>,
}

impl Exchange {
    /// Whether the connection was reset.
    pub fn is_reset(&self) -> bool {
        self.end
            .as_ref()
            .is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
    }
}

/// GETs an object of a public [`BUCKET`] on a connection of its own and reads to the end of the connection.
pub async fn get_raw(fixture: &S3Fixture, key: &str, headers: &str) -> Exchange {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(fixture.endpoint().trim_start_matches("http://"))
        .await
        .unwrap();
    let request = format!("GET /{BUCKET}/{key} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    let end = loop {
        match stream.read_buf(&mut all).await {
            Ok(0) => break Ok(()),
            Ok(_) => {}
            Err(error) => break Err(error),
        }
    };
    let Some(split) = all.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Exchange {
            head: String::from_utf8(all).unwrap(),
            body: Vec::new(),
            end,
        };
    };
    let body = all.split_off(split + 4);
    Exchange {
        head: String::from_utf8(all).unwrap().to_lowercase(),
        body,
        end,
    }
}

/// The same as [`builder`] builds, trying again quickly.
pub fn retrying(fixture: &S3Fixture) -> AmazonS3 {
    let mut retry = RetryConfig {
        max_retries: 3,
        ..RetryConfig::default()
    };
    retry.backoff.init_backoff = Duration::from_millis(1);
    retry.backoff.max_backoff = Duration::from_millis(5);
    builder(fixture).with_retry(retry).build().unwrap()
}
