//! A query reads one version of each object.

use std::sync::Arc;

use datafusion::arrow::array::Int64Array;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use owlet_engine::ErrorCode;
use owlet_engine::storage::from_chain;
use owlet_s3_fixture::{Fault, RequestKind, RequestRule};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{OneQuery, assert_failed, list, location, pattern, read};

const CHANGED: ErrorCode = ErrorCode::ObjectChanged;

async fn with_object() -> OneQuery {
    let one = OneQuery::start().await;
    one.fixture.put("data", "t/a", pattern(100_000));
    one
}

#[tokio::test]
async fn an_object_overwritten_after_the_listing_is_refused() {
    let one = with_object().await;
    list(&one.store, "t").await.unwrap();
    one.fixture.put("data", "t/a", b"other");
    assert_failed(
        read(&one.store, "t/a").await,
        CHANGED,
        &["s3://data/t/a", "run the statement again"],
    );
    assert_failed(one.store.head(&Path::from("t/a")).await, CHANGED, &[]);
    assert_eq!(one.query.object_changed().unwrap().code(), CHANGED);
}

#[tokio::test]
async fn an_object_overwritten_after_its_head_is_refused() {
    let one = with_object().await;
    one.store.head(&Path::from("t/a")).await.unwrap();
    one.fixture.put("data", "t/a", pattern(100_001));
    assert_failed(
        one.store.get_range(&Path::from("t/a"), 0..10).await,
        CHANGED,
        &["s3://data/t/a"],
    );
}

#[tokio::test]
async fn an_object_overwritten_after_its_first_range_is_refused() {
    let one = with_object().await;
    let path = Path::from("t/a");
    one.store.get_range(&path, 0..10).await.unwrap();
    let mut other = pattern(100_000);
    other[50_000] ^= 1;
    one.fixture.put("data", "t/a", other);
    assert_failed(one.store.get_range(&path, 0..10).await, CHANGED, &[]);
    assert_failed(one.store.get_ranges(&path, &[0..10, 20..30]).await, CHANGED, &[]);
}

#[tokio::test]
async fn an_object_deleted_in_mid_query_has_changed_and_one_that_never_was_there_has_not() {
    let one = with_object().await;
    list(&one.store, "t").await.unwrap();
    one.fixture.remove("data", "t/a");
    assert_failed(read(&one.store, "t/a").await, CHANGED, &["deleted"]);
    assert_failed(read(&one.store, "t/b").await, ErrorCode::TableNotFound, &[]);
}

#[tokio::test]
async fn an_object_overwritten_while_its_bytes_flow_is_refused() {
    for deleted in [false, true] {
        let one = with_object().await;
        one.fixture.inject(
            RequestRule::on(RequestKind::Get)
                .times(1)
                .fault(Fault::ResetMidBody { after_bytes: 40_000 }),
        );
        let objects = one.fixture.objects();
        one.fixture
            .on_request(RequestRule::on(RequestKind::Get).skip(1).times(1), move |_| {
                if deleted {
                    objects.remove("data", "t/a");
                } else {
                    objects.put(
                        "data",
                        "t/a",
                        pattern(100_000).iter().rev().copied().collect::<Vec<_>>(),
                    );
                }
            });
        assert_failed(read(&one.store, "t/a").await, CHANGED, &["s3://data/t/a"]);
    }
}

#[tokio::test]
async fn the_next_query_reads_the_new_version() {
    let one = with_object().await;
    read(&one.store, "t/a").await.unwrap();
    one.fixture.put("data", "t/a", b"new");
    let storage = super::opened(super::settings(), one.fixture.environment().into_iter().collect());
    let next = storage.unwrap().query(owlet_engine::storage::Access::Local);
    let store = next.store(&location("s3://data/")).unwrap();
    assert_eq!(read(&store, "t/a").await.unwrap(), b"new");
    assert!(next.object_changed().is_none());
}

#[tokio::test]
async fn a_query_reads_what_it_writes_itself() {
    let one = with_object().await;
    let path = Path::from("t/a");
    list(&one.store, "t").await.unwrap();
    one.store.put(&path, PutPayload::from_static(b"mine")).await.unwrap();
    assert_eq!(read(&one.store, "t/a").await.unwrap(), b"mine");
    let mut upload = one.store.put_multipart(&path).await.unwrap();
    upload.put_part(PutPayload::from_static(b"parts")).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(read(&one.store, "t/a").await.unwrap(), b"parts");
    one.store
        .put(&Path::from("t/b"), PutPayload::from_static(b"copied"))
        .await
        .unwrap();
    one.store.copy(&Path::from("t/b"), &path).await.unwrap();
    assert_eq!(read(&one.store, "t/a").await.unwrap(), b"copied");
    one.store.delete(&path).await.unwrap();
    assert_failed(read(&one.store, "t/a").await, ErrorCode::TableNotFound, &[]);
    one.store.put(&path, PutPayload::from_static(b"again")).await.unwrap();
    assert_eq!(read(&one.store, "t/a").await.unwrap(), b"again");
}

