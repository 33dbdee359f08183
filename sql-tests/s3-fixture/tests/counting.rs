//! Counters and records agree with what a client did.

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use owlet_s3_fixture::{Counters, RequestKind};

use crate::client::{BUCKET, bytes, get_raw, lake};

#[tokio::test]
async fn every_request_is_counted_by_its_kind_with_its_bytes() {
    let (fixture, store) = lake().await;
    let of = async |counted: &mut Counters| {
        let now = fixture.counters();
        let before = std::mem::replace(counted, now);
        (
            [now.get, now.head, now.list, now.put, now.post, now.delete],
            now.body_bytes_sent - before.body_bytes_sent,
            now.body_bytes_received - before.body_bytes_received,
        )
    };
    let mut counted = Counters::default();
    store.put(&"a".into(), bytes(1000).into()).await.unwrap();
    assert_eq!(of(&mut counted).await, ([0, 0, 0, 1, 0, 0], 0, 1000));
    store.get(&"a".into()).await.unwrap().bytes().await.unwrap();
    assert_eq!(of(&mut counted).await, ([1, 0, 0, 1, 0, 0], 1000, 0));
    store.get_range(&"a".into(), 10..30).await.unwrap();
    assert_eq!(of(&mut counted).await, ([2, 0, 0, 1, 0, 0], 20, 0));
    store.head(&"a".into()).await.unwrap();
    assert_eq!(of(&mut counted).await, ([2, 1, 0, 1, 0, 0], 0, 0));
    store.list(None).try_collect::<Vec<_>>().await.unwrap();
    let (kinds, sent, received) = of(&mut counted).await;
    assert_eq!((kinds, sent > 200, received), ([2, 1, 1, 1, 0, 0], true, 0));
    let mut upload = store.put_multipart(&"m".into()).await.unwrap();
    upload.put_part(bytes(500).into()).await.unwrap();
    of(&mut counted).await;
    upload.complete().await.unwrap();
    let (kinds, sent, received) = of(&mut counted).await;
    assert_eq!((kinds, sent > 100, received > 100), ([2, 1, 1, 2, 2, 0], true, true));
    store.put_multipart(&"m".into()).await.unwrap().abort().await.unwrap();
    assert_eq!(of(&mut counted).await.0, [2, 1, 1, 2, 3, 1]);
    store.copy(&"a".into(), &"b".into()).await.unwrap();
    assert_eq!(of(&mut counted).await.0, [2, 1, 1, 3, 3, 1]);
    let both = futures::stream::iter([Ok(Path::from("a")), Ok(Path::from("b"))]).boxed();
    store.delete_stream(both).try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(of(&mut counted).await.0, [2, 1, 1, 3, 4, 1]);
    assert!(store.get(&"a".into()).await.is_err());
    let counters = fixture.counters();
    assert_eq!((counters.get, counters.failed, counters.requests()), (3, 1, 13));
    assert_eq!(counters.most_in_flight, 1);
}

#[tokio::test]
async fn a_record_tells_what_was_asked_and_answered() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "day=1/a b", bytes(100));
    store.get_range(&"day=1/a b".into(), 0..10).await.unwrap();
    let missing = store.head(&"none".into()).await;
    assert!(missing.is_err());
    store.list(Some(&"day=1".into())).try_collect::<Vec<_>>().await.unwrap();
    let records = fixture.requests();
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            (
                record.sequence,
                record.kind,
                record.bucket.as_str(),
                record.key.as_str(),
                record.status,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (0, RequestKind::Get, BUCKET, "day=1/a b", Some(206)),
            (1, RequestKind::Head, BUCKET, "none", Some(404)),
            (2, RequestKind::List, BUCKET, "", Some(200)),
        ]
    );
    assert_eq!(
        (records[0].range.as_deref(), records[0].body_bytes_sent),
        (Some("bytes=0-9"), 10)
    );
    assert!(records[2].query.contains("prefix=day%3D1%2F"), "{}", records[2].query);
    fixture.reset();
    assert!(fixture.requests().is_empty());
    assert_eq!(fixture.counters(), Counters::default());
}

#[tokio::test]
async fn an_answer_that_has_arrived_is_counted_and_no_longer_in_flight() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", bytes(10_000));
    for round in 1..=300_u64 {
        store.get(&"o".into()).await.unwrap().bytes().await.unwrap();
        assert_eq!(fixture.counters().body_bytes_sent, round * 10_000);
    }
    assert_eq!(fixture.counters().most_in_flight, 1);
}

#[tokio::test]
async fn a_whole_body_is_counted_byte_for_byte() {
    let (fixture, _store) = lake().await;
    fixture.allow_anonymous_reads(BUCKET);
    for size in [0, 1, 262_143, 262_144, 262_145, 9_000_001] {
        fixture.reset();
        fixture.put(BUCKET, "o", bytes(size));
        let got = get_raw(&fixture, "o", "").await;
        assert!(
            got.head.contains(&format!("content-length: {size}\r\n")),
            "{}",
            got.head
        );
        assert_eq!(got.body, bytes(size));
        assert_eq!(fixture.counters().body_bytes_sent, size as u64);
    }
}

#[tokio::test]
async fn a_large_answer_that_has_arrived_is_no_longer_in_flight() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", bytes(3_000_000));
    for _ in 0..60 {
        store.get(&"o".into()).await.unwrap().bytes().await.unwrap();
        fixture.reset();
        assert_eq!(fixture.counters().most_in_flight, 0);
    }
}
