//! Storage against real servers: the S3 fixture, a small web server, Azurite.

mod access;
mod azure;
mod credentials;
mod faults;
mod files;
mod metering;
mod pins;
mod web;
mod web_server;

use std::path::Path as FilePath;
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use owlet_engine::storage::{Access, Environment, Location, QueryStorage, Settings, Storage, Usage, from_object_store};
use owlet_engine::{Error, ErrorCode};
use owlet_s3_fixture::{Counters, S3Fixture};

/// Settings with little patience.
fn settings() -> Settings {
    Settings {
        request_timeout_seconds: 5,
        stall_timeout_seconds: 1,
        max_retries: 3,
        ..Settings::default()
    }
}

/// Storage whose requests run on the test's own runtime.
fn opened(settings: Settings, environment: Environment) -> owlet_engine::Result<Storage> {
    Storage::new(settings, environment, tokio::runtime::Handle::current())
}

fn location(text: &str) -> Location {
    Location::parse(text, FilePath::new("/")).unwrap()
}

/// A fixture with the bucket `data`, and one query on it.
struct OneQuery {
    fixture: S3Fixture,
    query: Arc<QueryStorage>,
    store: Arc<dyn ObjectStore>,
}

impl OneQuery {
    async fn start() -> Self {
        Self::start_with(settings(), &[]).await
    }

    /// With these settings, and these variables besides the fixture's own.
    async fn start_with(settings: Settings, variables: &[(&str, &str)]) -> Self {
        let fixture = S3Fixture::start(&["data"]).await;
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: Environment = fixture.environment().into_iter().chain(variables).collect();
        let storage = opened(settings, environment).unwrap();
        let query = storage.query(Access::Local);
        let store = query.store(&location("s3://data/")).unwrap();
        Self { fixture, query, store }
    }

    fn usage(&self) -> Usage {
        self.query.usage()
    }

    /// Fails unless the query and the server have counted the same.
    #[track_caller]
    fn assert_counted(&self) {
        assert_same(&self.usage(), &self.fixture.counters());
    }
}

#[track_caller]
fn assert_same(usage: &Usage, served: &Counters) {
    let requests = usage.requests;
    assert_eq!(
        [
            requests.get,
            requests.head,
            requests.list,
            requests.put,
            requests.post,
            requests.delete
        ],
        [
            served.get,
            served.head,
            served.list,
            served.put,
            served.post,
            served.delete
        ],
        "requests: get, head, list, put, post, delete"
    );
    assert_eq!(usage.bytes_read, served.body_bytes_sent, "bytes read");
    assert_eq!(usage.bytes_written, served.body_bytes_received, "bytes written");
}

/// Bytes that differ at every place.
fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 11).to_le_bytes()[0])
        .collect()
}

async fn read(store: &Arc<dyn ObjectStore>, key: &str) -> object_store::Result<Vec<u8>> {
    Ok(store.get(&Path::from(key)).await?.bytes().await?.to_vec())
}

async fn list(store: &Arc<dyn ObjectStore>, prefix: &str) -> object_store::Result<Vec<ObjectMeta>> {
    store.list(Some(&Path::from(prefix))).try_collect().await
}

/// The engine's error for a store's failure, checked for what no message may hold.
#[track_caller]
fn failure<T>(result: object_store::Result<T>) -> Error {
    let Err(cause) = result else {
        panic!("the store did not fail")
    };
    let error = from_object_store(cause, "s3://data/somewhere");
    let message = error.message();
    assert!(message.chars().count() <= 500, "too long: {message}");
    assert!(
        !message.contains("X-Amz-") && !message.contains("http://127.0.0.1:") || message.contains("\"http://127"),
        "a request's address in: {message}"
    );
    error
}

#[track_caller]
fn assert_failed<T>(result: object_store::Result<T>, code: ErrorCode, words: &[&str]) {
    let error = failure(result);
    assert_eq!(error.code(), code, "{error}");
    for word in words {
        assert!(error.message().contains(word), "\"{word}\" is not in: {error}");
    }
}