/// The acceptance of the issue: an object is overwritten at a random moment between the reads that a scan makes.
#[tokio::test]
async fn a_thousand_races_are_all_caught() {
    let mut random = StdRng::seed_from_u64(20_261_101);
    let one = OneQuery::start().await;
    let version = |number: u32| number.to_le_bytes().repeat(300);
    let storage = super::opened(super::settings(), one.fixture.environment().into_iter().collect()).unwrap();
    let mut caught = 0;
    for race in 0..1000 {
        one.fixture.put("data", "race", version(2 * race));
        let query = storage.query(owlet_engine::storage::Access::Local);
        let store = query.store(&location("s3://data/race")).unwrap();
        let overwritten_before: usize = random.random_range(1..4);
        let mut outcome = Ok(());
        for step in 0..4 {
            if step == overwritten_before {
                one.fixture.put("data", "race", version(2 * race + 1));
            }
            let start = random.random_range(0..299) * 4;
            match store.get_range(&Path::from("race"), start..start + 4).await {
                Ok(bytes) => assert_eq!(bytes, (2 * race).to_le_bytes()[..], "a mixture in race {race}"),
                Err(failure) => outcome = Err(failure),
            }
        }
        assert_failed(outcome, CHANGED, &[]);
        caught += 1;
    }
    assert_eq!(caught, 1000);
}

/// A Parquet file of one column of `rows` numbers, in several row groups.
fn numbers(rows: i64) -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
    let column = Arc::new(Int64Array::from_iter_values(0..rows));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(1000))
        .build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

/// What DataFusion makes of a change: the failure must be found again under all that it and Parquet wrap around it.
#[tokio::test]
async fn a_change_between_footer_and_data_is_recognised_through_datafusion() {
    let one = OneQuery::start().await;
    one.fixture.put("data", "numbers.parquet", numbers(5000));
    let objects = one.fixture.objects();
    let reads = RequestRule::on(RequestKind::Get).key_contains("numbers");
    // Schema and footer are read first; the data comes when the plan runs.
    let runtime = RuntimeEnvBuilder::new()
        .with_object_store_registry(Arc::clone(&one.query) as _)
        .build_arc()
        .unwrap();
    let session = SessionContext::new_with_config_rt(SessionConfig::new().with_target_partitions(2), runtime);
    let frame = session
        .read_parquet("s3://data/numbers.parquet", ParquetReadOptions::default())
        .await
        .unwrap();
    one.fixture.on_request(reads.times(1), move |_| {
        objects.put("data", "numbers.parquet", numbers(5001));
    });
    let failure = frame.collect().await.unwrap_err();
    let found = from_chain(&failure).expect("the failure in DataFusion's chain");
    assert_eq!(found.code(), CHANGED, "{failure:?}");
    assert!(found.message().contains("s3://data/numbers.parquet"), "{found}");
    assert_eq!(one.query.object_changed().unwrap().code(), CHANGED);
}

/// The same scan without a change gives all rows, and DataFusion's requests are the server's.
#[tokio::test]
async fn a_scan_through_datafusion_is_whole_and_counted() {
    let one = OneQuery::start().await;
    one.fixture.put("data", "numbers.parquet", numbers(5000));
    let runtime = RuntimeEnvBuilder::new()
        .with_object_store_registry(Arc::clone(&one.query) as _)
        .build_arc()
        .unwrap();
    let session = SessionContext::new_with_config_rt(SessionConfig::new(), runtime);
    let frame = session
        .read_parquet("s3://data/numbers.parquet", ParquetReadOptions::default())
        .await
        .unwrap();
    assert_eq!(frame.count().await.unwrap(), 5000);
    one.assert_counted();
    // What this query has not opened, DataFusion does not find, and it cannot bring a store of its own.
    let other = session
        .read_parquet("s3://other/x.parquet", ParquetReadOptions::default())
        .await;
    assert!(
        other
            .unwrap_err()
            .to_string()
            .contains("has not opened the store \"s3://other\"")
    );
    session.register_object_store(&"s3://other".parse().unwrap(), Arc::clone(&one.store));
    let other = session
        .read_parquet("s3://other/x.parquet", ParquetReadOptions::default())
        .await;
    assert!(
        other
            .unwrap_err()
            .to_string()
            .contains("has not opened the store \"s3://other\"")
    );
}
