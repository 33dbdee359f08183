//! `az://` against Azurite, the emulator that Azure's own developers give out.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use owlet_engine::ErrorCode;
use owlet_engine::storage::{Access, BucketSettings, QueryStorage, Settings};
use tempfile::TempDir;

use super::{assert_failed, list, location, opened, pattern, read, settings};

/// The account and the key that every Azurite has; its manual prints them.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

struct Azurite {
    process: Child,
    endpoint: String,
    _directory: TempDir,
}

impl Azurite {
    /// Starts the executable that `OWLET_TEST_AZURITE` names (`scripts/test` installs it from npm), with one container.
    async fn start() -> Self {
        let executable = std::env::var("OWLET_TEST_AZURITE").expect("OWLET_TEST_AZURITE: the path of azurite-blob");
        let directory = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(executable)
            .args([
                "--blobHost",
                "127.0.0.1",
                "--blobPort",
                &port.to_string(),
                "--silent",
                "--skipApiVersionCheck",
            ])
            .arg("--location")
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let azurite = Self {
            process,
            endpoint: format!("http://127.0.0.1:{port}/{ACCOUNT}"),
            _directory: directory,
        };
        azurite.create_container(port).await;
        azurite
    }

    async fn create_container(&self, port: u16) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < deadline, "Azurite does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // A container is made by hand: object_store makes none. The signature is object_store's.
        let url = format!("{}/data?restype=container", self.endpoint);
        let mut request = http::Request::builder()
            .method("PUT")
            .uri(url.as_str())
            .header("content-length", "0")
            .body(object_store::client::HttpRequestBody::empty())
            .unwrap();
        let key = object_store::azure::AzureAccessKey::try_new(KEY).unwrap();
        let credential = object_store::azure::AzureCredential::AccessKey(key);
        object_store::azure::AzureAuthorizer::new(&credential, ACCOUNT).authorize(&mut request);
        let (parts, _) = request.into_parts();
        let created = reqwest::Client::new()
            .put(url)
            .headers(parts.headers)
            .body("")
            .send()
            .await
            .unwrap();
        assert!(created.status().is_success(), "{}", created.text().await.unwrap());
    }

    fn query(&self, key: &str) -> Arc<QueryStorage> {
        let bucket = BucketSettings {
            endpoint: Some(self.endpoint.clone()),
            allow_http: Some(true),
            account_key_env: Some("KEY".to_owned()),
            ..BucketSettings::default()
        };
        let buckets = ["az://data", "az://data@devstoreaccount1"]
            .map(|name| (name.to_owned(), bucket.clone()))
            .into();
        let variables = [("KEY", key), ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)];
        let storage = opened(Settings { buckets, ..settings() }, variables.into_iter().collect()).unwrap();
        storage.query(Access::Local)
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[tokio::test]
async fn blobs_are_written_listed_read_and_pinned() {
    let azurite = Azurite::start().await;
    let query = azurite.query(KEY);
    let store = query.store(&location("az://data/")).unwrap();
    let (path, bytes) = (Path::from("t/x=1/a"), pattern(100_000));
    store.put(&path, bytes.clone().into()).await.unwrap();
    let mut upload = store.put_multipart(&Path::from("t/x=2/b")).await.unwrap();
    upload.put_part(pattern(1000).into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(list(&store, "t").await.unwrap().len(), 2);
    assert_eq!(read(&store, "t/x=1/a").await.unwrap(), bytes);
    assert_eq!(
        store.get_ranges(&path, &[0..10, 99_990..100_000]).await.unwrap()[1],
        &bytes[99_990..]
    );
    assert_eq!(store.head(&path).await.unwrap().size, 100_000);
    let requests = query.usage().requests;
    assert_eq!([requests.get, requests.head, requests.list, requests.put], [2, 1, 1, 3]);
    assert_eq!(query.usage().retries, 0);

    // The listing pinned what it showed, without the quotes that Azure's other answers have.
    let writer = azurite.query(KEY);
    let other = writer
        .store(&location("abfss://data@devstoreaccount1.dfs.core.windows.net/"))
        .unwrap();
    other.put(&path, PutPayload::from_static(b"other")).await.unwrap();
    assert_failed(
        read(&store, "t/x=1/a").await,
        ErrorCode::ObjectChanged,
        &["az://data/t/x=1/a"],
    );
    assert_failed(
        read(&store, "t/none").await,
        ErrorCode::TableNotFound,
        &["az://data/t/none"],
    );
}

#[tokio::test]
async fn a_wrong_key_is_denied_and_a_missing_account_is_named() {
    let azurite = Azurite::start().await;
    let query = azurite.query(&KEY.replace("Eby8", "Abc8"));
    let store = query.store(&location("az://data/")).unwrap();
    assert_failed(read(&store, "a").await, ErrorCode::StorageDenied, &["az://data/a"]);
    let bare = opened(settings(), [("X", "y")].into_iter().collect())
        .unwrap()
        .query(Access::Local);
    let store = bare.store(&location("az://data/")).unwrap();
    assert_failed(
        read(&store, "a").await,
        ErrorCode::InvalidSetting,
        &["AZURE_STORAGE_ACCOUNT_NAME"],
    );
}
