//! Who is let in.

use object_store::{Error, ObjectStore, ObjectStoreExt};

use crate::client::{BUCKET, builder, bytes, http, lake, signed};

async fn refusal(store: &dyn ObjectStore) -> String {
    match store.get(&"o".into()).await {
        Ok(_) => "let in".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

#[tokio::test]
async fn a_wrong_secret_or_key_is_refused() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", "x");
    assert_eq!(refusal(&store).await, "let in");
    let wrong = builder(&fixture).with_secret_access_key("wrong").build().unwrap();
    let refused = refusal(&wrong).await;
    assert!(
        refused.contains("SignatureDoesNotMatch") && refused.contains("403"),
        "{refused}"
    );
    let unknown = builder(&fixture).with_access_key_id("NOBODY").build().unwrap();
    assert!(refusal(&unknown).await.contains("InvalidAccessKeyId"));
    assert_eq!(fixture.counters().failed, 2);
}

#[tokio::test]
async fn a_payload_may_be_signed_or_not() {
    let (fixture, store) = lake().await;
    let unsigned = builder(&fixture).with_unsigned_payload(true).build().unwrap();
    unsigned.put(&"o".into(), bytes(70_000).into()).await.unwrap();
    assert_eq!(
        store.get(&"o".into()).await.unwrap().bytes().await.unwrap(),
        bytes(70_000)
    );
    assert_eq!(fixture.counters().body_bytes_received, 70_000);
    let url = signed(&store, reqwest::Method::PUT, "presigned").await;
    assert_eq!(http().put(url).body("y").send().await.unwrap().status(), 200);
    assert_eq!(
        store.get(&"presigned".into()).await.unwrap().bytes().await.unwrap(),
        "y"
    );
}

#[tokio::test]
async fn a_payload_other_than_the_signed_one_is_not_stored() {
    let (fixture, store) = lake().await;
    // The digest of "x" is signed; "y" is sent.
    fixture.put(BUCKET, "o", "before");
    let url = signed(&store, reqwest::Method::PUT, "o").await;
    let digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    let sent = http()
        .put(url)
        .header("x-amz-content-sha256", digest)
        .body("y")
        .send()
        .await
        .unwrap();
    assert!(sent.status().is_client_error(), "{}", sent.status());
    assert_eq!(store.get(&"o".into()).await.unwrap().bytes().await.unwrap(), "before");
}

#[tokio::test]
async fn keys_that_were_replaced_have_expired() {
    let (fixture, old) = lake().await;
    fixture.put(BUCKET, "o", "x");
    fixture.set_credentials("NEWKEY", "new-secret");
    let refused = refusal(&old).await;
    assert!(refused.contains("ExpiredToken") && refused.contains("400"), "{refused}");
    assert_eq!(fixture.access_key(), "NEWKEY");
    assert_eq!(refusal(&builder(&fixture).build().unwrap()).await, "let in");
}

#[tokio::test]
async fn anyone_may_read_a_public_bucket_and_nothing_else() {
    let (fixture, _store) = lake().await;
    fixture.put(BUCKET, "o", "x");
    let anyone = builder(&fixture).with_skip_signature(true).build().unwrap();
    assert!(matches!(
        anyone.get(&"o".into()).await,
        Err(Error::PermissionDenied { .. })
    ));
    fixture.allow_anonymous_reads(BUCKET);
    assert_eq!(refusal(&anyone).await, "let in");
    assert_eq!(anyone.list_with_delimiter(None).await.unwrap().objects.len(), 1);
    assert!(matches!(
        anyone.put(&"p".into(), "x".into()).await,
        Err(Error::PermissionDenied { .. })
    ));
}
