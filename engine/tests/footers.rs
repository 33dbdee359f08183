//! The footers that are remembered from one statement to the next: what they save, and that they never answer for another version.

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use owlet_engine::{ErrorCode, Principal};
use owlet_s3_fixture::{RequestKind, RequestRule, S3Fixture};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::support::{TestEngine, numbers, run};

/// An engine over `fixture` with one more variable.
async fn with(fixture: &S3Fixture, variable: (&str, &str)) -> TestEngine {
    let mut variables = fixture.environment();
    variables.push((variable.0.to_owned(), variable.1.to_owned()));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    TestEngine::open(&variables).await
}

/// A file of four row groups whose rows all hold `version` in the hundred thousands, and which is as long for each of them.
fn versioned(version: i64) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(2_000))
        .set_dictionary_enabled(false)
        .set_compression(datafusion::parquet::basic::Compression::UNCOMPRESSED)
        .build();
    file((0..8_000).map(|row| version * 100_000 + row), properties)
}

fn file(values: impl IntoIterator<Item = i64>, properties: WriterProperties) -> Vec<u8> {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

const COUNT: &str = "SELECT count(*) FROM 's3://lake/t/'";

#[tokio::test]
async fn a_count_that_is_repeated_costs_one_listing_and_no_get() {
    let fixture = S3Fixture::start(&["lake"]).await;
    for n in 0..3 {
        fixture.put("lake", &format!("t/{n}.parquet"), numbers("n", 0..=n));
    }
    let owlet = TestEngine::over(&fixture).await;
    for gets in [3, 0, 0] {
        fixture.reset();
        assert_eq!(owlet.value(COUNT).await, "6");
        let counters = fixture.counters();
        assert_eq!((counters.list, counters.get, counters.requests()), (1, gets, 1 + gets));
    }
    fixture.put("lake", "t/1.parquet", numbers("n", 0..10));
    fixture.reset();
    assert_eq!(owlet.value(COUNT).await, "14");
    assert_eq!(fixture.counters().get, 1, "only the file that is new is read");
}

#[tokio::test]
async fn nothing_is_kept_where_the_setting_says_so_and_no_more_than_it_says() {
    let bytes = numbers("n", [1]);
    let footer = SerializedFileReader::new(bytes::Bytes::from(bytes.clone())).unwrap();
    let room_for_one = footer.metadata().memory_size() + 1000;
    for (limit, gets) in [(0, 2), (room_for_one, 1), (2 * room_for_one, 0)] {
        let fixture = S3Fixture::start(&["lake"]).await;
        fixture.put("lake", "t/0.parquet", &bytes);
        fixture.put("lake", "u/0.parquet", &bytes);
        let owlet = with(&fixture, ("OWLET_FORMATS_FOOTERS_KEPT_BYTES", &limit.to_string())).await;
        owlet.value(COUNT).await;
        owlet.value("SELECT count(*) FROM 's3://lake/u/'").await;
        fixture.reset();
        owlet.value("SELECT count(*) FROM 's3://lake/u/'").await;
        owlet.value(COUNT).await;
        assert_eq!(fixture.counters().get, gets, "{limit} bytes");
    }
}

#[tokio::test]
async fn the_footer_of_one_bucket_is_never_anothers() {
    let fixture = S3Fixture::start(&["one", "two"]).await;
    fixture.put("one", "t/a.parquet", numbers("n", 1..=1000));
    fixture.put("two", "t/a.parquet", numbers("n", 100_001..=101_000));
    let owlet = TestEngine::over(&fixture).await;
    for _ in 0..3 {
        for (bucket, bounds) in [("one", "1 1000"), ("two", "100001 101000")] {
            let sql = format!("SELECT concat(min(n), ' ', max(n)) FROM 's3://{bucket}/t/a.parquet'");
            assert_eq!(owlet.value(&sql).await, bounds);
        }
    }
}

#[tokio::test]
async fn an_object_overwritten_behind_a_kept_footer_gives_the_new_rows_alone() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    let sql = "SELECT concat(min(n / 100000), ' ', max(n / 100000), ' ', count(*)) FROM 's3://lake/t/'";
    for version in (1..20).step_by(2) {
        fixture.put("lake", "t/a.parquet", versioned(version));
        assert_eq!(owlet.value(sql).await, format!("{version} {version} 8000"));
        fixture.reset();
        // Between the listing, which is answered, and the data.
        let (objects, new) = (fixture.objects(), versioned(version + 1));
        fixture.on_request(RequestRule::on(RequestKind::Get).times(1), move |_| {
            objects.put("lake", "t/a.parquet", &new);
        });
        assert_eq!(owlet.value(sql).await, format!("{0} {0} 8000", version + 1));
        assert_eq!(fixture.counters().list, 2, "the statement has begun anew");
    }
}

