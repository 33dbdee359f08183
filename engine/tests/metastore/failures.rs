//! What a user is told when the metastore cannot be opened, and what is made when it can.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use owlet_engine::ErrorCode;
use owlet_engine::metastore::{Metastore, Settings};
use sqlx::{AnyConnection, Connection};
use tokio::time::timeout;

use super::open_metastore;

async fn refusal(settings: &Settings, directory: &Path) -> (ErrorCode, String) {
    let error = Metastore::open(settings, directory).await.unwrap_err();
    (error.code(), error.message().to_owned())
}

async fn connect(directory: &Path) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}?mode=rwc", directory.join("metastore.db").display());
    AnyConnection::connect(&url).await.unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_new_metastore_belongs_to_its_user_alone() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("share/owlet ?#%é");
    let metastore = open_metastore(&directory).await;
    assert_eq!(mode(&directory), 0o700);
    for file in ["metastore.db", "metastore.db-wal", "metastore.db-shm"] {
        assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
    }
    metastore.close().await;
}

#[tokio::test]
async fn the_mode_of_a_metastore_that_exists_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    open_metastore(directory.path()).await.close().await;
    let file = directory.path().join("metastore.db");
    fs::set_permissions(&file, Permissions::from_mode(0o660)).unwrap();
    open_metastore(directory.path()).await.close().await;
    assert_eq!(mode(&file), 0o660);
}

#[tokio::test]
async fn an_empty_file_becomes_a_metastore() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("metastore.db"), "").unwrap();
    open_metastore(directory.path()).await;
}

/// Another process writes to the file at the moment when it gets its write-ahead log. SQLite's busy timeout does not cover that.
#[tokio::test]
async fn a_new_metastore_waits_for_a_writer() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = connect(directory.path()).await;
    for sql in ["CREATE TABLE t (n BIGINT)", "BEGIN IMMEDIATE"] {
        sqlx::query(sql).execute(&mut writer).await.unwrap();
    }
    let opening = open_metastore(directory.path());
    tokio::pin!(opening);
    assert!(
        timeout(Duration::from_millis(100), &mut opening).await.is_err(),
        "it did not wait"
    );
    sqlx::query("COMMIT").execute(&mut writer).await.unwrap();
    opening.await;
}

#[tokio::test]
async fn a_metastore_of_a_newer_version_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    open_metastore(directory.path()).await.close().await;
    let update = sqlx::query("UPDATE owlet_schema_version SET version = 4711");
    update.execute(&mut connect(directory.path()).await).await.unwrap();
    for _ in 0..2 {
        let (code, message) = refusal(&Settings::default(), directory.path()).await;
        assert_eq!(code, ErrorCode::NotSupported);
        assert!(
            message.contains("was written by a newer owlet (schema 4711"),
            "{message}"
        );
        assert!(message.contains("/metastore.db\""), "{message}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("metastore.db");
    let content = "a letter to the owl ".repeat(1_000);
    fs::write(&file, &content).unwrap();
    let (code, message) = refusal(&Settings::default(), directory.path()).await;
    assert_eq!(code, ErrorCode::BadData);
    assert!(
        message.contains(&file.display().to_string()) && message.contains("move it away"),
        "{message}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), content);
}

#[tokio::test]
async fn a_directory_in_place_of_the_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("metastore.db");
    fs::create_dir(&file).unwrap();
    let (code, message) = refusal(&Settings::default(), directory.path()).await;
    assert_eq!(code, ErrorCode::InvalidSetting);
    assert!(
        message.contains(&file.display().to_string()) && message.contains("a directory is in its place"),
        "{message}"
    );
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    // The last one exists on Linux and lets nobody, not even root, make a directory.
    for directory in [file.join("data"), file, Path::new("/proc/owlet").to_owned()] {
        let (code, message) = refusal(&Settings::default(), &directory).await;
        assert_eq!(code, ErrorCode::InvalidSetting);
        assert!(
            message.contains(&format!("data directory \"{}\"", directory.display())),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_named_without_the_password() {
    let directory = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = Settings {
        url: Some(
            format!("postgres://ann:hunter2@127.0.0.1:{port}/owlet?sslmode=disable")
                .as_str()
                .into(),
        ),
        busy_timeout_ms: 200,
        ..Settings::default()
    };
    let error = Metastore::open(&settings, directory.path()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::StorageUnavailable);
    assert!(
        error
            .message()
            .contains(&format!("\"postgres://127.0.0.1:{port}/owlet\"")),
        "{error}"
    );
    for shown in [format!("{error}"), format!("{error:?}"), format!("{settings:?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn a_metastore_in_memory_is_empty_each_time() {
    let first = Metastore::in_memory().await.unwrap();
    let second = Metastore::in_memory().await.unwrap();
    assert_eq!(format!("{first:?}"), "Metastore(\":memory:\")");
    first.close().await;
    second.close().await;
}

#[test]
fn an_unknown_setting_is_refused() {
    assert!(toml::from_str::<Settings>("busy_timeout_ms = 1").is_ok());
    let error = toml::from_str::<Settings>("bussy_timeout_ms = 1").unwrap_err();
    assert!(error.to_string().contains("unknown field"), "{error}");
}
