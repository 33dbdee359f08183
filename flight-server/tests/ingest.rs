//! Bulk ingest: whole or not at all.

use arrow::array::{ArrayRef, DictionaryArray, Int64Array, RecordBatch};
use arrow::datatypes::Int8Type;
use arrow_flight::FlightData;
use arrow_flight::sql::{CommandStatementIngest, TableDefinitionOptions, TableExistsOption, TableNotExistOption};
use futures::{StreamExt, stream};
use std::sync::Arc;
use tonic::{Code, Status};

use crate::support::{Client, Served, rows, update_result};

fn batch(values: std::ops::Range<i64>) -> RecordBatch {
    let texts: DictionaryArray<Int8Type> = values
        .clone()
        .map(|value| if value % 2 == 0 { "even" } else { "odd" })
        .collect();
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    RecordBatch::try_from_iter_with_nullable([("a", numbers, true), ("b", Arc::new(texts) as ArrayRef, true)]).unwrap()
}

fn command(table: &str, if_not_exist: TableNotExistOption, if_exists: TableExistsOption) -> CommandStatementIngest {
    CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: if_not_exist.into(),
            if_exists: if_exists.into(),
        }),
        table: table.to_owned(),
        ..CommandStatementIngest::default()
    }
}

async fn ingest(client: &mut Client, command: &CommandStatementIngest, batch: &RecordBatch) -> Result<i64, Status> {
    Ok(update_result(&client.put(rows(command, batch).await).await?))
}

#[tokio::test]
async fn a_table_is_made_appended_to_and_replaced() {
    use TableExistsOption::{Append, Fail as Refuse, Replace};
    use TableNotExistOption::{Create, Fail};
    let served = Served::start().await;
    let mut client = served.client().await;
    let count = "SELECT count(*) FROM t";
    let missing = ingest(&mut client, &command("t", Fail, Append), &batch(0..10))
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Code::NotFound, "{missing}");
    assert_eq!(
        ingest(&mut client, &command("t", Create, Refuse), &batch(0..10))
            .await
            .unwrap(),
        10
    );
    assert_eq!(
        ingest(&mut client, &command("t", Create, Append), &batch(10..15))
            .await
            .unwrap(),
        5
    );
    assert_eq!(served.count(count).await, 15);
    assert_eq!(client.number("SELECT count(*) FROM t WHERE b = 'odd'").await, 7);
    let there = ingest(&mut client, &command("t", Create, Refuse), &batch(0..10))
        .await
        .unwrap_err();
    assert_eq!(there.code(), Code::AlreadyExists, "{there}");
    assert_eq!(
        ingest(&mut client, &command("t", Create, Replace), &batch(0..3))
            .await
            .unwrap(),
        3
    );
    assert_eq!(served.count(count).await, 3);
}

#[tokio::test]
async fn names_and_temporary_tables_are_as_the_command_says() {
    use TableExistsOption::Fail;
    use TableNotExistOption::Create;
    let served = Served::start().await;
    let (mut client, mut other) = (served.client().await, served.client().await);
    client.update("CREATE DATABASE d").await.unwrap();
    let mut named = command("t", Create, Fail);
    named.catalog = Some("lake".to_owned());
    named.schema = Some("d".to_owned());
    ingest(&mut client, &named, &batch(0..4)).await.unwrap();
    assert_eq!(other.number("SELECT count(*) FROM lake.d.t").await, 4);
    let mut temporary = command("own", Create, Fail);
    temporary.temporary = true;
    ingest(&mut client, &temporary, &batch(0..2)).await.unwrap();
    assert_eq!(client.number("SELECT count(*) FROM own").await, 2);
    assert_eq!(
        other.query("SELECT * FROM own").await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn what_ingest_cannot_mean_is_refused() {
    use TableExistsOption::{Append, Unspecified};
    use TableNotExistOption::Create;
    let served = Served::start().await;
    let mut client = served.client().await;
    let unspecified = command("t", Create, Unspecified);
    assert_eq!(
        ingest(&mut client, &unspecified, &batch(0..1))
            .await
            .unwrap_err()
            .code(),
        Code::InvalidArgument
    );
    let mut in_transaction = command("t", Create, Append);
    in_transaction.transaction_id = Some("t".into());
    assert_eq!(
        ingest(&mut client, &in_transaction, &batch(0..1))
            .await
            .unwrap_err()
            .code(),
        Code::Unimplemented
    );
    let mut option = command("t", Create, Append);
    option.options.insert("x".to_owned(), "y".to_owned());
    assert_eq!(
        ingest(&mut client, &option, &batch(0..1)).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    assert_eq!(
        client.query("SELECT * FROM t").await.unwrap_err().code(),
        Code::NotFound
    );
}

/// The client dies between two batches: its call is dropped with the connection.
#[tokio::test]
async fn nothing_is_seen_of_rows_that_break_off() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE there (a BIGINT, b VARCHAR)").await.unwrap();
    for (table, options) in [
        ("fresh", TableExistsOption::Fail),
        ("there", TableExistsOption::Append),
        ("there", TableExistsOption::Replace),
    ] {
        let command = command(table, TableNotExistOption::Create, options);
        let messages = rows(&command, &batch(0..50_000)).await;
        let (sent, seen) = tokio::sync::oneshot::channel();
        let mut sent = Some(sent);
        let first: Vec<FlightData> = messages;
        let torn = stream::iter(first).chain(stream::poll_fn(move |_| {
            if let Some(sent) = sent.take() {
                sent.send(()).unwrap();
            }
            std::task::Poll::Pending
        }));
        let mut dying = served.client().await;
        let call = tokio::spawn(async move { dying.put_stream(torn).await });
        seen.await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        served.at_rest().await;
        assert_eq!(served.count("SELECT count(*) FROM there").await, 0, "{table}");
        assert_eq!(
            client.query("SELECT * FROM fresh").await.unwrap_err().code(),
            Code::NotFound
        );
    }
}

#[tokio::test]
async fn bytes_that_are_no_rows_are_refused_and_the_server_goes_on() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let command = command("t", TableNotExistOption::Create, TableExistsOption::Fail);
    let whole = rows(&command, &batch(0..1000)).await;
    let mut cut = whole.clone();
    let last = cut.last_mut().unwrap();
    last.data_body = last.data_body.slice(..100);
    let mut nonsense = whole.clone();
    nonsense.last_mut().unwrap().data_header = vec![7; 64].into();
    for messages in [cut, nonsense, vec![whole[0].clone(), whole[0].clone()]] {
        assert_eq!(client.put(messages).await.unwrap_err().code(), Code::InvalidArgument);
        assert_eq!(
            client.query("SELECT * FROM t").await.unwrap_err().code(),
            Code::NotFound
        );
    }
    client.put(whole).await.unwrap();
}