#[tokio::test]
async fn of_two_listings_in_one_statement_the_second_brings_no_footer_of_another_version() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    let contents = [numbers("n", 0..10), numbers("n", 0..20)];
    for content in &contents {
        fixture.put("lake", "t/a.parquet", content);
        owlet.value(COUNT).await;
    }
    for race in 0..20 {
        fixture.put("lake", "t/a.parquet", &contents[0]);
        fixture.reset();
        let (objects, new) = (fixture.objects(), contents[1].clone());
        fixture.on_applied(RequestRule::on(RequestKind::List).times(1), move |_| {
            objects.put("lake", "t/a.parquet", &new);
        });
        let sql = "SELECT (SELECT count(*) FROM 's3://lake/t/') = (SELECT count(*) FROM 's3://lake/t/*.parquet')";
        assert_eq!(owlet.value(sql).await, "true", "race {race}");
        assert!(fixture.counters().list >= 3, "the statement has begun anew");
    }
}

#[tokio::test]
async fn of_seeded_races_with_a_writer_none_mixes_a_kept_footer_with_other_rows() {
    let fixture = S3Fixture::start(&["lake"]).await;
    let owlet = TestEngine::over(&fixture).await;
    let contents = [versioned(0), versioned(1)];
    let sql = "SELECT min(n / 100000) = max(n / 100000) AND count(*) = 8000 FROM 's3://lake/v.parquet'";
    for content in &contents {
        fixture.put("lake", "v.parquet", content);
        assert_eq!(owlet.value(sql).await, "true");
    }
    let (mut restarted, mut caught, mut seed) = (0, 0, 7_u64);
    for race in 0..200_u64 {
        fixture.reset();
        fixture.put("lake", "v.parquet", &contents[0]);
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // One HEAD, then four GETs of row groups: the footers of both versions are at hand.
        let (point, times) = ((seed >> 33) % 5, 1 + (seed >> 40) % 2 * 20);
        let (objects, contents, flips) = (fixture.objects(), contents.clone(), AtomicU64::new(0));
        let any = RequestRule::on_any(&[RequestKind::Get, RequestKind::Head]);
        fixture.on_applied(any.skip(point).times(times), move |_| {
            let next = (flips.fetch_add(1, Ordering::Relaxed) + 1) % 2;
            objects.put("lake", "v.parquet", &contents[usize::try_from(next).unwrap()]);
        });
        match owlet.run(sql).await {
            Ok(answer) => {
                assert_eq!(answer.value(), "true", "race {race} (point {point}, {times} times)");
                restarted += u64::from(fixture.counters().get > 4);
            }
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::ObjectChanged, "race {race}: {error}");
                caught += 1;
            }
        }
    }
    assert!(restarted > 20 && caught > 20, "{restarted} restarts, {caught} errors");
}

