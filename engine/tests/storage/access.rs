//! What a remote principal reaches through a real query, beside the spellings that unit tests try.

use owlet_engine::ErrorCode;
use owlet_engine::storage::{Access, Settings};
use owlet_s3_fixture::S3Fixture;

use super::{location, opened, read, settings};

#[tokio::test]
async fn a_remote_query_reads_under_its_prefixes_and_opens_nothing_else() {
    let fixture = S3Fixture::start(&["data", "other"]).await;
    fixture.put("data", "public/a", b"abc");
    let remote = Settings {
        remote_prefixes: vec!["s3://data/public/".to_owned()],
        ..settings()
    };
    let storage = opened(remote, fixture.environment().into_iter().collect()).unwrap();
    let query = storage.query(Access::Remote);
    let store = query.store(&location("s3a://data/public/a")).unwrap();
    assert_eq!(read(&store, "public/a").await.unwrap(), b"abc");
    for text in [
        "s3://data/private/a",
        "s3://other/",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://example.com/x",
    ] {
        let denied = query.store(&location(text)).unwrap_err();
        assert_eq!(denied.code(), ErrorCode::PermissionDenied, "{text}");
        assert_eq!(
            query.store_url(&location(text)).unwrap_err().code(),
            ErrorCode::PermissionDenied,
            "{text}"
        );
    }
    assert_eq!(fixture.counters().requests(), 1);
}

/// DataFusion holds a store of a whole bucket: a path that it makes up itself must be checked too.
#[tokio::test]
async fn a_store_that_a_remote_query_has_opened_does_not_reach_beyond_its_prefixes() {
    let fixture = S3Fixture::start(&["data"]).await;
    fixture.put("data", "public/a", b"abc");
    fixture.put("data", "private/a", b"secret");
    let remote = Settings {
        remote_prefixes: vec!["s3://data/public/".to_owned()],
        ..settings()
    };
    let storage = opened(remote, fixture.environment().into_iter().collect()).unwrap();
    let store = storage
        .query(Access::Remote)
        .store(&location("s3://data/public/a"))
        .unwrap();
    super::assert_failed(
        read(&store, "private/a").await,
        ErrorCode::PermissionDenied,
        &["s3://data/private/a"],
    );
    super::assert_failed(super::list(&store, "").await, ErrorCode::PermissionDenied, &[]);
    assert_eq!(fixture.counters().requests(), 0);
    assert_eq!(super::list(&store, "public").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_bad_prefix_stops_the_start() {
    let bad = Settings {
        remote_prefixes: vec!["/srv".to_owned()],
        ..settings()
    };
    let cause = opened(bad, owlet_engine::storage::Environment::default()).unwrap_err();
    assert_eq!(cause.code(), ErrorCode::InvalidSetting);
}
