//! Sessions: how a client is known again, what its session keeps, and when it ends.

use arrow_flight::{HandshakeRequest, HandshakeResponse};
use base64::Engine as _;
use futures::TryStreamExt;
use owlet_flight_server::Settings;
use prost::Message;
use std::collections::HashMap;
use std::time::Duration;
use tonic::Code;
use tonic::metadata::MetadataMap;

use crate::support::{Client, Served, query};

// The messages as the protocol has them (Flight.proto), written down a second time: what the server reads is not what it wrote.

#[derive(Clone, PartialEq, Message)]
struct Options {
    #[prost(map = "string, message", tag = "1")]
    options: HashMap<String, Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(oneof = "Of", tags = "1, 2, 3")]
    of: Option<Of>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Of {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Truth(bool),
    #[prost(sfixed64, tag = "3")]
    Number(i64),
}

#[derive(Clone, PartialEq, Message)]
struct Refused {
    #[prost(map = "string, message", tag = "1")]
    errors: HashMap<String, Reason>,
}

#[derive(Clone, PartialEq, Message)]
struct Reason {
    #[prost(int32, tag = "1")]
    value: i32,
}

const INVALID_NAME: i32 = 1;
const INVALID_VALUE: i32 = 2;

fn text(value: &str) -> Of {
    Of::Text(value.to_owned())
}

/// Sets options; the errors by name.
async fn set(client: &mut Client, options: &[(&str, Option<Of>)]) -> HashMap<String, i32> {
    let options = options
        .iter()
        .map(|(name, of)| ((*name).to_owned(), Value { of: of.clone() }));
    let request = Options {
        options: options.collect(),
    };
    let results = client
        .action("SetSessionOptions", request.encode_to_vec())
        .await
        .unwrap();
    let refused = Refused::decode(&*results[0]).unwrap();
    refused
        .errors
        .into_iter()
        .map(|(name, reason)| (name, reason.value))
        .collect()
}

async fn get(client: &mut Client) -> HashMap<String, Of> {
    let results = client.action("GetSessionOptions", Vec::new()).await.unwrap();
    let options = Options::decode(&*results[0]).unwrap().options;
    options
        .into_iter()
        .map(|(name, value)| (name, value.of.unwrap()))
        .collect()
}

async fn close(client: &mut Client) -> Vec<u8> {
    client.action("CloseSession", Vec::new()).await.unwrap()[0].to_vec()
}

/// The cookie that headers set.
fn cookie(headers: &MetadataMap) -> Option<String> {
    let line = headers.get("set-cookie")?.to_str().unwrap();
    assert!(line.starts_with("arrow_flight_session_id="), "{line}");
    Some(line.split(';').next().unwrap().to_owned())
}

/// A client that keeps the cookie of its first call.
async fn with_cookie(served: &Served) -> (Client, String) {
    let mut client = served.client().await;
    let answer = client.announcement_and_headers(&query("SELECT 1")).await.unwrap();
    let cookie = cookie(answer.metadata()).unwrap();
    (client.with("cookie", cookie.clone()), cookie)
}

async fn handshake(client: &mut Client, credentials: Option<&str>) -> (MetadataMap, Vec<HandshakeResponse>) {
    let client = match credentials {
        Some(credentials) => {
            let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
            client.with("authorization", format!("Basic {encoded}"))
        }
        None => client.clone(),
    };
    let request = client.request(futures::stream::iter([HandshakeRequest::default()]));
    let (headers, answers, _) = client.clone().raw.handshake(request).await.unwrap().into_parts();
    (headers, answers.try_collect().await.unwrap())
}

