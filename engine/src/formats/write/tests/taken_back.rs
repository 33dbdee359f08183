//! Whatever ends a statement early, nothing of it stays.

use super::*;
use crate::error::{Error, ErrorCode};
use owlet_s3_fixture::{Fault, RequestKind, RequestRule};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

fn failed(result: datafusion::common::Result<Written>) -> Error {
    match result {
        Err(DataFusionError::External(error)) => *error.downcast::<Error>().unwrap(),
        Err(other) => panic!("{other}"),
        Ok(written) => panic!("{written:?}"),
    }
}

#[tokio::test]
async fn an_error_of_the_rows_is_passed_on_and_nothing_stays() {
    for bench in Bench::both() {
        let mut batches: Vec<_> = (0..20).map(|n| Ok(mebibyte(n, "a"))).collect();
        batches.push(Err(DataFusionError::Execution("divided by zero".to_owned())));
        let target = bench.target("arrow");
        let result = write(&target, Files::Many, streamed(batches), &unbounded(), &small()).await;
        assert!(matches!(result, Err(DataFusionError::Execution(message)) if message == "divided by zero"));
        // Not only in the background: whoever got the error may look at once.
        assert!(bench.names().is_empty(), "{:?}", bench.names());
        if let Place::Bucket(_) = bench.place {
            assert!(bench.storage.usage().requests.put > 3);
            bench.assert_counted();
        }
    }
}

#[tokio::test]
async fn a_second_partition_of_one_file_is_refused_before_anything_is_visible() {
    let bench = Bench::bucket();
    let batches = (0..8).map(|n| Ok(mebibyte(n, if n < 7 { "a" } else { "b" })));
    let batches = streamed(batches.collect());
    let error = failed(write(&bench.partitioned("arrow"), Files::One, batches, &unbounded(), &small()).await);
    assert_eq!(error.code(), ErrorCode::NotSupported);
    assert!(error.message().contains("\"part=a\" and \"part=b\""), "{error}");
    assert!(bench.names().is_empty());
    assert_eq!(
        bench.fixture().counters().delete,
        1,
        "the upload was aborted, and there was nothing else"
    );
    bench.assert_counted();
}

#[tokio::test]
async fn more_partitions_than_may_be_open_are_refused_with_advice() {
    let bench = Bench::directory();
    let settings = WriteSettings {
        writers_open: 3,
        ..small()
    };
    let batches = streamed((0..4).map(|n| Ok(rows(n..n + 1, &n.to_string()))).collect());
    let error = failed(
        write(
            &bench.partitioned("arrow"),
            Files::Many,
            batches,
            &unbounded(),
            &settings,
        )
        .await,
    );
    assert_eq!(error.code(), ErrorCode::ExceededStatementLimit);
    assert!(error.message().contains("formats.write.writers_open"), "{error}");
    assert!(bench.names().is_empty());
}

