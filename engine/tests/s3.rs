//! The whole road over S3: statements on a real server, their bills compared with the server's own counters.

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use object_store::ObjectStoreExt;
use owlet_engine::{ErrorCode, Principal, Statistics};
use owlet_s3_fixture::{Counters, Fault, FaultRule, RequestKind, RequestRule, S3Fixture};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::support::{TestEngine, numbers, run, tpch};

/// The bill as both sides have it.
fn compared(server: Counters, ours: &Statistics) -> ([u64; 7], [u64; 7]) {
    let theirs = [
        server.get,
        server.head,
        server.list,
        server.put,
        server.post,
        server.delete,
        server.body_bytes_sent,
    ];
    let requests = ours.requests;
    let ours = [
        requests.get,
        requests.head,
        requests.list,
        requests.put,
        requests.post,
        requests.delete,
        ours.bytes_scanned,
    ];
    (ours, theirs)
}

/// A Parquet file of four row groups whose rows all hold `version` (in the hundred thousands), so that a mixture of versions
/// shows. No two rows are the same: a constant column would be answered from the footer.
fn versioned(version: i64) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(2_000))
        .set_dictionary_enabled(false)
        .set_compression(datafusion::parquet::basic::Compression::UNCOMPRESSED)
        .build();
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(
        (0..8_000).map(|row| version * 100_000 + row),
    ));
    let batch = RecordBatch::try_from_iter([("version", column)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[tokio::test]
async fn the_tpch_queries_answer_over_s3_as_on_disk_and_cost_what_the_server_counted() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let data = tpch::data();
    for table in tpch::TABLES {
        for file in fs::read_dir(data.join(table)).unwrap() {
            let file = file.unwrap();
            let key = format!("tpch/{table}/{}", file.file_name().display());
            fixture.put("lake", &key, fs::read(file.path()).unwrap());
        }
    }
    let owlet = TestEngine::over(&fixture).await;
    for number in 1..=22 {
        fixture.reset();
        let over_s3 = owlet.run(&tpch::query(number, "s3://lake/tpch")).await.unwrap();
        let (ours, theirs) = compared(fixture.counters(), &over_s3.statistics);
        assert_eq!(ours, theirs, "the bill of query {number}");
        assert!(over_s3.statistics.requests.get > 0);
        let on_disk = owlet
            .run(&tpch::query(number, &data.display().to_string()))
            .await
            .unwrap();
        assert_eq!(over_s3.table(), on_disk.table(), "query {number}");
    }
}

#[tokio::test]
async fn pages_of_a_listing_and_retried_faults_are_on_the_bill() {
    let fixture = S3Fixture::start(&["lake"]).await;
    for n in 0..25 {
        fixture.put("lake", &format!("t/{n:02}.parquet"), numbers("n", [n]));
    }
    let owlet = TestEngine::over(&fixture).await;
    fixture.reset();
    fixture.set_page_size(10);
    let slow_down = Fault::Status {
        code: 503,
        s3_code: "SlowDown",
    };
    fixture.inject(FaultRule::on(RequestKind::Get).skip(3).times(2).fault(slow_down));
    fixture.inject(
        FaultRule::on(RequestKind::Get)
            .skip(9)
            .times(1)
            .fault(Fault::ResetMidBody { after_bytes: 10 }),
    );
    let answer = owlet.run("SELECT sum(n) FROM 's3://lake/t/'").await.unwrap();
    assert_eq!(answer.value(), (0..25).sum::<i64>().to_string());
    assert_eq!(answer.statistics.requests.list, 3);
    let (ours, theirs) = compared(fixture.counters(), &answer.statistics);
    assert_eq!(ours, theirs);
    assert_eq!(fixture.counters().failed, 2);
}

#[tokio::test]
async fn what_another_writer_does_in_the_bucket_is_seen_by_the_next_statement() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    let sum = "SELECT coalesce(sum(n), 0) FROM 's3://lake/t/'";
    fixture.put("lake", "t/a.parquet", numbers("n", [1]));
    assert_eq!(owlet.value(sum).await, "1");
    fixture.put("lake", "t/b.parquet", numbers("n", [10]));
    assert_eq!(owlet.value(sum).await, "11");
    fixture.put("lake", "t/a.parquet", numbers("n", [2]));
    assert_eq!(owlet.value(sum).await, "12");
    fixture.remove("lake", "t/b.parquet");
    assert_eq!(owlet.value(sum).await, "2");
}