fn bearer(headers: &MetadataMap) -> String {
    headers.get("authorization").unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn options_are_set_one_by_one_and_told() {
    let served = Served::start().await;
    let mut client = served.client().await;
    client.update("CREATE DATABASE other").await.unwrap();
    let errors = set(
        &mut client,
        &[
            ("schema", Some(text("other"))),
            ("batch_size", Some(Of::Number(100))),
            ("nonsense", Some(text("x"))),
            ("target_partitions", Some(text("many"))),
            ("compression", Some(text("gzip"))),
            ("arrow_views", Some(Of::Truth(true))),
        ],
    )
    .await;
    let expected = [
        ("nonsense", INVALID_NAME),
        ("target_partitions", INVALID_VALUE),
        ("compression", INVALID_VALUE),
    ];
    assert_eq!(errors, expected.map(|(name, code)| (name.to_owned(), code)).into());
    let options = get(&mut client).await;
    assert_eq!(options["catalog"], Of::Text("lake".to_owned()));
    assert_eq!(options["schema"], Of::Text("other".to_owned()));
    assert_eq!(options["batch_size"], Of::Number(100));
    assert_eq!(options["arrow_views"], Of::Truth(true));
    assert_eq!(options["compression"], Of::Text("none".to_owned()));
    // Without a value it goes back.
    assert!(
        set(&mut client, &[("arrow_views", None), ("batch_size", None)])
            .await
            .is_empty()
    );
    let options = get(&mut client).await;
    assert_eq!(options["arrow_views"], Of::Truth(false));
    assert_ne!(options["batch_size"], Of::Number(100));
}

#[tokio::test]
async fn a_catalogue_or_database_that_is_not_there_is_an_invalid_value() {
    let served = Served::start().await;
    let mut client = served.client().await;
    assert!(set(&mut client, &[("catalog", Some(text("lake")))]).await.is_empty());
    for (name, value) in [
        ("catalog", "nowhere"),
        ("schema", "nowhere"),
        ("schema", "a\"; DROP DATABASE x; --"),
    ] {
        let errors = set(&mut client, &[(name, Some(text(value)))]).await;
        assert_eq!(errors, HashMap::from([(name.to_owned(), INVALID_VALUE)]), "{value}");
    }
    assert_eq!(get(&mut client).await["schema"], Of::Text("default".to_owned()));
}

#[tokio::test]
async fn a_client_without_cookies_has_the_session_of_its_connection() {
    let served = Served::start().await;
    let (mut one, mut other) = (served.client().await, served.client().await);
    one.update("CREATE DATABASE d").await.unwrap();
    one.update("USE d").await.unwrap();
    assert_eq!(get(&mut one).await["schema"], Of::Text("d".to_owned()));
    assert_eq!(get(&mut other).await["schema"], Of::Text("default".to_owned()));
}

#[tokio::test]
async fn a_cookie_leads_back_from_another_connection() {
    let served = Served::start().await;
    let (mut client, cookie) = with_cookie(&served).await;
    client
        .update("CREATE TEMPORARY TABLE mine AS SELECT 5 AS a")
        .await
        .unwrap();
    let mut again = served.client().await.with("cookie", format!("other=1; {cookie}"));
    assert_eq!(again.number("SELECT a FROM mine").await, 5);
    // Who sends it needs no other.
    let answer = again.announcement_and_headers(&query("SELECT 1")).await.unwrap();
    assert!(answer.metadata().get("set-cookie").is_none());
    let mut stranger = served.client().await;
    assert_eq!(
        stranger.query("SELECT a FROM mine").await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_handshake_gives_a_bearer_in_header_and_message() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let (headers, answers) = handshake(&mut client, Some("anna:secret")).await;
    let bearer = bearer(&headers);
    assert_eq!(
        format!("Bearer {}", String::from_utf8(answers[0].payload.to_vec()).unwrap()),
        bearer
    );
    let mut anna = client.with("authorization", bearer);
    anna.update("CREATE TEMPORARY TABLE hers AS SELECT 1 AS a")
        .await
        .unwrap();
    // The bearer leads to the session from another connection, and the name is hers.
    let mut again = served.client().await.with("authorization", anna.headers[0].1.clone());
    assert_eq!(again.number("SELECT a FROM hers").await, 1);
    let by_anna = "SELECT count(*) FROM system.query_executions WHERE principal = 'anna' AND state = 'SUCCEEDED'";
    assert!(served.count(by_anna).await >= 2);
    // Another handshake is another session.
    let (headers, _) = handshake(&mut client, Some("anna:secret")).await;
    let mut second = client.with("authorization", self::bearer(&headers));
    assert!(second.query("SELECT a FROM hers").await.is_err());
}

#[tokio::test]
async fn a_handshake_without_a_name_and_a_bearer_of_others_come_in_too() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let (headers, _) = handshake(&mut client, None).await;
    let mut nameless = client.with("authorization", bearer(&headers));
    assert_eq!(nameless.number("SELECT 1").await, 1);
    let mut foreign = client.with("authorization", "Bearer a.b.c");
    assert_eq!(foreign.number("SELECT 1").await, 1);
    let mut unknown = client.with("authorization", "Digest x");
    assert_eq!(
        unknown.query("SELECT 1").await.unwrap_err().code(),
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn a_cookie_of_another_name_leads_nowhere() {
    let served = Served::start().await;
    let (mut client, cookie) = with_cookie(&served).await;
    client
        .update("CREATE TEMPORARY TABLE mine AS SELECT 5 AS a")
        .await
        .unwrap();
    let mut thief = served.client().await;
    let (headers, _) = handshake(&mut thief, Some("mallory:x")).await;
    let mut thief = thief.with("authorization", bearer(&headers)).with("cookie", cookie);
    assert_eq!(
        thief.query("SELECT a FROM mine").await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn closing_ends_the_session_with_what_is_in_it() {
    let served = Served::start().await;
    let (mut client, _) = with_cookie(&served).await;
    client
        .update("CREATE TEMPORARY TABLE mine AS SELECT 5 AS a")
        .await
        .unwrap();
    let waiting = client.execute("SELECT 1").await.unwrap();
    assert_eq!(close(&mut client).await, [1 << 3, 1]);
    // A statement in another session could mean something else, so that the client is told once and forgets its cookie.
    let status = client.query("SELECT a FROM mine").await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().starts_with("SESSION_NOT_FOUND"), "{status}");
    assert!(
        status
            .metadata()
            .get("set-cookie")
            .unwrap()
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    // Closing what is closed is no error.
    assert_eq!(close(&mut client).await, [1 << 3, 1]);
    client.headers.clear();
    assert_eq!(client.fetch(&waiting).await.unwrap_err().code(), Code::NotFound);
    assert!(client.query("SELECT a FROM mine").await.is_err());
    assert_eq!(client.number("SELECT 1").await, 1);
}

#[tokio::test]
async fn idle_sessions_end_and_busy_ones_do_not() {
    let served = Served::with(Settings {
        session_idle_limit: Duration::from_millis(300),
        ..Settings::default()
    })
    .await;
    let (client, _) = with_cookie(&served).await;
    let (mut busy, _) = with_cookie(&served).await;
    // A stream that is being read is no idleness, however long it takes.
    let mut stream = {
        let info = busy
            .execute("SELECT * FROM generate_series(1, 100000000)")
            .await
            .unwrap();
        busy.messages(info.endpoint[0].ticket.clone().unwrap()).await.unwrap()
    };
    let deadline = std::time::Instant::now() + Duration::from_millis(1500);
    while std::time::Instant::now() < deadline {
        stream.message().await.unwrap().unwrap();
    }
    let mut client = client;
    let status = client.query("SELECT 1").await.unwrap_err();
    assert!(status.message().starts_with("SESSION_NOT_FOUND"), "{status}");
    assert_eq!(busy.number("SELECT 1").await, 1);
}

#[tokio::test]
async fn sessions_are_limited_and_end_with_their_connection() {
    let served = Served::with(Settings {
        session_limit: 2,
        ..Settings::default()
    })
    .await;
    let (mut one, mut two) = (served.client().await, served.client().await);
    one.query("SELECT 1").await.unwrap();
    two.query("SELECT 1").await.unwrap();
    let mut three = served.client().await;
    assert_eq!(
        three.query("SELECT 1").await.unwrap_err().code(),
        Code::ResourceExhausted
    );
    drop(one);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while three.query("SELECT 1").await.is_err() {
        assert!(
            std::time::Instant::now() < deadline,
            "the session of a closed connection goes on"
        );
    }
}

/// Every call, with a header that the door refuses.
#[tokio::test]
async fn no_call_goes_around_the_door() {
    let served = Served::start().await;
    let client = served.client().await.with("authorization", "Digest x");
    let mut raw = client.raw.clone();
    let descriptor = || client.request(arrow_flight::FlightDescriptor::default());
    let nothing = || futures::stream::empty::<arrow_flight::FlightData>();
    let refused = [
        raw.handshake(client.request(futures::stream::empty())).await.err(),
        raw.list_flights(client.request(arrow_flight::Criteria::default()))
            .await
            .err(),
        raw.get_flight_info(descriptor()).await.err(),
        raw.poll_flight_info(descriptor()).await.err(),
        raw.get_schema(descriptor()).await.err(),
        raw.do_get(client.request(arrow_flight::Ticket::default())).await.err(),
        raw.do_put(client.request(nothing())).await.err(),
        raw.do_exchange(client.request(nothing())).await.err(),
        raw.do_action(client.request(arrow_flight::Action::default()))
            .await
            .err(),
        raw.list_actions(client.request(arrow_flight::Empty {})).await.err(),
    ];
    for (number, status) in refused.into_iter().enumerate() {
        assert_eq!(status.unwrap().code(), Code::Unauthenticated, "call {number}");
    }
}
