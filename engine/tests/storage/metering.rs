//! What a query counts is what the server counted, to the request and the byte.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload};
use owlet_s3_fixture::{Fault, Framing, RequestKind, RequestRule};

use super::{OneQuery, list, pattern, read};

/// The least size of a part that is not the last.
const PART_BYTES: usize = 5 * 1024 * 1024;

#[tokio::test]
async fn reads_heads_and_ranges_are_counted_as_the_server_counts_them() {
    let one = OneQuery::start().await;
    let bytes = pattern(3_000_000);
    one.fixture.put("data", "a", &bytes);
    one.fixture.put("data", "empty", b"");
    let path = Path::from("a");
    assert_eq!(read(&one.store, "a").await.unwrap(), bytes);
    assert_eq!(read(&one.store, "empty").await.unwrap(), b"");
    assert_eq!(one.store.head(&path).await.unwrap().size, 3_000_000);
    assert_eq!(one.store.get_range(&path, 10..20).await.unwrap(), &bytes[10..20]);
    for range in [
        GetRange::Suffix(100),
        GetRange::Offset(2_999_900),
        GetRange::Bounded(2_999_900..4_000_000),
    ] {
        let options = GetOptions::new().with_range(Some(range));
        let tail = one.store.get_opts(&path, options).await.unwrap().bytes().await.unwrap();
        assert_eq!(tail, &bytes[2_999_900..]);
    }
    // The first two lie together and are one request; the third is far from them.
    let pieces = one
        .store
        .get_ranges(&path, &[0..10, 100..110, 2_500_000..2_500_010])
        .await
        .unwrap();
    assert_eq!(pieces, [&bytes[0..10], &bytes[100..110], &bytes[2_500_000..2_500_010]]);
    assert_eq!(one.usage().requests.get, 8);
    assert_eq!(one.usage().retries, 0);
    one.assert_counted();
}

#[tokio::test]
async fn every_page_of_a_listing_is_a_request() {
    let one = OneQuery::start().await;
    for i in 0..10 {
        one.fixture.put("data", &format!("t/{i}"), b"x");
    }
    one.fixture.set_page_size(3);
    assert_eq!(list(&one.store, "t").await.unwrap().len(), 10);
    assert_eq!(one.usage().requests.list, 4);
    let one_level = one.store.list_with_delimiter(None).await.unwrap();
    assert_eq!(one_level.common_prefixes, [Path::from("t")]);
    one.assert_counted();
}

