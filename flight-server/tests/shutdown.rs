//! The end of the server, and where it may begin.

use owlet_engine::ErrorCode;
use owlet_flight_server::{Settings, bind, serve};
use std::net::SocketAddr;
use std::time::Duration;

use crate::support::Served;

const ENDLESS: &str =
    "SELECT a.value AS a, b.value AS b FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";

#[tokio::test]
async fn what_is_under_way_comes_to_its_end() {
    let mut served = Served::start().await;
    let mut client = served.client().await;
    let info = client
        .execute("SELECT * FROM generate_series(1, 3000000)")
        .await
        .unwrap();
    let mut messages = client.messages(info.endpoint[0].ticket.clone().unwrap()).await.unwrap();
    messages.message().await.unwrap().unwrap();
    served.shut_down();
    let mut bytes = 0;
    while let Some(message) = messages.message().await.unwrap() {
        bytes += message.data_body.len();
    }
    assert!(bytes >= 8 * 3_000_000, "{bytes}");
    drop(messages);
    let engine = served.engine.clone();
    served.ended().await.unwrap();
    engine.close().await.unwrap();
}

#[tokio::test]
async fn what_does_not_end_is_cancelled() {
    let mut served = Served::with(Settings {
        drain_limit: Duration::from_millis(200),
        ..Settings::default()
    })
    .await;
    let mut client = served.client().await;
    let info = client.execute(ENDLESS).await.unwrap();
    let mut messages = client.messages(info.endpoint[0].ticket.clone().unwrap()).await.unwrap();
    messages.message().await.unwrap().unwrap();
    served.shut_down();
    while let Ok(Some(_)) = messages.message().await {}
    let engine = served.engine.clone();
    served.ended().await.unwrap();
    // Waits for the statement, which would never end by itself.
    tokio::time::timeout(Duration::from_secs(20), engine.close())
        .await
        .unwrap()
        .unwrap();
}

/// A statement that changes something runs within its call, which has no stream to end.
#[tokio::test]
async fn a_call_that_does_not_end_is_cancelled_too() {
    let mut served = Served::with(Settings {
        drain_limit: Duration::from_millis(200),
        ..Settings::default()
    })
    .await;
    let mut client = served.client().await;
    let call = tokio::spawn(async move { client.update(&format!("CREATE TABLE t AS {ENDLESS}")).await });
    let running = "SELECT count(*) FROM system.query_executions WHERE state = 'RUNNING' AND principal = 'anonymous'";
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while served.count(running).await == 0 {
        assert!(std::time::Instant::now() < deadline, "it does not run");
    }
    served.shut_down();
    let answer = tokio::time::timeout(Duration::from_secs(20), call).await.unwrap();
    assert_eq!(answer.unwrap().unwrap_err().code(), tonic::Code::Unavailable);
    let engine = served.engine.clone();
    served.ended().await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), engine.close())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn nothing_new_is_taken() {
    let mut served = Served::start().await;
    let mut client = served.client().await;
    client.query("SELECT 1").await.unwrap();
    let address = served.address;
    served.shut_down();
    served.ended().await.unwrap();
    assert!(client.query("SELECT 1").await.is_err());
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_address_that_others_reach_is_refused() {
    let everywhere = Settings {
        listen: SocketAddr::from(([0, 0, 0, 0], 0)),
        ..Settings::default()
    };
    let error = bind(&everywhere).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidSetting);
    assert!(error.message().contains("neither TLS nor users"), "{error}");
    let served = Served::start().await;
    let listener = tokio::net::TcpListener::bind(everywhere.listen).await.unwrap();
    let refused = serve(served.engine.clone(), everywhere, listener, std::future::pending()).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::InvalidSetting);
}
