//! Each way in which a server can go wrong, and what a reader sees of it: the right bytes or an error, nothing else.

use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use owlet_engine::ErrorCode;
use owlet_engine::storage::{Access, Environment, Settings};
use owlet_s3_fixture::{Fault, Framing, RequestKind, RequestRule};

use super::{OneQuery, assert_failed, list, location, opened, pattern, read, settings};

const LENGTH: usize = 300_000;

async fn with_object() -> (OneQuery, Vec<u8>) {
    let one = OneQuery::start_with(
        Settings {
            max_retries: 2,
            ..settings()
        },
        &[],
    )
    .await;
    let bytes = pattern(LENGTH);
    one.fixture.put("data", "a", &bytes);
    (one, bytes)
}

#[tokio::test]
async fn a_server_that_stays_busy_is_unavailable() {
    let (one, _) = with_object().await;
    one.fixture
        .inject(RequestRule::on(RequestKind::Get).fault(Fault::Status {
            code: 503,
            s3_code: "SlowDown",
        }));
    let words = ["s3://data/a", "503", "SlowDown", "retries"];
    assert_failed(read(&one.store, "a").await, ErrorCode::StorageUnavailable, &words);
    assert_eq!(one.usage().requests.get, 3);
    one.assert_counted();
}

#[tokio::test]
async fn a_whole_object_in_place_of_a_range_is_asked_for_once_more() {
    let (one, bytes) = with_object().await;
    one.fixture
        .inject(RequestRule::on(RequestKind::Get).times(1).fault(Fault::IgnoreRange));
    let range = one.store.get_range(&Path::from("a"), 5..1005).await.unwrap();
    assert_eq!(range, &bytes[5..1005]);
    assert_eq!(one.usage().retries, 1);
}

#[tokio::test]
async fn a_server_that_ignores_ranges_is_refused() {
    let (one, _) = with_object().await;
    one.fixture
        .inject(RequestRule::on(RequestKind::Get).fault(Fault::IgnoreRange));
    let range = one.store.get_range(&Path::from("a"), 5..1005).await;
    assert_failed(
        range,
        ErrorCode::StorageUnavailable,
        &["answered a range request with the whole object"],
    );
    assert_eq!(one.usage().requests.get, 2);
}

/// The fault of object_store 0.13 that gives "hellohello": it resumes with a range and takes a whole object for it.
#[tokio::test]
async fn a_whole_object_in_answer_to_a_resumed_read_never_reaches_the_reader() {
    let (one, bytes) = with_object().await;
    let broken = Fault::ResetMidBody { after_bytes: 100_000 };
    one.fixture
        .inject(RequestRule::on(RequestKind::Get).times(1).fault(broken.clone()));
    one.fixture.inject(
        RequestRule::on(RequestKind::Get)
            .skip(1)
            .times(1)
            .fault(Fault::IgnoreRange),
    );
    assert_eq!(read(&one.store, "a").await.unwrap(), bytes);

    let (one, _) = with_object().await;
    one.fixture
        .inject(RequestRule::on(RequestKind::Get).times(1).fault(broken));
    one.fixture
        .inject(RequestRule::on(RequestKind::Get).skip(1).fault(Fault::IgnoreRange));
    assert_failed(
        read(&one.store, "a").await,
        ErrorCode::StorageUnavailable,
        &["whole object"],
    );
}

#[tokio::test]
async fn a_shifted_range_never_reaches_the_reader() {
    for shift in [-3, 1, 1000] {
        let (one, bytes) = with_object().await;
        let rule = one
            .fixture
            .inject(RequestRule::on(RequestKind::Get).fault(Fault::WrongContentRange { shift }));
        let range = one.store.get_range(&Path::from("a"), 5000..6000).await;
        assert_failed(range, ErrorCode::StorageUnavailable, &["bytes=5000-5999"]);
        one.fixture.withdraw(rule);
        assert_eq!(
            one.store.get_range(&Path::from("a"), 5000..6000).await.unwrap(),
            &bytes[5000..6000]
        );
    }
}

#[tokio::test]
async fn a_shifted_range_in_answer_to_a_resumed_read_never_reaches_the_reader() {
    let (one, bytes) = with_object().await;
    one.fixture.inject(
        RequestRule::on(RequestKind::Get)
            .times(1)
            .fault(Fault::ResetMidBody { after_bytes: 100_000 }),
    );
    one.fixture.inject(
        RequestRule::on(RequestKind::Get)
            .skip(1)
            .times(1)
            .fault(Fault::WrongContentRange { shift: -7 }),
    );
    assert_eq!(read(&one.store, "a").await.unwrap(), bytes);
    assert_eq!(one.usage().retries, 2);
}

#[tokio::test]
async fn extra_bytes_of_a_range_never_reach_the_reader() {
    let (one, bytes) = with_object().await;
    let rule = one
        .fixture
        .inject(RequestRule::on(RequestKind::Get).fault(Fault::ExtraBytes { count: 4 }));
    assert_failed(
        one.store.get_range(&Path::from("a"), 0..1000).await,
        ErrorCode::StorageUnavailable,
        &["1004 bytes"],
    );
    one.fixture.withdraw(rule);
    assert_eq!(
        one.store.get_range(&Path::from("a"), 0..1000).await.unwrap(),
        &bytes[..1000]
    );
}

