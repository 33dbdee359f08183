//! Rows that a caller has, written into tables: all or none.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use owlet_engine::{Error, ErrorCode, Ingest, IngestExisting, IngestMissing, Result, Session};
use owlet_s3_fixture::S3Fixture;
use std::sync::Arc;

use crate::support::{TestEngine, run};

fn batch(ids: std::ops::Range<i64>) -> RecordBatch {
    let names = StringArray::from_iter_values(ids.clone().map(|id| format!("n{id}")));
    let columns: [(&str, ArrayRef); 2] = [
        ("Id", Arc::new(Int64Array::from_iter_values(ids))),
        ("name", Arc::new(names)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn into(table: &str, if_missing: IngestMissing, if_exists: IngestExisting) -> Ingest {
    Ingest {
        catalog: None,
        database: None,
        table: table.to_owned(),
        temporary: false,
        schema: schema(),
        if_missing,
        if_exists,
    }
}

fn schema() -> SchemaRef {
    batch(0..1).schema()
}

fn rows(batches: Vec<Result<RecordBatch>>) -> BoxStream<'static, Result<RecordBatch>> {
    futures::stream::iter(batches).boxed()
}

async fn ingest(session: &Session, ingest: &Ingest, batches: Vec<Result<RecordBatch>>) -> Result<i64> {
    let answer: Vec<RecordBatch> = session.ingest(ingest, rows(batches)).await?.try_collect().await?;
    let count = arrow::compute::cast(answer[0].column(0), &arrow::datatypes::DataType::Int64).unwrap();
    Ok(count.as_any().downcast_ref::<Int64Array>().unwrap().value(0))
}

async fn counts(session: &Session, table: &str) -> String {
    run(
        session,
        &format!("select count(*), count(distinct id), max(name) from {table}"),
    )
    .await
    .unwrap()
    .lines()
    .concat()
}

#[tokio::test]
async fn rows_make_a_table_are_added_to_it_and_take_its_place() {
    let engine = TestEngine::local().await;
    let session = engine.session();
    let create = into("t", IngestMissing::Create, IngestExisting::Fail);
    let many: Vec<Result<RecordBatch>> = (0..50)
        .map(|part| Ok(batch(part * 1_000..(part + 1) * 1_000)))
        .collect();
    assert_eq!(ingest(&session, &create, many).await.unwrap(), 50_000);
    assert_eq!(counts(&session, "t").await, "50000|50000|n9999");
    let error = ingest(&session, &create, vec![Ok(batch(0..1))]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::AlreadyExists);

    let append = into("T", IngestMissing::Fail, IngestExisting::Append);
    assert_eq!(
        ingest(&session, &append, vec![Ok(batch(50_000..50_010))])
            .await
            .unwrap(),
        10
    );
    assert_eq!(counts(&session, "t").await, "50010|50010|n9999");
    let missing = into("missing", IngestMissing::Fail, IngestExisting::Append);
    let error = ingest(&session, &missing, vec![Ok(batch(0..1))]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TableNotFound);

    let replace = into("t", IngestMissing::Create, IngestExisting::Replace);
    assert_eq!(ingest(&session, &replace, vec![Ok(batch(0..3))]).await.unwrap(), 3);
    assert_eq!(counts(&session, "t").await, "3|3|n2");
    let made = into("made", IngestMissing::Create, IngestExisting::Replace);
    assert_eq!(ingest(&session, &made, vec![Ok(batch(0..3))]).await.unwrap(), 3);
    let empty = into("empty", IngestMissing::Create, IngestExisting::Append);
    assert_eq!(ingest(&session, &empty, Vec::new()).await.unwrap(), 0);
    assert_eq!(counts(&session, "empty").await, "0|0|NULL");
    let history = "select sql from system.query_executions where sql like 'CREATE OR REPLACE%'";
    assert_eq!(
        run(&session, history).await.unwrap().lines(),
        [r#"CREATE OR REPLACE TABLE t AS SELECT "Id", name FROM "$rows""#]
    );
}

#[tokio::test]
async fn temporary_tables_take_rows_too() {
    let engine = TestEngine::local().await;
    let session = engine.session();
    let mut temporary = into("t", IngestMissing::Create, IngestExisting::Append);
    temporary.temporary = true;
    assert_eq!(ingest(&session, &temporary, vec![Ok(batch(0..3))]).await.unwrap(), 3);
    assert_eq!(ingest(&session, &temporary, vec![Ok(batch(3..5))]).await.unwrap(), 2);
    assert_eq!(counts(&session, "t").await, "5|5|n4");
    assert_eq!(
        engine.run("select * from t").await.unwrap_err().code(),
        ErrorCode::TableNotFound
    );
}

#[tokio::test]
async fn rows_that_fail_or_stop_in_the_middle_leave_nothing() {
    let fixture = S3Fixture::start(&["lake"]).await;
    for warehouse in ["", "s3://lake/warehouse/"] {
        let own = fixture.environment();
        let mut variables: Vec<(&str, &str)> = own.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        if !warehouse.is_empty() {
            variables.push(("OWLET_CATALOG_WAREHOUSE", warehouse));
        }
        let engine = TestEngine::open(&variables).await;
        let session = engine.session();
        run(&session, "create table t as select 1 as id, 'a' as name")
            .await
            .unwrap();
        let create = into("made", IngestMissing::Create, IngestExisting::Fail);
        let append = into("t", IngestMissing::Fail, IngestExisting::Append);
        let replace = into("t", IngestMissing::Fail, IngestExisting::Replace);
        for target in [&create, &append, &replace] {
            let gone = Error::new(ErrorCode::Cancelled, "the client went away");
            let mut batches: Vec<Result<RecordBatch>> = (0..20)
                .map(|part| Ok(batch(part * 1_000..(part + 1) * 1_000)))
                .collect();
            batches.push(Err(gone));
            let error = ingest(&session, target, batches).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Cancelled, "{error}");
            // A caller who never sends the end, and is dropped.
            let endless = futures::stream::iter([Ok(batch(0..1_000))]).chain(futures::stream::pending().boxed());
            let stream = session.ingest(target, endless.boxed()).await.unwrap();
            assert!(stream.into_future().now_or_never().is_none());
            assert_eq!(counts(&session, "t").await, "1|1|a");
            let error = run(&session, "select * from made").await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::TableNotFound);
        }
    }
}
