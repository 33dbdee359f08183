//! Results on the wire: types that drivers read, messages that clients take, compression.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use prost::Message;
use std::collections::HashMap;
use tonic::Code;

use crate::support::{Client, Served, announced_schema};

#[derive(Clone, PartialEq, Message)]
struct Options {
    #[prost(map = "string, message", tag = "1")]
    options: HashMap<String, Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    text: String,
}

async fn set(client: &mut Client, name: &str, value: &str) {
    let value = Value { text: value.to_owned() };
    let options = Options {
        options: HashMap::from([(name.to_owned(), value)]),
    };
    let results = client
        .action("SetSessionOptions", options.encode_to_vec())
        .await
        .unwrap();
    assert!(results[0].is_empty(), "{name} was refused");
}

/// Parquet's strings are views in the engine, which JDBC before 19 cannot read.
#[tokio::test]
async fn strings_of_files_are_no_views_unless_they_are_asked_for() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client
        .update("CREATE TABLE t AS SELECT 'a text of more than twelve bytes' AS s, X'00' AS b")
        .await
        .unwrap();
    let session = served.engine.session(owlet_engine::Principal::local());
    let own = session.run("SELECT s, b FROM t").await.unwrap().schema();
    assert_eq!(
        own.field(0).data_type(),
        &DataType::Utf8View,
        "the engine gives no views any more"
    );
    let info = client.execute("SELECT s, b FROM t").await.unwrap();
    let schema = announced_schema(&info);
    assert_eq!(
        (schema.field(0).data_type(), schema.field(1).data_type()),
        (&DataType::Utf8, &DataType::Binary)
    );
    let cast = client.fetch(&info).await.unwrap();
    set(&mut client, "arrow_views", "true").await;
    let kept = client.query("SELECT s, b FROM t").await.unwrap();
    assert_eq!(kept[0].column(0).data_type(), &DataType::Utf8View);
    assert_eq!(
        arrow::compute::cast(kept[0].column(0), &DataType::Utf8)
            .unwrap()
            .as_ref(),
        cast[0].column(0).as_ref()
    );
}

/// The option of a session may change between announcement and fetch; what was announced is what comes.
#[tokio::test]
async fn what_was_announced_stays() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE t AS SELECT 'x' AS s").await.unwrap();
    let info = client.execute("SELECT s FROM t").await.unwrap();
    set(&mut client, "arrow_views", "true").await;
    client.fetch(&info).await.unwrap();
}

#[tokio::test]
async fn no_message_is_longer_than_every_client_takes() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let sql = "SELECT value, repeat('x', 3000) AS s FROM generate_series(1, 20000)";
    let info = client.execute(sql).await.unwrap();
    let mut messages = client.messages(info.endpoint[0].ticket.clone().unwrap()).await.unwrap();
    let mut longest = 0;
    while let Some(message) = messages.message().await.unwrap() {
        longest = longest.max(message.encoded_len());
    }
    assert!((1 << 20..=(2 << 20) + 4096).contains(&longest), "{longest}");
    assert_eq!(client.number(&format!("SELECT count(*) FROM ({sql})")).await, 20000);
}

#[tokio::test]
async fn a_huge_row_is_refused_with_its_size_unless_the_client_takes_more() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let sql = "SELECT repeat('x', 5000000) AS s";
    let status = client.query(sql).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(
        status.message().contains("takes 5000") && status.message().contains("4194304"),
        "{status}"
    );
    set(&mut client, "message_limit_bytes", "16777216").await;
    client.raw = client.raw.clone().max_decoding_message_size(16 << 20);
    let batches = client.query(sql).await.unwrap();
    assert_eq!(batches[0].num_rows(), 1);
    let status = client.query("SELECT repeat('x', 17000000) AS s").await.unwrap_err();
    assert!(status.message().contains("16777216"), "{status}");
}

#[tokio::test]
async fn compression_is_for_those_who_ask_and_changes_no_row() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let sql = "SELECT value, 'the same text in every row' AS s FROM generate_series(1, 10000)";
    let mut bytes = HashMap::new();
    let plain = client.query(sql).await.unwrap();
    for name in ["none", "lz4", "zstd"] {
        set(&mut client, "compression", name).await;
        assert_eq!(client.query(sql).await.unwrap(), plain, "{name}");
        bytes.insert(name, sent_bytes(&mut client, sql).await);
    }
    assert!(
        bytes["lz4"] < bytes["none"] / 2 && bytes["zstd"] < bytes["none"] / 2,
        "{bytes:?}"
    );
    // A header says it for one call.
    let mut one_call = client.with("owlet-compression", "none");
    assert_eq!(sent_bytes(&mut one_call, sql).await, bytes["none"]);
    let mut unknown = client.with("owlet-compression", "gzip");
    assert_eq!(unknown.query(sql).await.unwrap_err().code(), Code::InvalidArgument);
}

async fn sent_bytes(client: &mut Client, sql: &str) -> usize {
    let info = client.execute(sql).await.unwrap();
    let mut messages = client.messages(info.endpoint[0].ticket.clone().unwrap()).await.unwrap();
    let mut bytes = 0;
    while let Some(message) = messages.message().await.unwrap() {
        bytes += message.data_body.len();
    }
    bytes
}

#[tokio::test]
async fn a_result_without_rows_has_its_columns() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let info = client.execute("SELECT 1 AS a WHERE false").await.unwrap();
    let batches = client.fetch(&info).await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    assert_eq!(announced_schema(&info).fields().len(), 1);
}
