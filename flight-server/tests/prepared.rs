//! Prepared statements: what drivers are told about them, how their parameters are bound, and how they are executed.

use arrow::array::{ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray, StringViewArray};
use arrow::datatypes::{DataType, Int8Type};
use owlet_flight_server::Settings;
use std::sync::Arc;
use std::time::Duration;
use tonic::Code;

use crate::support::{Served, alone, numbers, only_number, read_schema, update_result, within};

fn parameters<const N: usize>(columns: [ArrayRef; N]) -> RecordBatch {
    let named = columns
        .into_iter()
        .enumerate()
        .map(|(index, column)| (format!("{index}"), column, true));
    RecordBatch::try_from_iter_with_nullable(named).unwrap()
}

fn integers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// JDBC runs a statement as an update if the schema of its result is empty, and does what `is_update` says where it is said.
#[tokio::test]
async fn a_query_has_a_schema_and_an_update_has_none() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE t (a BIGINT)").await.unwrap();
    for sql in [
        "SELECT a FROM t",
        "SELECT ?",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "VALUES (1)",
    ] {
        let prepared = client.prepare(sql).await.unwrap();
        assert_eq!(prepared.is_update, Some(false), "{sql}");
        assert!(!read_schema(&prepared.dataset_schema).fields().is_empty(), "{sql}");
    }
    for sql in [
        "INSERT INTO t VALUES (?)",
        "CREATE TABLE u (a BIGINT)",
        "DROP TABLE t",
        "SET batch_size = 10",
    ] {
        let prepared = client.prepare(sql).await.unwrap();
        assert_eq!(prepared.is_update, Some(true), "{sql}");
        assert!(prepared.dataset_schema.is_empty(), "{sql}");
    }
    // None of them has run.
    assert_eq!(served.count("SELECT count(*) FROM t").await, 0);
}

/// JDBC refuses NULL for a parameter that is not nullable, and a value for one that has no type.
#[tokio::test]
async fn every_parameter_is_described_with_a_type_and_nullable() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE t (a BIGINT, b VARCHAR)").await.unwrap();
    let prepared = client
        .prepare("SELECT a FROM t WHERE a = ? AND b = ? AND ? IS NULL")
        .await
        .unwrap();
    let schema = read_schema(&prepared.parameter_schema);
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| (field.name().as_str(), field.data_type().clone()))
        .collect();
    assert_eq!(
        fields,
        [("$1", DataType::Int64), ("$2", DataType::Utf8), ("$3", DataType::Utf8)]
    );
    assert!(schema.fields().iter().all(|field| field.is_nullable()));
    let none = client.prepare("SELECT 1").await.unwrap();
    assert!(read_schema(&none.parameter_schema).fields().is_empty());
}

/// DataFusion takes every `?` for the same parameter, and sorts `$10` before `$2`.
#[tokio::test]
async fn each_parameter_has_its_own_value() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let prepared = client
        .prepare("SELECT CAST(? AS BIGINT) - CAST(? AS BIGINT)")
        .await
        .unwrap();
    client
        .bind(&prepared, &parameters([integers(&[10]), integers(&[3])]))
        .await
        .unwrap();
    assert_eq!(only_number(&client.run(&prepared).await.unwrap()), 7);

    let sum: Vec<String> = (1..=12)
        .map(|number| format!("CAST(${number} AS BIGINT) * {number}"))
        .collect();
    let prepared = client.prepare(&format!("SELECT {}", sum.join(" + "))).await.unwrap();
    assert_eq!(read_schema(&prepared.parameter_schema).fields().len(), 12);
    let values: [ArrayRef; 12] = std::array::from_fn(|index| integers(&[i64::try_from(index).unwrap() + 1]));
    client.bind(&prepared, &parameters(values)).await.unwrap();
    assert_eq!(
        only_number(&client.run(&prepared).await.unwrap()),
        (1..=12).map(|n| n * n).sum::<i64>()
    );
}

#[tokio::test]
async fn parameters_come_in_any_type() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let prepared = client
        .prepare("SELECT count(*) FROM (VALUES ('a'), ('b')) t(x) WHERE x = ?")
        .await
        .unwrap();
    let dictionary: DictionaryArray<Int8Type> = [Some("a")].into_iter().collect();
    let columns: [ArrayRef; 3] = [
        Arc::new(StringArray::from(vec!["a"])),
        Arc::new(StringViewArray::from(vec!["a"])),
        Arc::new(dictionary),
    ];
    for column in columns {
        client.bind(&prepared, &parameters([column])).await.unwrap();
        assert_eq!(only_number(&client.run(&prepared).await.unwrap()), 1);
    }
    client
        .bind(
            &prepared,
            &parameters([Arc::new(StringArray::from(vec![None::<&str>]))]),
        )
        .await
        .unwrap();
    assert_eq!(only_number(&client.run(&prepared).await.unwrap()), 0);
}

