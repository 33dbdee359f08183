//! `http://`: single files, redirects, and servers that do not heed conditions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use object_store::ObjectStore;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use owlet_engine::ErrorCode;
use owlet_engine::storage::{Access, Environment, QueryStorage, Settings};

use super::web_server::{Answer, Asked, WebServer};
use super::{assert_failed, failure, list, location, opened, pattern, read, settings};

fn query(settings: Settings, access: Access) -> Arc<QueryStorage> {
    opened(settings, Environment::default()).unwrap().query(access)
}

fn store(query: &QueryStorage, server: &WebServer) -> Arc<dyn ObjectStore> {
    query.store(&location(&format!("http://{}/a", server.address))).unwrap()
}

/// A server that answers with one version after another: the first `first` requests get `old`, the rest `new`.
async fn changing(first: usize, tag: bool) -> WebServer {
    let served = AtomicUsize::new(0);
    WebServer::start(move |asked| {
        let is_old = served.fetch_add(1, Ordering::Relaxed) < first;
        let bytes = if is_old {
            pattern(1000)
        } else {
            pattern(1001).split_off(1)
        };
        let version = if is_old { "old" } else { "new" };
        let modified = if is_old {
            "Sun, 01 Nov 2026 10:00:00 GMT"
        } else {
            "Sun, 01 Nov 2026 10:00:01 GMT"
        };
        let answer = Answer::object(asked, &bytes).with("last-modified", modified);
        if tag {
            answer.with("etag", format!("\"{version}\""))
        } else {
            answer
        }
    })
    .await
}

#[tokio::test]
async fn a_file_of_a_web_server_is_read_and_counted() {
    let server = changing(usize::MAX, true).await;
    let query = query(settings(), Access::Local);
    let store = store(&query, &server);
    assert_eq!(read(&store, "a").await.unwrap(), pattern(1000));
    assert_eq!(
        store.get_range(&Path::from("a"), 10..20).await.unwrap(),
        &pattern(1000)[10..20]
    );
    assert_eq!(store.head(&Path::from("a")).await.unwrap().size, 1000);
    let requests = query.usage().requests;
    assert_eq!((requests.get, requests.head, requests.total()), (2, 1, 3));
    assert_eq!(server.asked().len(), 3);
    assert_eq!(query.usage().bytes_read, 1010);
}

#[tokio::test]
async fn a_change_is_caught_where_the_server_ignores_if_match() {
    let server = changing(1, true).await;
    let query = query(settings(), Access::Local);
    let store = store(&query, &server);
    store.get_range(&Path::from("a"), 0..10).await.unwrap();
    assert_failed(
        store.get_range(&Path::from("a"), 0..10).await,
        ErrorCode::ObjectChanged,
        &["/a\" changed"],
    );
    assert_failed(store.head(&Path::from("a")).await, ErrorCode::ObjectChanged, &[]);
    assert_eq!(server.asked()[1].headers["if-match"], "\"old\"");
}

#[tokio::test]
async fn a_change_is_caught_by_time_where_there_is_no_etag() {
    let server = changing(1, false).await;
    let query = query(settings(), Access::Local);
    let store = store(&query, &server);
    store.head(&Path::from("a")).await.unwrap();
    assert_failed(
        store.get_range(&Path::from("a"), 0..10).await,
        ErrorCode::ObjectChanged,
        &[],
    );
    assert!(!server.asked()[1].headers.contains_key("if-match"));
}

#[tokio::test]
async fn a_weak_etag_is_compared_but_never_demanded() {
    let server = WebServer::start(|asked| Answer::object(asked, b"abc").with("etag", "W/\"weak\"")).await;
    let query = query(settings(), Access::Local);
    let store = store(&query, &server);
    for _ in 0..2 {
        assert_eq!(read(&store, "a").await.unwrap(), b"abc");
    }
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| !asked.headers.contains_key("if-match"))
    );
}

