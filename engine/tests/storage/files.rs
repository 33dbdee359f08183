//! Local files: counted as if a server stood before them, and read in one version.

use std::fs;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use owlet_engine::ErrorCode;
use owlet_engine::storage::{Access, Environment, QueryStorage};

use super::{assert_failed, list, location, opened, pattern, read, settings};

fn open(directory: &tempfile::TempDir) -> (Arc<QueryStorage>, Arc<dyn ObjectStore>, String) {
    let query = opened(settings(), Environment::default()).unwrap().query(Access::Local);
    let location = location(directory.path().join("a").to_str().unwrap());
    (
        Arc::clone(&query),
        query.store(&location).unwrap(),
        location.path().to_string(),
    )
}

#[tokio::test]
async fn files_are_read_written_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = pattern(40_000_000);
    fs::write(directory.path().join("a"), &bytes).unwrap();
    let (query, store, key) = open(&directory);
    let path = Path::from(key.as_str());
    assert_eq!(read(&store, &key).await.unwrap(), bytes);
    assert_eq!(store.get_range(&path, 10..20).await.unwrap(), &bytes[10..20]);
    assert_eq!(
        store.get_ranges(&path, &[0..5, 30_000_000..30_000_005]).await.unwrap()[1],
        &bytes[30_000_000..30_000_005]
    );
    assert_eq!(store.head(&path).await.unwrap().size, 40_000_000);
    assert_eq!(list(&store, path.parent_text()).await.unwrap().len(), 1);
    store
        .put(&Path::from(format!("{key}2")), PutPayload::from_static(b"xyz"))
        .await
        .unwrap();
    store.delete(&Path::from(format!("{key}2"))).await.unwrap();
    let usage = query.usage();
    let requests = usage.requests;
    assert_eq!(
        [
            requests.get,
            requests.head,
            requests.list,
            requests.put,
            requests.delete
        ],
        [4, 1, 1, 1, 1]
    );
    assert_eq!((usage.bytes_read, usage.bytes_written), (40_000_020, 3));
}

#[tokio::test]
async fn a_file_replaced_or_rewritten_in_mid_query_is_refused() {
    for in_place in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a");
        fs::write(&file, pattern(1000)).unwrap();
        let (query, store, key) = open(&directory);
        let path = Path::from(key.as_str());
        store.get_range(&path, 0..10).await.unwrap();
        if !in_place {
            fs::remove_file(&file).unwrap();
        }
        fs::write(&file, pattern(1001)).unwrap();
        assert_failed(
            store.get_range(&path, 0..10).await,
            ErrorCode::ObjectChanged,
            &["/a\" changed"],
        );
        assert!(query.object_changed().is_some());
    }
}

/// A file that is written to between two pieces of one read.
#[tokio::test]
async fn a_file_rewritten_while_its_bytes_flow_is_refused() {
    use futures::StreamExt;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a");
    fs::write(&file, pattern(40_000_000)).unwrap();
    let (_query, store, key) = open(&directory);
    let mut bytes = store.get(&Path::from(key.as_str())).await.unwrap().into_stream();
    bytes.next().await.unwrap().unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(39_000_000)
        .unwrap();
    let next = bytes.next().await.unwrap();
    assert_failed(next, ErrorCode::ObjectChanged, &["/a\" changed"]);
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_said_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let (_query, store, key) = open(&directory);
    assert_failed(
        read(&store, &key).await,
        ErrorCode::TableNotFound,
        &[&format!("/{key}")],
    );
    fs::create_dir(directory.path().join("a")).unwrap();
    assert!(read(&store, &key).await.is_err());
}

/// The directory that an object lies in.
trait Parent {
    fn parent_text(&self) -> &str;
}

impl Parent for Path {
    fn parent_text(&self) -> &str {
        self.as_ref().rsplit_once('/').unwrap().0
    }
}