#[tokio::test]
async fn the_page_index_of_a_file_in_two_parts_is_read_once_and_kept() {
    let fixture = S3Fixture::start(&["lake"]).await;
    // Each page has other bounds, each row group the same: only the page index can rule something out.
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(50_000))
        .set_data_page_row_count_limit(5_000)
        .set_dictionary_enabled(false)
        .set_compression(datafusion::parquet::basic::Compression::UNCOMPRESSED)
        .build();
    let bytes = file((0..200_000).map(|row| row % 50_000 * 1000 + row / 50_000), properties);
    fixture.put("lake", "t/a.parquet", &bytes);
    let footer = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let first = footer.metadata().row_group(0).column(0).column_index_offset().unwrap();
    let owlet = with(&fixture, ("OWLET_WORKGROUP_TARGET_PARTITIONS", "2")).await;
    for reads in [1, 0, 0] {
        fixture.reset();
        let answer = owlet
            .run("SELECT sum(n) FROM 's3://lake/t/' WHERE n < 1000000")
            .await
            .unwrap();
        let sum: i64 = (0..1000).map(|thousand| thousand * 4000 + 6).sum();
        assert_eq!(answer.value(), sum.to_string());
        let records = fixture.requests();
        let wanted = format!("bytes={first}-");
        let of_index = |range: &String| range.starts_with(&wanted);
        let indexes = records
            .iter()
            .filter(|record| record.range.as_ref().is_some_and(of_index))
            .count();
        assert_eq!(indexes, reads, "{records:#?}");
        assert!(fixture.counters().get >= 2, "both parts are read");
        assert!(fixture.counters().body_bytes_sent < 300_000, "pages are left out");
    }
}

#[tokio::test]
async fn whoever_may_not_list_a_file_has_nothing_of_its_footer() {
    let fixture = S3Fixture::start(&["lake"]).await;
    fixture.put("lake", "open/a.parquet", numbers("n", [1]));
    fixture.put("lake", "closed/a.parquet", numbers("n", [2, 3]));
    let owlet = with(&fixture, ("OWLET_STORAGE_REMOTE_PREFIXES", r#"["s3://lake/open/"]"#)).await;
    let closed = "SELECT count(*) FROM 's3://lake/closed/a.parquet'";
    for _ in 0..2 {
        assert_eq!(owlet.value(closed).await, "2");
    }
    let remote = owlet.engine.session(Principal::remote("somebody"));
    for sql in [
        closed,
        "DESCRIBE 's3://lake/closed/'",
        "SELECT count(*) FROM 's3://lake/*/a.parquet'",
    ] {
        let error = run(&remote, sql).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::PermissionDenied, "{sql}: {error}");
    }
}

/// Writes over `path` without making a new file.
fn rewrite(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    assert_eq!(file.metadata().unwrap().len(), bytes.len() as u64, "the size stays");
    file.write_all(bytes).unwrap();
}

#[tokio::test]
async fn a_local_file_rewritten_in_place_at_once_is_read_anew() {
    let owlet = TestEngine::local().await;
    let path = owlet.directory.path().join("t.parquet");
    fs::write(&path, numbers("n", [0])).unwrap();
    for n in 1..300 {
        rewrite(&path, &numbers("n", [n]));
        assert_eq!(owlet.value("SELECT max(n) FROM 't.parquet'").await, n.to_string());
    }
}

/// How many reads `sql` takes.
async fn gets(owlet: &TestEngine, sql: &str) -> u64 {
    owlet.run(sql).await.unwrap().statistics.requests.get
}

#[tokio::test]
async fn a_local_file_that_has_settled_is_remembered_until_its_bytes_change_whatever_its_times_say() {
    let owlet = TestEngine::local().await;
    let path = owlet.directory.path().join("t.parquet");
    fs::write(&path, numbers("n", [1])).unwrap();
    let long_ago = SystemTime::now() - Duration::from_hours(1);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    let count = "SELECT count(*) FROM 't.parquet'";
    assert_eq!(
        [gets(&owlet, count).await, gets(&owlet, count).await],
        [1, 1],
        "it may change unseen"
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    while gets(&owlet, count).await > 0 {
        assert!(
            Instant::now() < deadline,
            "a file that stays as it is has to be remembered"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    rewrite(&path, &numbers("n", [7]));
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    assert_eq!(owlet.value("SELECT max(n) FROM 't.parquet'").await, "7");
}