#[tokio::test]
async fn a_query_runs_once_for_each_row_of_parameters() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let prepared = client.prepare("SELECT CAST(? AS BIGINT) * 2 AS n").await.unwrap();
    client
        .bind(&prepared, &parameters([integers(&[1, 2, 3])]))
        .await
        .unwrap();
    let batches = client.run(&prepared).await.unwrap();
    let all: Vec<i64> = batches.iter().flat_map(|batch| numbers(batch.column(0))).collect();
    assert_eq!(all, [2, 4, 6]);
}

#[tokio::test]
async fn many_rows_are_one_insert() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE t (a BIGINT, b VARCHAR)").await.unwrap();
    let prepared = client.prepare("INSERT INTO t VALUES (?, ?)").await.unwrap();
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..1000).map(|n| n.to_string())));
    let rows = parameters([integers(&(0..1000).collect::<Vec<_>>()), texts]);
    assert_eq!(client.run_update(&prepared, &rows).await.unwrap(), 1000);
    assert_eq!(
        served
            .count("SELECT count(*) FROM t WHERE CAST(a AS VARCHAR) = b")
            .await,
        1000
    );
    let statements = "SELECT count(*) FROM system.query_executions WHERE statement_type = 'INSERT'";
    assert_eq!(served.count(statements).await, 1);
}

#[tokio::test]
async fn an_update_of_another_kind_runs_row_by_row() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE t (a BIGINT)").await.unwrap();
    let prepared = client
        .prepare("INSERT INTO t SELECT value FROM range(0, 10) WHERE value < ?")
        .await
        .unwrap();
    let rows = parameters([integers(&[1, 2, 3])]);
    assert_eq!(client.run_update(&prepared, &rows).await.unwrap(), 6);
    // No row is no execution.
    assert_eq!(client.run_update(&prepared, &rows.slice(0, 0)).await.unwrap(), 0);
    assert_eq!(served.count("SELECT count(*) FROM t").await, 6);
}

/// Drivers send an update without parameters with columns that are none, or with nothing at all.
#[tokio::test]
async fn an_update_without_parameters_runs_once() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE t (a BIGINT)").await.unwrap();
    let prepared = client.prepare("INSERT INTO t VALUES (1)").await.unwrap();
    let empty = RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty()));
    assert_eq!(client.run_update(&prepared, &empty).await.unwrap(), 1);
    let answer = client.put(vec![alone(&prepared.update())]).await.unwrap();
    assert_eq!(update_result(&answer), 1);
    // As a query it runs when it is executed, too.
    let info = client.announcement(&prepared.query()).await.unwrap();
    assert_eq!(served.count("SELECT count(*) FROM t").await, 3);
    client.fetch(&info).await.unwrap();
    assert_eq!(served.count("SELECT count(*) FROM t").await, 3);
}

#[tokio::test]
async fn a_statement_is_planned_anew_at_each_execution() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE t AS SELECT 1 AS a").await.unwrap();
    let prepared = client.prepare("SELECT count(*) FROM t").await.unwrap();
    assert_eq!(only_number(&client.run(&prepared).await.unwrap()), 1);
    client.update("INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(only_number(&client.run(&prepared).await.unwrap()), 2);
    client.update("DROP TABLE t").await.unwrap();
    assert_eq!(client.run(&prepared).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_handle_is_of_its_session_until_it_is_closed() {
    let served = Served::start().await;
    let (mut one, mut other) = (served.client().await, served.client().await);
    let prepared = one.prepare("SELECT 1").await.unwrap();
    assert_eq!(other.run(&prepared).await.unwrap_err().code(), Code::NotFound);
    other.close(&prepared).await;
    one.run(&prepared).await.unwrap();
    one.close(&prepared).await;
    let status = one.run(&prepared).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("prepare it again"), "{status}");
}

#[tokio::test]
async fn handles_are_limited_in_number_and_age() {
    let served = Served::with(Settings {
        prepared_statement_limit: 2,
        prepared_statement_idle_limit: Duration::from_millis(200),
        ..Settings::default()
    })
    .await;
    let mut client = served.client().await;
    let first = client.prepare("SELECT 1").await.unwrap();
    client.prepare("SELECT 2").await.unwrap();
    let status = client.prepare("SELECT 3").await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    // By and by both are too old.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while client.prepare("SELECT 3").await.is_err() {
        assert!(std::time::Instant::now() < deadline);
    }
    assert_eq!(client.run(&first).await.unwrap_err().code(), Code::NotFound);
    within("nothing", || true).await;
}

#[tokio::test]
async fn a_wrong_number_of_parameters_is_refused() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let prepared = client.prepare("SELECT CAST(? AS BIGINT)").await.unwrap();
    client
        .bind(&prepared, &parameters([integers(&[1]), integers(&[2])]))
        .await
        .unwrap();
    assert_eq!(client.run(&prepared).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(
        client
            .run(&client.clone().prepare("SELECT ?").await.unwrap())
            .await
            .unwrap_err()
            .code(),
        Code::InvalidArgument
    );
}