#[tokio::test]
async fn a_server_without_listings_says_so_at_once() {
    for status in [
        "501 Not Implemented",
        "405 Method Not Allowed",
        "403 Forbidden",
        "404 Not Found",
    ] {
        let server = WebServer::start(move |_| Answer::new(status, "no")).await;
        let query = query(settings(), Access::Local);
        let listing = list(&store(&query, &server), "t").await;
        assert_failed(listing, ErrorCode::NotSupported, &["does not list directories"]);
        assert_eq!(query.usage().requests.list, 1, "{status}");
        assert_eq!(server.asked()[0].method, "PROPFIND");
    }
}

/// A server that sends every reader of `/a` to `target`.
async fn redirecting(target: impl Fn(&Asked) -> String + Send + Sync + 'static) -> WebServer {
    WebServer::start(move |asked| match asked.target.as_str() {
        "/a" => Answer::new("302 Found", "").with("location", target(asked)),
        _ => Answer::object(asked, b"redirected").with("etag", "\"1\""),
    })
    .await
}

#[tokio::test]
async fn redirects_are_followed_and_each_is_counted() {
    let there = WebServer::start(|asked| Answer::object(asked, b"there").with("etag", "\"1\"")).await;
    let address = there.address.clone();
    let server = redirecting(move |_| format!("http://{address}/b?sig=secret")).await;
    let query = query(settings(), Access::Local);
    let store = store(&query, &server);
    assert_eq!(read(&store, "a").await.unwrap(), b"there");
    assert_eq!(query.usage().requests.get, 2);
    assert_eq!(there.asked()[0].target, "/b?sig=secret");

    let server = redirecting(|_| "/b".to_owned()).await;
    assert_eq!(
        read(&super::web::store(&query, &server), "a").await.unwrap(),
        b"redirected"
    );
}

#[tokio::test]
async fn a_redirect_does_not_lead_a_remote_principal_out_of_its_prefixes() {
    let inside = WebServer::start(|asked| Answer::object(asked, b"inside").with("etag", "\"1\"")).await;
    let address = inside.address.clone();
    let server = redirecting(move |_| format!("http://{address}/metadata?sig=secret")).await;
    let allowed = Settings {
        remote_prefixes: vec![format!("http://{}/a", server.address)],
        ..settings()
    };
    let query = query(allowed, Access::Remote);
    let refused = failure(read(&store(&query, &server), "a").await);
    assert_eq!(refused.code(), ErrorCode::PermissionDenied);
    assert!(!refused.message().contains("secret"));
    assert!(inside.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_that_never_ends_and_one_to_another_scheme_are_errors() {
    let server = redirecting(|_| "/a".to_owned()).await;
    let query = query(settings(), Access::Local);
    assert_failed(
        read(&store(&query, &server), "a").await,
        ErrorCode::StorageUnavailable,
        &["redirected"],
    );
    let server = redirecting(|_| "file:///etc/passwd".to_owned()).await;
    assert_failed(
        read(&store(&query, &server), "a").await,
        ErrorCode::StorageUnavailable,
        &["redirects"],
    );
}

#[tokio::test]
async fn the_query_of_a_url_is_sent_and_not_shown() {
    let server = WebServer::start(|asked| match asked.target.as_str() {
        "/a?sig=hunter2" => Answer::object(asked, b"signed").with("etag", "\"1\""),
        _ => Answer::new("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>"),
    })
    .await;
    let query = query(settings(), Access::Local);
    let signed = location(&format!("http://{}/a?sig=hunter2", server.address));
    let store = query.store(&signed).unwrap();
    assert_eq!(read(&store, "a").await.unwrap(), b"signed");
    let error = failure(read(&store, "b").await);
    assert_eq!(error.code(), ErrorCode::StorageDenied);
    let shown = format!(
        "{error} {error:?} {store} {store:?} {query:?} {signed} {}",
        query.store_url(&signed).unwrap()
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    // The same host without the signature is another store.
    let unsigned = query.store(&location(&format!("http://{}/a", server.address))).unwrap();
    assert_failed(read(&unsigned, "a").await, ErrorCode::StorageDenied, &["AccessDenied"]);
}
