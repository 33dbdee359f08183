//! What a user is told when the metastore is on a PostgreSQL server that does not let it in.

use owlet_engine::ErrorCode;
use owlet_engine::metastore::{Metastore, Settings};
use sqlx::{AnyConnection, Connection};
use url::Url;

use super::open_metastore_at;
use crate::support::place::Place;

async fn refusal(place: &Place, url: &Url) -> (ErrorCode, String) {
    let settings = Settings {
        url: Some(url.as_str().into()),
        busy_timeout_ms: 2_000,
        ..Settings::default()
    };
    let error = Metastore::open(&settings, &place.directory).await.unwrap_err();
    let password = url.password().unwrap();
    for shown in [format!("{error}"), format!("{error:?}")] {
        assert!(!shown.contains(password), "{shown}");
    }
    (error.code(), error.message().to_owned())
}

#[tokio::test]
async fn a_wrong_password_or_database_is_a_setting_to_correct() {
    let place = Place::postgresql().await;
    let url = Url::parse(place.url.as_deref().unwrap()).unwrap();
    let mut with_wrong_password = url.clone();
    with_wrong_password.set_password(Some("hunter2")).unwrap();
    let (code, message) = refusal(&place, &with_wrong_password).await;
    assert_eq!(code, ErrorCode::InvalidSetting, "{message}");
    assert!(message.contains("correct the user or password"), "{message}");
    let mut without_database = url;
    without_database.set_path("nowhere");
    let (code, message) = refusal(&place, &without_database).await;
    assert_eq!(code, ErrorCode::InvalidSetting, "{message}");
    assert!(message.contains("create the database"), "{message}");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused_and_left_as_it_is() {
    let place = Place::postgresql().await;
    open_metastore_at(&place).await.close().await;
    let url = place.url.as_deref().unwrap();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let update = sqlx::query("UPDATE owlet_schema_version SET version = 4711");
    update.execute(&mut connection).await.unwrap();
    for _ in 0..2 {
        let (code, message) = refusal(&place, &Url::parse(url).unwrap()).await;
        assert_eq!(code, ErrorCode::NotSupported, "{message}");
        assert!(
            message.contains("was written by a newer owlet (schema 4711"),
            "{message}"
        );
    }
}
