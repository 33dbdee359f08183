//! Statements: what is announced is what is sent, and what changes something runs when it is executed and exactly once.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow_flight::sql::{CommandStatementQuery, CommandStatementSubstraitPlan, SubstraitPlan};
use arrow_flight::{FlightDescriptor, Ticket};
use futures::StreamExt;
use owlet_flight_server::Settings;
use tonic::Code;

use crate::support::{Served, announced_schema, descriptor, query, read_schema};

/// Statistics of Parquet files become literals without nulls in a plan, which the announcement must not say.
#[tokio::test]
async fn the_announced_schema_is_the_sent_one_to_the_last_nullability() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.query("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b").await.unwrap();
    for sql in [
        "SELECT count(*), min(a), max(a) FROM t",
        "SELECT 1 AS one, 'text' AS text, NULL AS nothing",
        "SELECT [1, 2] AS list, {'a': 1, 'b': ['x']} AS struct, MAP {'k': 1} AS map",
        "SELECT * FROM t UNION ALL SELECT 2, 'y'",
        "SELECT * FROM t WHERE false",
        "SHOW TABLES",
        "DESCRIBE t",
        "EXPLAIN SELECT * FROM t",
    ] {
        let info = client
            .execute(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        let schema = announced_schema(&info);
        assert!(
            schema.fields().iter().all(|field| field.is_nullable()),
            "{sql}: {schema}"
        );
        client
            .fetch(&info)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[tokio::test]
async fn an_announcement_says_no_place_and_no_number() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let info = client.execute("SELECT 1").await.unwrap();
    assert_eq!(info.flight_descriptor, Some(descriptor(&query("SELECT 1"))));
    assert_eq!((info.total_records, info.total_bytes, info.ordered), (-1, -1, false));
    assert_eq!(info.endpoint.len(), 1);
    assert!(info.endpoint[0].location.is_empty());
}

#[tokio::test]
async fn columns_say_their_type_in_sql() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let info = client.execute("SELECT CAST(1 AS BIGINT) AS n").await.unwrap();
    let schema = announced_schema(&info);
    let name = schema.field(0).metadata().get("ARROW:FLIGHT:SQL:TYPE_NAME");
    assert_eq!(name.map(String::as_str), Some("bigint"));
}

#[tokio::test]
async fn what_changes_something_has_run_once_when_it_is_announced() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    let info = client.execute("INSERT INTO t VALUES (1), (2)").await.unwrap();
    assert_eq!(served.count("SELECT count(*) FROM t").await, 2);
    assert_eq!(crate::support::only_number(&client.fetch(&info).await.unwrap()), 2);
    assert_eq!(served.count("SELECT count(*) FROM t").await, 2);
    let status = client.fetch(&info).await.unwrap_err();
    assert!(status.message().contains("fetched already"), "{status}");
    client.execute("DROP TABLE t").await.unwrap();
    assert_eq!(
        client.execute("SELECT * FROM t").await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_query_runs_when_it_is_fetched_and_only_once() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let info = client.execute("SELECT 7").await.unwrap();
    assert_eq!(crate::support::only_number(&client.fetch(&info).await.unwrap()), 7);
    let status = client.fetch(&info).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("fetched already"), "{status}");
}

#[tokio::test]
async fn updates_say_how_many_rows_they_wrote() {
    let served = Served::start().await;
    let mut client = served.client().await;
    assert_eq!(client.update("CREATE TABLE t (a BIGINT)").await.unwrap(), 0);
    assert_eq!(
        client
            .update("INSERT INTO t SELECT value FROM range(1, 11)")
            .await
            .unwrap(),
        10
    );
    assert_eq!(client.update("CREATE TABLE u AS SELECT * FROM t").await.unwrap(), 10);
    assert_eq!(client.update("SET batch_size = 100").await.unwrap(), 0);
    // A query is no update; its errors are told all the same.
    assert_eq!(client.update("SELECT * FROM t").await.unwrap(), -1);
    assert!(client.update("SELECT 1 / (a - a) FROM t").await.is_err());
    assert_eq!(client.update("DROP TABLE u").await.unwrap(), 0);
}

/// The C++ client waits for the answer of an update before it ends its own messages.
#[tokio::test]
async fn an_update_is_answered_before_its_messages_end() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let command = arrow_flight::sql::CommandStatementUpdate {
        query: "CREATE TABLE t (a BIGINT)".to_owned(),
        transaction_id: None,
    };
    let first = crate::support::alone(&command);
    let open = futures::stream::iter([first]).chain(futures::stream::pending());
    let request = client.request(open);
    let mut answers = client.raw.do_put(request).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_some());
    assert_eq!(served.count("SELECT count(*) FROM t").await, 0);
}

