//! Latency, bandwidth and requests at one time.

use std::time::{Duration, Instant};

use object_store::ObjectStoreExt;

use crate::client::{BUCKET, bytes, lake};

#[tokio::test]
async fn latency_delays_every_request_and_requests_overlap() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", "x");
    fixture.set_latency(Duration::from_millis(100));
    let start = Instant::now();
    let gets = (0..6).map(|_| {
        let store = store.clone();
        async move { store.get(&"o".into()).await.unwrap().bytes().await.unwrap() }
    });
    futures::future::join_all(gets).await;
    assert!(start.elapsed() >= Duration::from_millis(100));
    assert_eq!(fixture.counters().most_in_flight, 6);
    fixture.reset();
    assert_eq!(fixture.counters().most_in_flight, 0);
}

#[tokio::test]
async fn bandwidth_limits_both_directions_of_a_connection() {
    let (fixture, store) = lake().await;
    fixture.set_bandwidth(Some(1_000_000));
    let start = Instant::now();
    store.put(&"o".into(), bytes(300_000).into()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    let start = Instant::now();
    let got = store.get(&"o".into()).await.unwrap().bytes().await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    assert_eq!(got, bytes(300_000));
    let counters = fixture.counters();
    assert_eq!(
        (counters.body_bytes_sent, counters.body_bytes_received),
        (300_000, 300_000)
    );
}

#[tokio::test]
async fn connections_do_not_share_their_bandwidth() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", bytes(100_000));
    fixture.set_bandwidth(Some(200_000));
    let start = Instant::now();
    let gets = (0..16).map(|_| {
        let store = store.clone();
        async move { store.get(&"o".into()).await.unwrap().bytes().await.unwrap() }
    });
    futures::future::join_all(gets).await;
    // Half a second each; eight seconds if they shared.
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}