#[tokio::test]
async fn a_range_that_always_ends_early_is_unavailable_and_never_short() {
    for framing in [Framing::Length, Framing::Chunked] {
        let (one, _) = with_object().await;
        let cut = Fault::TruncateCleanly {
            after_bytes: 0,
            framing,
        };
        one.fixture.inject(RequestRule::on(RequestKind::Get).fault(cut));
        assert_failed(
            one.store.get_range(&Path::from("a"), 0..1000).await,
            ErrorCode::StorageUnavailable,
            &[],
        );
        let ranges = one.store.get_ranges(&Path::from("a"), &[0..10, 500..1000]).await;
        assert_failed(ranges, ErrorCode::StorageUnavailable, &[]);
    }
}

#[tokio::test]
async fn a_connection_that_always_breaks_is_unavailable() {
    for fault in [
        Fault::ResetBeforeHeaders,
        Fault::ResetMidBody { after_bytes: 10 },
        Fault::Stall { after_bytes: 10 },
    ] {
        let (one, _) = with_object().await;
        one.fixture
            .inject(RequestRule::on(RequestKind::Get).fault(fault.clone()));
        assert_failed(
            read(&one.store, "a").await,
            ErrorCode::StorageUnavailable,
            &["s3://data/a"],
        );
        assert_eq!(one.usage().requests.get, 3, "{fault:?}");
        one.assert_counted();
    }
}

#[tokio::test]
async fn a_range_past_the_end_is_an_error_and_no_panic() {
    let (one, _) = with_object().await;
    let path = Path::from("a");
    let end = LENGTH as u64;
    assert_failed(
        one.store
            .get_ranges(&path, std::slice::from_ref(&(end - 10..end + 10)))
            .await,
        ErrorCode::StorageUnavailable,
        &["300000"],
    );
    assert_failed(
        one.store.get_ranges(&path, &[0..10, end + 10..end + 20]).await,
        ErrorCode::StorageUnavailable,
        &[],
    );
    assert_failed(
        one.store.get_range(&path, end..end + 20).await,
        ErrorCode::StorageUnavailable,
        &["416"],
    );
    assert_eq!(one.store.get_ranges(&path, &[]).await.unwrap().len(), 0);
    assert_eq!(
        one.store
            .get_ranges(&path, std::slice::from_ref(&(5..5)))
            .await
            .unwrap()[0]
            .len(),
        0
    );
}

#[tokio::test]
async fn what_is_not_there_is_said_by_name() {
    let (one, _) = with_object().await;
    assert_failed(
        read(&one.store, "none").await,
        ErrorCode::TableNotFound,
        &["there is no object \"s3://data/none\""],
    );
    assert_failed(
        one.store.head(&Path::from("none")).await,
        ErrorCode::TableNotFound,
        &["s3://data/none"],
    );
    let other = one.query.store(&location("s3://nowhere/")).unwrap();
    assert_failed(
        list(&other, "t").await,
        ErrorCode::TableNotFound,
        &["there is no bucket", "s3://nowhere/t"],
    );
    assert_failed(
        read(&other, "t").await,
        ErrorCode::TableNotFound,
        &["there is no bucket", "s3://nowhere/t"],
    );
}

#[tokio::test]
async fn an_endpoint_that_nobody_serves_is_unavailable() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let environment: Environment = [
        ("AWS_ENDPOINT_URL_S3", format!("http://{closed}")),
        ("AWS_ACCESS_KEY_ID", "key".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
    ]
    .into_iter()
    .collect();
    let storage = opened(
        Settings {
            max_retries: 1,
            ..settings()
        },
        environment,
    )
    .unwrap();
    let query = storage.query(Access::Local);
    let store = query.store(&location("s3://data/")).unwrap();
    assert_failed(
        read(&store, "a").await,
        ErrorCode::StorageUnavailable,
        &["no connection", "refused"],
    );
    // No request has left the machine.
    assert_eq!(query.usage().requests.total(), 0);
}

#[tokio::test]
async fn a_write_that_is_always_refused_says_where() {
    let (one, _) = with_object().await;
    one.fixture
        .inject(RequestRule::on(RequestKind::Put).fault(Fault::Status {
            code: 503,
            s3_code: "SlowDown",
        }));
    let written = one.store.put(&Path::from("w"), PutPayload::from_static(b"x")).await;
    assert_failed(written, ErrorCode::StorageUnavailable, &["s3://data/w", "503"]);
    one.assert_counted();
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_asked_for_again() {
    let (one, _) = with_object().await;
    one.fixture.inject(
        RequestRule::on(RequestKind::List)
            .times(1)
            .fault(Fault::ResetMidBody { after_bytes: 100 }),
    );
    assert_eq!(list(&one.store, "").await.unwrap().len(), 1);
    let cut = Fault::TruncateCleanly {
        after_bytes: 100,
        framing: Framing::Length,
    };
    one.fixture.inject(RequestRule::on(RequestKind::List).fault(cut));
    assert_failed(
        list(&one.store, "").await,
        ErrorCode::StorageUnavailable,
        &["s3://data/"],
    );
}

#[tokio::test]
async fn a_page_of_a_listing_that_is_not_one_is_no_end_of_it() {
    let (one, _) = with_object().await;
    one.fixture.set_page_size(1);
    one.fixture.put("data", "b", "x");
    one.fixture
        .inject(RequestRule::on(RequestKind::List).skip(1).fault(Fault::ErrorInOkBody));
    assert_failed(list(&one.store, "").await, ErrorCode::StorageUnavailable, &["listing"]);
}