#[tokio::test]
async fn writes_parts_copies_and_deletions_are_counted_as_the_server_counts_them() {
    let one = OneQuery::start().await;
    let (a, b, c) = (Path::from("a"), Path::from("b"), Path::from("c"));
    let bytes = pattern(PART_BYTES);
    one.store.put(&a, PutPayload::from(bytes.clone())).await.unwrap();
    // A payload of several pieces, which object_store's own signature would take for an empty one.
    let pieces: PutPayload = [&b"one"[..], b"two"]
        .into_iter()
        .map(bytes::Bytes::from_static)
        .collect();
    one.store.put(&b, pieces).await.unwrap();
    assert_eq!(read(&one.store, "b").await.unwrap(), b"onetwo");

    let mut upload = one.store.put_multipart(&c).await.unwrap();
    upload.put_part(bytes.clone().into()).await.unwrap();
    upload.put_part(bytes.clone().into()).await.unwrap();
    upload.put_part(b"tail".to_vec().into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(one.store.head(&c).await.unwrap().size, 2 * PART_BYTES as u64 + 4);

    let mut given_up = one.store.put_multipart(&Path::from("d")).await.unwrap();
    given_up.put_part(b"x".to_vec().into()).await.unwrap();
    given_up.abort().await.unwrap();
    assert!(one.fixture.open_uploads("data").is_empty());

    one.store.copy(&b, &Path::from("e")).await.unwrap();
    let gone = futures::stream::iter([Ok(a.clone()), Ok(b.clone())]);
    let gone = one.store.delete_stream(Box::pin(gone));
    assert_eq!(gone.try_collect::<Vec<_>>().await.unwrap().len(), 2);
    one.store.delete(&c).await.unwrap();
    assert_eq!(list(&one.store, "").await.unwrap().len(), 1);
    one.assert_counted();
}

/// What a faulted read costs: `fault` strikes the first `times` GETs, and the bytes are right all the same.
async fn check_read(fault: Fault, times: u64) {
    let one = OneQuery::start().await;
    let bytes = pattern(200_000);
    one.fixture.put("data", "a", &bytes);
    let rule = one
        .fixture
        .inject(RequestRule::on(RequestKind::Get).times(times).fault(fault.clone()));
    assert_eq!(read(&one.store, "a").await.unwrap(), bytes, "{fault:?}");
    assert_eq!(one.fixture.times_fired(rule), times, "{fault:?}");
    assert_eq!(one.usage().retries, times, "{fault:?}");
    assert_eq!(one.usage().requests.get, times + 1, "{fault:?}");
    one.assert_counted();
}

#[tokio::test]
async fn retried_reads_are_counted_each_time() {
    let slow_down = Fault::Status {
        code: 503,
        s3_code: "SlowDown",
    };
    check_read(slow_down, 2).await;
    check_read(
        Fault::Status {
            code: 500,
            s3_code: "InternalError",
        },
        1,
    )
    .await;
    check_read(Fault::ResetBeforeHeaders, 1).await;
    check_read(Fault::DropRequest, 1).await;
    check_read(Fault::ResetMidBody { after_bytes: 70_000 }, 2).await;
    check_read(Fault::Stall { after_bytes: 70_000 }, 1).await;
}

/// A range whose body ends early on a well-formed connection.
#[tokio::test]
async fn a_truncated_range_is_read_on_and_counted() {
    for framing in [Framing::Length, Framing::Chunked] {
        let one = OneQuery::start().await;
        let bytes = pattern(200_000);
        one.fixture.put("data", "a", &bytes);
        let cut = Fault::TruncateCleanly {
            after_bytes: 70_000,
            framing,
        };
        one.fixture
            .inject(RequestRule::on(RequestKind::Get).times(1).fault(cut));
        let range = one.store.get_range(&Path::from("a"), 1000..150_000).await.unwrap();
        assert_eq!(range, &bytes[1000..150_000], "{framing:?}");
        assert_eq!(one.usage().retries, 1, "{framing:?}");
        one.assert_counted();
    }
}

#[tokio::test]
async fn retried_listings_and_writes_are_counted_each_time() {
    let one = OneQuery::start().await;
    let busy = || Fault::Status {
        code: 503,
        s3_code: "SlowDown",
    };
    for i in 0..5 {
        one.fixture.put("data", &format!("t/{i}"), b"x");
    }
    one.fixture.set_page_size(2);
    one.fixture
        .inject(RequestRule::on(RequestKind::List).skip(1).times(2).fault(busy()));
    one.fixture.inject(
        RequestRule::on(RequestKind::List)
            .skip(4)
            .times(1)
            .fault(Fault::ResetMidBody { after_bytes: 50 }),
    );
    assert_eq!(list(&one.store, "t").await.unwrap().len(), 5);
    assert_eq!(one.usage().requests.list, 6);
    assert_eq!(one.usage().retries, 3);
    one.assert_counted();

    one.fixture
        .inject(RequestRule::on(RequestKind::Put).times(1).fault(busy()));
    one.fixture.inject(
        RequestRule::on(RequestKind::Put)
            .query_contains("partNumber=2")
            .times(1)
            .fault(busy()),
    );
    one.fixture.inject(
        RequestRule::on(RequestKind::Post)
            .query_contains("uploadId")
            .times(1)
            .fault(Fault::ErrorInOkBody),
    );
    one.store.put(&Path::from("p"), pattern(1000).into()).await.unwrap();
    let mut upload = one.store.put_multipart(&Path::from("m")).await.unwrap();
    upload.put_part(pattern(PART_BYTES).into()).await.unwrap();
    upload.put_part(pattern(1000).into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(read(&one.store, "m").await.unwrap().len(), PART_BYTES + 1000);
    one.assert_counted();
}

#[tokio::test]
async fn queries_of_one_process_count_apart() {
    let one = OneQuery::start().await;
    one.fixture.put("data", "a", b"abc");
    read(&one.store, "a").await.unwrap();
    let before = one.usage();
    let storage = super::opened(super::settings(), one.fixture.environment().into_iter().collect());
    let other = storage.unwrap().query(owlet_engine::storage::Access::Local);
    read(&other.store(&super::location("s3://data/")).unwrap(), "a")
        .await
        .unwrap();
    assert_eq!(one.usage(), before);
    assert_eq!(other.usage(), before);
}