/// Drops a write when its `n`th request has arrived, and again when it has been obeyed; tells whether there was such a request.
async fn drop_at(n: u64, after: bool) -> bool {
    let bench = Bench::bucket();
    let arrived = Arc::new(Notify::new());
    let (notify, rule) = (
        Arc::clone(&arrived),
        RequestRule::on_any(&RequestKind::WRITES).skip(n).times(1),
    );
    let hook = move |_: &owlet_s3_fixture::RequestRecord| notify.notify_one();
    let id = if after {
        bench.fixture().on_applied(rule, hook)
    } else {
        bench.fixture().on_request(rule, hook)
    };
    let target = bench.target("arrow");
    let (pool, settings) = (unbounded(), small());
    let ended = {
        let writing = write(&target, Files::Many, mebibytes(14), &pool, &settings);
        tokio::select! {
            biased;
            () = arrived.notified() => None,
            written = writing => Some(written.unwrap()),
        }
    };
    drop(ended);
    bench.assert_nothing_stays().await;
    bench.fixture().times_fired(id) == 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_dropped_at_any_request_leaves_nothing_in_a_bucket() {
    let mut dropped = 0;
    for after in [false, true] {
        for n in 0.. {
            if !drop_at(n, after).await {
                break;
            }
            dropped += 1;
        }
    }
    assert!(dropped > 12, "only {dropped} requests were met");
}

/// Rows that come one batch at a time, each after a moment in which the future may be dropped.
fn counted(seen: Arc<AtomicUsize>) -> SendableRecordBatchStream {
    let batches = stream::iter(0..20).then(move |n| {
        let seen = Arc::clone(&seen);
        async move {
            seen.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(mebibyte(n, "a"))
        }
    });
    stream_of(batches)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_dropped_between_any_two_batches_leaves_nothing_on_disk() {
    for limit in 0..20 {
        let bench = Bench::directory();
        let seen = Arc::new(AtomicUsize::new(0));
        let (target, pool, settings) = (bench.target("arrow"), unbounded(), small());
        let mut writing = Box::pin(write(
            &target,
            Files::Many,
            counted(Arc::clone(&seen)),
            &pool,
            &settings,
        ));
        let ended = std::future::poll_fn(|context| match writing.as_mut().poll(context) {
            std::task::Poll::Ready(written) => std::task::Poll::Ready(Some(written.unwrap())),
            std::task::Poll::Pending if seen.load(Ordering::SeqCst) > limit => std::task::Poll::Ready(None),
            std::task::Poll::Pending => std::task::Poll::Pending,
        })
        .await;
        assert!(ended.is_none(), "the write was over before batch {limit}");
        drop(writing);
        bench.assert_nothing_stays().await;
    }
}

#[tokio::test]
async fn a_panic_leaves_nothing() {
    use futures::FutureExt;
    for bench in Bench::both() {
        let batches = stream_of(stream::iter(0..12).map(|n| match n {
            11 => panic!("a defect"),
            _ => Ok(mebibyte(n, "a")),
        }));
        let (target, pool, settings) = (bench.target("arrow"), unbounded(), small());
        let writing = write(&target, Files::Many, batches, &pool, &settings);
        assert!(AssertUnwindSafe(writing).catch_unwind().await.is_err());
        bench.assert_nothing_stays().await;
    }
}

#[tokio::test]
async fn a_store_that_refuses_a_part_is_the_statements_error_and_nothing_stays() {
    for query in ["partNumber=2", "uploads", "uploadId"] {
        let bench = Bench::bucket();
        let denied = Fault::Status {
            code: 403,
            s3_code: "AccessDenied",
        };
        bench.fixture().inject(
            RequestRule::on_any(&[RequestKind::Put, RequestKind::Post])
                .query_contains(query)
                .fault(denied),
        );
        let target = bench.target("arrow");
        let error = failed(write(&target, Files::Many, mebibytes(18), &unbounded(), &small()).await);
        assert_eq!(error.code(), ErrorCode::StorageDenied, "{query}: {error}");
        assert!(error.message().contains("s3://data/t/q1-0000"), "{error}");
        assert!(bench.names().is_empty(), "{query}: {:?}", bench.names());
        bench.assert_counted();
    }
}

#[tokio::test]
async fn what_a_killed_writer_left_is_hidden_from_listings() {
    let bench = Bench::directory();
    let Place::Directory(directory) = &bench.place else {
        return;
    };
    let place = directory.path().join("t");
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join(".q0-00000.parquet.1.partial"), b"half").unwrap();
    let mut written = written(&bench.target("parquet"), Files::One, mebibytes(1)).await;
    written.keep();
    let target = bench.target("arrow");
    let formats = crate::formats::Formats::new(crate::formats::Settings::default(), Arc::new(|| 0));
    let table =
        crate::formats::FileTable::open(&bench.storage, std::slice::from_ref(&target.directory), &formats).await;
    assert_eq!(table.unwrap().size().0, 1);
}