#[tokio::test]
async fn get_schema_runs_nothing() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let mut schema = async |sql: &str| {
        let request = client.request(descriptor(&query(sql)));
        client
            .raw
            .get_schema(request)
            .await
            .map(|answer| read_schema(&answer.into_inner().schema))
    };
    let fields = schema("SELECT 1 AS a, 'x' AS b").await.unwrap();
    assert_eq!(fields.fields().len(), 2);
    assert!(schema("CREATE TABLE t (a BIGINT)").await.unwrap().fields().is_empty());
    assert_eq!(schema("SELECT * FROM t").await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn poll_flight_info_is_complete_at_once() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let request = client.request(descriptor(&query("SELECT 1")));
    let poll = client.raw.poll_flight_info(request).await.unwrap().into_inner();
    assert!(poll.flight_descriptor.is_none());
    assert_eq!(client.fetch(&poll.info.unwrap()).await.unwrap()[0].num_rows(), 1);
}

#[tokio::test]
async fn a_ticket_is_of_its_principal_alone() {
    let served = Served::start().await;
    let (mut one, mut again) = (served.client().await, served.client().await);
    let mut other = served.client().await.named("mallory").await;
    let info = one.execute("SELECT 1").await.unwrap();
    assert_eq!(other.fetch(&info).await.unwrap_err().code(), Code::NotFound);
    // The same person may read it on another connection, as partitions of ADBC are.
    again.fetch(&info).await.unwrap();
    assert_eq!(one.fetch(&info).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn the_oldest_result_that_nobody_fetches_makes_room() {
    let served = Served::with(Settings {
        ticket_limit: 2,
        ..Settings::default()
    })
    .await;
    let mut client = served.client().await;
    let mut infos = Vec::new();
    for number in 0..3 {
        infos.push(client.execute(&format!("SELECT {number}")).await.unwrap());
    }
    assert_eq!(client.fetch(&infos[0]).await.unwrap_err().code(), Code::NotFound);
    client.fetch(&infos[1]).await.unwrap();
    client.fetch(&infos[2]).await.unwrap();
}

#[tokio::test]
async fn transactions_and_substrait_are_refused_in_words() {
    let served = Served::start().await;
    let mut client = served.client().await;
    for action in [
        "BeginTransaction",
        "EndTransaction",
        "BeginSavepoint",
        "CreatePreparedSubstraitPlan",
        "Nonsense",
    ] {
        let status = client.action(action, Vec::new()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{action}");
        assert!(status.message().contains("is not offered by this server"), "{status}");
    }
    let in_transaction = CommandStatementQuery {
        query: "SELECT 1".to_owned(),
        transaction_id: Some("t".into()),
    };
    assert_eq!(
        client.announcement(&in_transaction).await.unwrap_err().code(),
        Code::Unimplemented
    );
    let substrait = CommandStatementSubstraitPlan {
        plan: Some(SubstraitPlan::default()),
        transaction_id: None,
    };
    let status = client.announcement(&substrait).await.unwrap_err();
    assert!(status.message().contains("Substrait"), "{status}");
}

#[tokio::test]
async fn what_is_no_command_is_refused() {
    let served = Served::start().await;
    let mut client = served.client().await;
    for descriptor in [
        FlightDescriptor::new_path(vec!["t".to_owned()]),
        FlightDescriptor::new_cmd("nonsense"),
        FlightDescriptor::default(),
    ] {
        let request = client.request(descriptor);
        assert_eq!(
            client.raw.get_flight_info(request).await.unwrap_err().code(),
            Code::InvalidArgument
        );
    }
    assert_eq!(
        client.messages(Ticket::new("x")).await.err().unwrap().code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn list_flights_is_empty_and_actions_are_named() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let request = client.request(arrow_flight::Criteria::default());
    assert_eq!(
        client
            .raw
            .list_flights(request)
            .await
            .unwrap()
            .into_inner()
            .count()
            .await,
        0
    );
    let request = client.request(arrow_flight::Empty {});
    let actions = client.raw.list_actions(request).await.unwrap().into_inner();
    let names: Vec<String> = actions.map(|action| action.unwrap().r#type).collect().await;
    for name in [
        "CreatePreparedStatement",
        "CancelFlightInfo",
        "SetSessionOptions",
        "CloseSession",
    ] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
}

#[tokio::test]
async fn every_type_of_a_table_comes_back() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client
        .query(
            "CREATE TABLE t AS SELECT true AS b, CAST(1 AS TINYINT) AS i8, CAST(2 AS SMALLINT) AS i16, 3 AS i64, \
             CAST(1.5 AS REAL) AS f32, 2.5 AS f64, CAST(1.25 AS DECIMAL(10, 2)) AS d, 'text' AS s, X'00ff' AS x, \
             DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 12:00:00' AS ts, [1, 2] AS l, {'a': 'x'} AS st",
        )
        .await
        .unwrap();
    let info = client.execute("SELECT * FROM t").await.unwrap();
    let schema = announced_schema(&info);
    assert_eq!(schema.field_with_name("s").unwrap().data_type(), &DataType::Utf8);
    assert_eq!(schema.field_with_name("x").unwrap().data_type(), &DataType::Binary);
    let batches = client.fetch(&info).await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
}