#[tokio::test]
async fn files_of_the_same_name_in_two_buckets_are_not_confused() {
    let fixture = S3Fixture::start(&["one", "two"]).await;
    fixture.put("one", "t/a.parquet", numbers("n", 1..=1000));
    fixture.put("two", "t/a.parquet", numbers("n", 100_001..=101_000));
    let owlet = TestEngine::over(&fixture).await;
    let table = owlet
        .table(
            "SELECT (SELECT max(n) FROM 's3://one/t/a.parquet') AS one, (SELECT min(n) FROM 's3://two/t/a.parquet') AS two,
                    (SELECT count(*) FROM 's3://two/t/a.parquet' WHERE n > 100500) AS above",
        )
        .await;
    assert!(table.contains("| 1000 | 100001 | 500   |"), "{table}");
}

#[tokio::test]
async fn an_object_that_is_overwritten_before_the_first_row_gives_the_new_rows_alone() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "v.parquet", versioned(1));
    let owlet = TestEngine::over(&fixture).await;
    let objects = fixture.objects();
    // Between the footer and the data.
    let overwrite = RequestRule::on(RequestKind::Get).skip(1).times(1);
    fixture.on_request(overwrite, move |_| {
        objects.put("lake", "v.parquet", versioned(2));
    });
    let answer = owlet
        .run("SELECT min(version / 100000) AS a, max(version / 100000) AS b, count(*) AS c FROM 's3://lake/v.parquet'")
        .await;
    let table = answer.unwrap().table();
    assert!(table.contains("| 2 | 2 | 8000 |"), "{table}");
}

#[tokio::test]
async fn an_object_that_keeps_changing_is_an_error_and_never_a_mixture() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "v.parquet", versioned(0));
    let owlet = TestEngine::over(&fixture).await;
    let (objects, version) = (fixture.objects(), AtomicU64::new(0));
    fixture.on_request(RequestRule::on(RequestKind::Get), move |_| {
        let next = version.fetch_add(1, Ordering::Relaxed) + 1;
        objects.put("lake", "v.parquet", versioned(i64::try_from(next).unwrap()));
    });
    let error = owlet
        .run("SELECT sum(version) FROM 's3://lake/v.parquet'")
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::ObjectChanged, "{error}");
    assert!(error.message().contains("v.parquet"), "{error}");
}

#[tokio::test]
async fn of_a_thousand_seeded_races_with_another_writer_none_gives_a_mixture() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    let contents = [versioned(0), versioned(1)];
    let (mut restarted, mut caught, mut seed) = (0, 0, 7_u64);
    for race in 0..1_000_u64 {
        fixture.reset();
        fixture.put("lake", "v.parquet", &contents[0]);
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // One HEAD, then at most five GETs: the footer and four row groups. Twice in some races, so that the second attempt
        // meets a change as well.
        let (objects, new) = (fixture.objects(), contents[1].clone());
        let (point, times) = ((seed >> 33) % 6, 1 + (seed >> 40) % 2 * 20);
        let any = RequestRule::on_any(&[RequestKind::Get, RequestKind::Head]);
        let flips = AtomicU64::new(0);
        let old = contents[0].clone();
        fixture.on_applied(any.skip(point).times(times), move |_| {
            let odd = flips.fetch_add(1, Ordering::Relaxed) % 2 == 1;
            objects.put("lake", "v.parquet", if odd { &old } else { &new });
        });
        let sql = "SELECT min(version / 100000) = max(version / 100000) AND count(*) = 8000 FROM 's3://lake/v.parquet'";
        match owlet.run(sql).await {
            Ok(answer) => {
                assert_eq!(
                    answer.value(),
                    "true",
                    "race {race} (point {point}, {times} times) gave a mixture"
                );
                restarted += u64::from(fixture.counters().get > 5);
            }
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::ObjectChanged, "race {race}: {error}");
                caught += 1;
            }
        }
    }
    assert!(
        restarted > 100 && caught > 100,
        "the races met no change: {restarted} restarts, {caught} errors"
    );
}

#[tokio::test]
async fn a_store_that_does_not_answer_or_denies_is_named_without_secrets() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "t/a.parquet", numbers("n", [1]));
    let endpoint = fixture.endpoint();
    let denied = TestEngine::open(&[
        ("AWS_ACCESS_KEY_ID", fixture.access_key().as_str()),
        ("AWS_SECRET_ACCESS_KEY", "a-secret-that-is-wrong"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
    ])
    .await;
    let error = denied.run("SELECT * FROM 's3://lake/t/'").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::StorageDenied, "{error}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("a-secret-that-is-wrong"), "{shown}");
    let gone = TestEngine::over(&fixture).await;
    for location in [
        "s3://lake/nothing/",
        "s3://lake/nothing.parquet",
        "s3://no-such-bucket/t/",
    ] {
        let error = gone.run(&format!("SELECT * FROM '{location}'")).await.unwrap_err();
        assert!(
            error.message().contains(location.trim_end_matches('/')),
            "{location}: {error}"
        );
    }
}

