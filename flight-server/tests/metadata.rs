//! The metadata commands over the network: announced and sent alike. What they say is tested where they are.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type, Schema, UInt32Type};
use arrow_flight::IpcMessage;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
    CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables, CommandGetXdbcTypeInfo,
    ProstMessageExt,
};
use bytes::Bytes;

use crate::support::{Client, Served, descriptor, read_schema};

async fn rows(client: &mut Client, command: impl ProstMessageExt) -> usize {
    let info = client.announcement(&command).await.unwrap();
    let request = client.request(descriptor(&command));
    let schema = client.raw.get_schema(request).await.unwrap().into_inner();
    assert_eq!(read_schema(&schema.schema), crate::support::announced_schema(&info));
    // What costs nothing to announce may be fetched twice.
    client.fetch(&info).await.unwrap();
    client
        .fetch(&info)
        .await
        .unwrap()
        .iter()
        .map(RecordBatch::num_rows)
        .sum()
}

#[tokio::test]
async fn every_command_answers_as_it_announced() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE TABLE t (a BIGINT)").await.unwrap();
    assert!(rows(&mut client, CommandGetCatalogs {}).await > 0);
    assert!(rows(&mut client, CommandGetDbSchemas::default()).await > 0);
    for include_schema in [false, true] {
        let tables = CommandGetTables {
            include_schema,
            ..CommandGetTables::default()
        };
        let info = client.announcement(&tables).await.unwrap();
        let columns = crate::support::announced_schema(&info).fields().len();
        assert_eq!(columns, if include_schema { 5 } else { 4 });
        assert!(rows(&mut client, tables).await > 0);
    }
    assert!(rows(&mut client, CommandGetTableTypes {}).await > 0);
    assert!(rows(&mut client, CommandGetSqlInfo::default()).await > 0);
    assert!(rows(&mut client, CommandGetXdbcTypeInfo::default()).await > 0);
    let table = || "t".to_owned();
    let primary = CommandGetPrimaryKeys {
        table: table(),
        ..CommandGetPrimaryKeys::default()
    };
    assert_eq!(rows(&mut client, primary).await, 0);
    assert_eq!(rows(&mut client, CommandGetExportedKeys::default()).await, 0);
    assert_eq!(rows(&mut client, CommandGetImportedKeys::default()).await, 0);
    assert_eq!(rows(&mut client, CommandGetCrossReference::default()).await, 0);
}

/// What JDBC's and ODBC's drivers ask for columns with, and what they then select.
#[tokio::test]
async fn columns_of_tables_have_the_types_that_queries_announce() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client
        .update("CREATE VIEW v AS SELECT count(*) AS n, max(1.5) AS m, 'x' AS s, [1] AS l")
        .await
        .unwrap();
    let command = CommandGetTables {
        include_schema: true,
        ..CommandGetTables::default()
    };
    let info = client.announcement(&command).await.unwrap();
    let types = |schema: &Schema| -> Vec<(String, DataType)> {
        let fields = schema.fields().iter();
        fields
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect()
    };
    let mut seen = Vec::new();
    for batch in client.fetch(&info).await.unwrap() {
        let [database, table] = [1, 2].map(|column| batch.column(column).as_string::<i32>());
        for row in 0..batch.num_rows() {
            let name = format!("\"lake\".\"{}\".\"{}\"", database.value(row), table.value(row));
            let message = Bytes::copy_from_slice(batch.column(4).as_binary::<i32>().value(row));
            let said = Schema::try_from(IpcMessage(message)).unwrap();
            let query = client.execute(&format!("SELECT * FROM {name} LIMIT 0")).await.unwrap();
            assert_eq!(types(&said), types(&crate::support::announced_schema(&query)), "{name}");
            client.fetch(&query).await.unwrap();
            seen.push(name);
        }
    }
    for name in [
        "\"lake\".\"default\".\"v\"",
        "\"lake\".\"information_schema\".\"columns\"",
        "\"lake\".\"system\".\"query_executions\"",
    ] {
        assert!(seen.iter().any(|known| known == name), "{name} is not in {seen:?}");
    }
    let sample = seen.iter().filter(|name| name.starts_with("\"lake\".\"sample\"."));
    assert!(sample.count() > 1, "{seen:?}");
}

/// The first question of ADBC's driver, and the one of JDBC's and ODBC's, read from what came over the network.
#[tokio::test]
async fn values_of_sql_info_arrive_in_their_kinds() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let mut info = async |codes: &[u32]| {
        let command = CommandGetSqlInfo { info: codes.to_vec() };
        let info = client.announcement(&command).await.unwrap();
        let batches = client.fetch(&info).await.unwrap();
        assert_eq!(batches.len(), 1);
        batches.into_iter().next().unwrap()
    };
    let transactions = info(&[8]).await;
    let values = transactions.column(1).as_union();
    assert_eq!((values.type_id(0), values.len()), (3, 1));
    assert_eq!(
        values
            .child(3)
            .as_primitive::<Int32Type>()
            .value(values.value_offset(0)),
        0
    );
    let everything = info(&[]).await;
    let codes: Vec<u32> = everything.column(0).as_primitive::<UInt32Type>().values().to_vec();
    let known: Vec<u32> = (0..=9).chain(100..=101).chain(500..=576).collect();
    assert_eq!(codes, known);
    let values = everything.column(1).as_union();
    assert!((0..values.len()).all(|row| !values.value(row).is_null(0)));
}
