//! Cancelling: by the announcement, by the stream, and by nobody reading.

use arrow_flight::sql::{ActionCancelQueryRequest, ActionCancelQueryResult, Any, ProstMessageExt};
use arrow_flight::{CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo};
use futures::TryStreamExt;
use owlet_flight_server::Settings;
use prost::Message;
use std::time::Duration;
use tonic::{Code, Status};

use crate::support::{Client, Served};

/// Rows without end, each as it comes.
const ENDLESS: &str = "SELECT a.value, b.value FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";
/// No row for a very long time.
const SILENT: &str = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b \
                      WHERE (a.value * b.value) % 7 = 1";

async fn cancel(client: &mut Client, info: &FlightInfo) -> Result<CancelStatus, Status> {
    let request = CancelFlightInfoRequest {
        info: Some(info.clone()),
    };
    let results = client.action("CancelFlightInfo", request.encode_to_vec()).await?;
    Ok(CancelFlightInfoResult::decode(&*results[0]).unwrap().status())
}

async fn state(served: &Served, state: &str) -> i64 {
    let sql = format!(
        "SELECT count(*) FROM system.query_executions WHERE state = '{state}' AND sql LIKE '%generate_series(1, 1000000)%' AND principal = 'anonymous'"
    );
    served.count(&sql).await
}

async fn cancelled(served: &Served) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while state(served, "CANCELLED").await == 0 {
        assert!(std::time::Instant::now() < deadline, "not cancelled");
    }
    served.at_rest().await;
}

#[tokio::test]
async fn a_result_that_waits_is_cancelled() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let info = client.execute(ENDLESS).await.unwrap();
    assert_eq!(cancel(&mut client, &info).await.unwrap(), CancelStatus::Cancelled);
    let status = client.fetch(&info).await.unwrap_err();
    assert!(status.message().contains("cancelled"), "{status}");
    cancelled(&served).await;
    assert_eq!(cancel(&mut client, &info).await.unwrap(), CancelStatus::Cancelled);
}

#[tokio::test]
async fn a_result_that_runs_is_cancelled() {
    for sql in [ENDLESS, SILENT] {
        let served = Served::start().await;
        let mut client = served.client().await;
        let info = client.execute(sql).await.unwrap();
        let mut messages = client.messages(info.endpoint[0].ticket.clone().unwrap()).await.unwrap();
        messages.message().await.unwrap().unwrap();
        assert_eq!(cancel(&mut client, &info).await.unwrap(), CancelStatus::Cancelled);
        let status = messages.try_for_each(|_| async { Ok(()) }).await.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{status}");
        cancelled(&served).await;
    }
}

#[tokio::test]
async fn cancel_query_is_the_same_under_its_earlier_name() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let info = client.execute(SILENT).await.unwrap();
    let request = ActionCancelQueryRequest {
        info: info.encode_to_vec().into(),
    };
    let results = client
        .action("CancelQuery", request.as_any().encode_to_vec())
        .await
        .unwrap();
    let result: ActionCancelQueryResult = Any::decode(&*results[0]).unwrap().unpack().unwrap().unwrap();
    assert_eq!(result.result, 1);
    cancelled(&served).await;
}

#[tokio::test]
async fn nobody_cancels_what_is_anothers() {
    let served = Served::start().await;
    let (mut one, mut again) = (served.client().await, served.client().await);
    let mut other = served.client().await.named("mallory").await;
    let info = one.execute("SELECT 1").await.unwrap();
    assert_eq!(cancel(&mut other, &info).await.unwrap_err().code(), Code::NotFound);
    one.fetch(&info).await.unwrap();
    assert_eq!(cancel(&mut one, &info).await.unwrap(), CancelStatus::NotCancellable);
    let info = one.execute("SELECT 1").await.unwrap();
    assert_eq!(cancel(&mut again, &info).await.unwrap(), CancelStatus::Cancelled);
    assert_eq!(
        cancel(&mut one, &FlightInfo::default()).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_its_query() {
    for sql in [ENDLESS, SILENT] {
        let served = Served::start().await;
        let mut client = served.client().await;
        let info = client.execute(sql).await.unwrap();
        let mut messages = client.messages(info.endpoint[0].ticket.clone().unwrap()).await.unwrap();
        messages.message().await.unwrap().unwrap();
        drop(messages);
        cancelled(&served).await;
    }
}

#[tokio::test]
async fn a_connection_that_goes_ends_what_it_waits_for() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let update = format!("CREATE TABLE t AS {SILENT}");
    let call = tokio::spawn(async move { client.update(&update).await });
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while state(&served, "RUNNING").await == 0 {
        assert!(std::time::Instant::now() < deadline, "it does not run");
    }
    call.abort();
    cancelled(&served).await;
}

/// The client reads one message and no more; what the server holds for it is bounded, and then it is cut off.
#[tokio::test]
async fn who_reads_nothing_is_cut_off() {
    let served = Served::with(Settings {
        slow_reader_limit: Duration::from_millis(300),
        ..Settings::default()
    })
    .await;
    let mut client = served.client().await;
    let info = client.execute(ENDLESS).await.unwrap();
    let mut messages = client.messages(info.endpoint[0].ticket.clone().unwrap()).await.unwrap();
    messages.message().await.unwrap().unwrap();
    cancelled(&served).await;
    let mut bytes = 0;
    let status = loop {
        match messages.message().await {
            Ok(Some(message)) => bytes += message.encoded_len(),
            Ok(None) => panic!("an end without a failure"),
            Err(status) => break status,
        }
    };
    // What was on its way in the transport; what waited in the server is forgotten.
    assert!(bytes < 16 << 20, "{bytes}");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("has read nothing"), "{status}");
}