#[tokio::test]
async fn planning_that_waits_for_a_slow_store_has_a_deadline() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "t/a.parquet", numbers("n", [1]));
    fixture.set_latency(Duration::from_secs(5));
    let mut variables = fixture.environment();
    variables.push(("OWLET_WORKGROUP_PLANNING_TIMEOUT_SECONDS".to_owned(), "1".to_owned()));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let owlet = TestEngine::open(&variables).await;
    let started = Instant::now();
    let error = owlet.run("SELECT * FROM 's3://lake/t/'").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ExceededTimeLimit, "{error}");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_remote_principal_reaches_what_the_configuration_allows_and_no_file_of_this_machine() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "open/a.parquet", numbers("n", [1]));
    fixture.put("lake", "closed/a.parquet", numbers("n", [2]));
    let mut variables = fixture.environment();
    variables.push((
        "OWLET_STORAGE_REMOTE_PREFIXES".to_owned(),
        r#"["s3://lake/open/"]"#.to_owned(),
    ));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let owlet = TestEngine::open(&variables).await;
    let local = owlet.directory.path().join("local.parquet");
    fs::write(&local, numbers("n", [3])).unwrap();
    let remote = owlet.engine.session(Principal::remote("somebody"));
    assert_eq!(
        run(&remote, "SELECT n FROM 's3://lake/open/'").await.unwrap().value(),
        "1"
    );
    let local = local.display().to_string();
    for location in [
        "s3://lake/closed/",
        "s3://lake/open/../closed/a.parquet",
        "s3a://lake/closed/a.parquet",
        "s3://lake/*/a.parquet",
        "s3://lake/",
        local.as_str(),
        "local.parquet",
        &format!("file://{local}"),
        &format!("FILE:{local}"),
    ] {
        for sql in [
            format!("SELECT * FROM '{location}'"),
            format!("EXPLAIN SELECT * FROM '{location}'"),
        ] {
            let error = run(&remote, &sql).await.unwrap_err();
            let refused = [
                ErrorCode::PermissionDenied,
                ErrorCode::InvalidValue,
                ErrorCode::TableNotFound,
            ];
            assert!(refused.contains(&error.code()), "{sql}: {error}");
        }
    }
    assert_eq!(
        owlet.value("SELECT n FROM 'local.parquet'").await,
        "3",
        "the same file, by the local principal"
    );
}

#[tokio::test]
async fn the_bare_engine_takes_the_footer_of_one_bucket_for_anothers() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let contents = [
        (one.path(), numbers("n", 1..=1000)),
        (two.path(), numbers("n", 100_001..=101_000)),
    ];
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    assert_eq!(contents[0].1.len(), contents[1].1.len());
    let context = SessionContext::new();
    for (bucket, (directory, bytes)) in ["one", "two"].into_iter().zip(&contents) {
        let path = directory.join("a.parquet");
        fs::write(&path, bytes).unwrap();
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(time)
            .unwrap();
        let store = object_store::local::LocalFileSystem::new_with_prefix(directory).unwrap();
        context.register_object_store(&format!("{bucket}://{bucket}").parse().unwrap(), Arc::new(store));
        let options = ParquetReadOptions::default();
        context
            .register_parquet(bucket, format!("{bucket}://{bucket}/a.parquet"), options)
            .await
            .unwrap();
    }
    let batches = context
        .sql("SELECT count(*) FROM two WHERE n > 100500")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let rows = arrow::util::display::array_value_to_string(batches[0].column(0), 0).unwrap();
    assert_ne!(
        rows, "500",
        "the bare engine tells buckets apart now: this guard can go"
    );
}

#[tokio::test]
async fn the_bare_store_takes_a_whole_object_for_the_rest_of_one() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let object: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    fixture.put("lake", "o", &object);
    let break_off = || {
        fixture.inject(
            FaultRule::on(RequestKind::Get)
                .times(1)
                .fault(Fault::ResetMidBody { after_bytes: 1_000 }),
        );
        fixture.inject(
            FaultRule::on(RequestKind::Get)
                .skip(1)
                .times(1)
                .fault(Fault::IgnoreRange),
        );
    };
    break_off();
    let bare = object_store::aws::AmazonS3Builder::new()
        .with_endpoint(fixture.endpoint())
        .with_bucket_name("lake")
        .with_access_key_id(fixture.access_key())
        .with_secret_access_key(fixture.secret_key())
        .with_allow_http(true)
        .build()
        .unwrap();
    let path = object_store::path::Path::from("o");
    let read = bare.get(&path).await.unwrap().bytes().await;
    assert!(
        read.is_ok_and(|bytes| bytes != object),
        "the bare store checks what it resumes now: this guard can go"
    );
}
