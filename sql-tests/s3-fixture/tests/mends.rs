//! What `s3s-fs` 0.14 gets wrong and the fixture mends: each test shows both. When a test finds the bare crate right,
//! the mend can go.

use std::sync::Arc;

use futures::TryStreamExt;
use futures::channel::mpsc;
use http::{Method, StatusCode};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode};
use s3s::dto::{
    CompleteMultipartUploadInput, CompletedMultipartUpload, CompletedPart, CopyObjectInput, CopySource,
    CreateMultipartUploadInput, DeleteObjectInput, ETag, ETagCondition, GetObjectInput, HeadObjectInput,
    ListObjectsInput, ListObjectsV2Input, PutObjectInput, StreamingBlob, UploadPartInput,
};
use s3s::{Body, S3, S3ErrorCode, S3Request, S3Result};
use s3s_fs::FileSystem;
use tempfile::TempDir;

use crate::client::{BUCKET, bytes, http, lake, signed, until};

/// `s3s-fs` as it comes, on a directory with one bucket.
fn bare() -> (TempDir, FileSystem) {
    let directory = TempDir::new().unwrap();
    std::fs::create_dir(directory.path().join(BUCKET)).unwrap();
    let bare = FileSystem::new(directory.path()).unwrap();
    (directory, bare)
}

fn request<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: Method::GET,
        uri: http::Uri::default(),
        headers: http::HeaderMap::default(),
        extensions: http::Extensions::default(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

fn put_input(key: &str, bytes: &[u8]) -> PutObjectInput {
    PutObjectInput {
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        body: Some(StreamingBlob::from(Body::from(bytes.to_vec()))),
        ..PutObjectInput::default()
    }
}

fn get_input(key: &str) -> GetObjectInput {
    GetObjectInput {
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        ..GetObjectInput::default()
    }
}

fn head_input(key: &str) -> HeadObjectInput {
    HeadObjectInput {
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        ..HeadObjectInput::default()
    }
}

fn complete_input(key: &str, id: &str, part: CompletedPart) -> CompleteMultipartUploadInput {
    CompleteMultipartUploadInput {
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        upload_id: id.to_owned(),
        multipart_upload: Some(CompletedMultipartUpload {
            parts: Some(vec![part]),
        }),
        ..CompleteMultipartUploadInput::default()
    }
}

async fn put(bare: &FileSystem, key: &str, bytes: &[u8]) {
    bare.put_object(request(put_input(key, bytes))).await.unwrap();
}

async fn get(bare: &FileSystem, key: &str) -> S3Result<Vec<u8>> {
    let body = bare.get_object(request(get_input(key))).await?.output.body.unwrap();
    Ok(body.try_collect::<Vec<_>>().await.unwrap().concat())
}

#[tokio::test]
async fn a_listing_has_etags() {
    let (_directory, bare) = bare();
    put(&bare, "o", b"x").await;
    let second = ListObjectsV2Input {
        bucket: BUCKET.to_owned(),
        ..ListObjectsV2Input::default()
    };
    let listed = bare
        .list_objects_v2(request(second))
        .await
        .unwrap()
        .output
        .contents
        .unwrap();
    assert_eq!(listed[0].e_tag, None);
    let first = ListObjectsInput {
        bucket: BUCKET.to_owned(),
        ..ListObjectsInput::default()
    };
    let listed = bare
        .list_objects(request(first))
        .await
        .unwrap()
        .output
        .contents
        .unwrap();
    assert_eq!(listed[0].e_tag, None);

    let (fixture, store) = lake().await;
    let etag = fixture.put(BUCKET, "o", "x");
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed[0].e_tag, Some(format!("\"{etag}\"")));
    fixture.allow_anonymous_reads(BUCKET);
    let listed = http()
        .get(format!("{}/{BUCKET}", fixture.endpoint()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(listed.contains(&etag), "{listed}");
}

#[tokio::test]
async fn get_and_head_heed_if_match() {
    let (_directory, bare) = bare();
    put(&bare, "o", b"x").await;
    let other = Some(ETagCondition::ETag(ETag::Strong("0123".to_owned())));
    let get = GetObjectInput {
        if_match: other.clone(),
        ..get_input("o")
    };
    assert!(bare.get_object(request(get)).await.is_ok());
    let head = HeadObjectInput {
        if_match: other,
        ..head_input("o")
    };
    assert!(bare.head_object(request(head)).await.is_ok());

    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", "x");
    for head in [false, true] {
        let options = GetOptions {
            if_match: Some("\"0123\"".to_owned()),
            head,
            ..GetOptions::default()
        };
        assert!(matches!(
            store.get_opts(&"o".into(), options).await,
            Err(Error::Precondition { .. })
        ));
    }
}

#[tokio::test]
async fn get_and_head_heed_if_none_match() {
    let (_directory, bare) = bare();
    put(&bare, "o", b"x").await;
    let get = GetObjectInput {
        if_none_match: Some(ETagCondition::Any),
        ..get_input("o")
    };
    assert!(bare.get_object(request(get)).await.is_ok());

    let (fixture, store) = lake().await;
    let etag = fixture.put(BUCKET, "o", "x");
    for head in [false, true] {
        let options = GetOptions {
            if_none_match: Some(format!("\"{etag}\"")),
            head,
            ..GetOptions::default()
        };
        assert!(matches!(
            store.get_opts(&"o".into(), options).await,
            Err(Error::NotModified { .. })
        ));
    }
}

#[tokio::test]
async fn of_two_conditional_puts_one_wins() {
    let (directory, bare) = bare();
    let create = |body| PutObjectInput {
        if_none_match: Some(ETagCondition::Any),
        body: Some(body),
        ..put_input("o", b"")
    };
    let bare = Arc::new(bare);
    let (mut slow, slow_body) = mpsc::unbounded::<Result<bytes::Bytes, std::io::Error>>();
    slow.start_send(Ok("slow, ".into())).unwrap();
    let first = tokio::spawn({
        let (bare, input) = (bare.clone(), create(StreamingBlob::wrap(slow_body)));
        async move { bare.put_object(request(input)).await }
    });
    // The first has looked and found nothing when it begins to write down its body.
    let is_writing = || {
        let mut names = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        names.any(|name| name.to_string_lossy().starts_with(".tmp."))
    };
    until("the first PUT has looked", is_writing).await;
    let second = create(StreamingBlob::from(Body::from("quick".to_owned())));
    assert!(bare.put_object(request(second)).await.is_ok());
    slow.start_send(Ok("but sure".into())).unwrap();
    drop(slow);
    assert!(first.await.unwrap().is_ok(), "both have won");
    assert_eq!(get(&bare, "o").await.unwrap(), b"slow, but sure");

    // `conditions::of_many_conditional_writes_exactly_one_wins` is the race; here the order is certain.
    let (fixture, store) = lake().await;
    let objects = fixture.objects();
    fixture.on_request(
        owlet_s3_fixture::RequestRule::on(owlet_s3_fixture::RequestKind::Put),
        move |_| {
            objects.put(BUCKET, "o", "quick");
        },
    );
    let late = store.put_opts(&"o".into(), "slow".into(), PutMode::Create.into()).await;
    assert!(matches!(late, Err(Error::AlreadyExists { .. })), "{late:?}");
}

#[tokio::test]
async fn a_put_with_a_wrong_digest_leaves_nothing() {
    let (_directory, bare) = bare();
    let wrong = "AAAAAAAAAAAAAAAAAAAAAA==";
    let refused = bare
        .put_object(request(PutObjectInput {
            content_md5: Some(wrong.to_owned()),
            ..put_input("o", b"x")
        }))
        .await;
    assert_eq!(*refused.unwrap_err().code(), S3ErrorCode::BadDigest);
    assert_eq!(get(&bare, "o").await.unwrap(), b"x");

    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", "before");
    let url = signed(&store, reqwest::Method::PUT, "o").await;
    let refused = http()
        .put(url)
        .header("content-md5", wrong)
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(store.get(&"o".into()).await.unwrap().bytes().await.unwrap(), "before");
}

#[tokio::test]
async fn a_reader_keeps_its_version_while_a_copy_replaces_it() {
    let (_directory, bare) = bare();
    put(&bare, "o", &vec![1; 300_000]).await;
    put(&bare, "source", &vec![2; 300_000]).await;
    let open = bare
        .get_object(request(get_input("o")))
        .await
        .unwrap()
        .output
        .body
        .unwrap();
    let copy_source = CopySource::Bucket {
        bucket: BUCKET.into(),
        key: "source".into(),
        version_id: None,
    };
    let copy = CopyObjectInput::builder()
        .bucket(BUCKET.to_owned())
        .key("o".to_owned())
        .copy_source(copy_source);
    bare.copy_object(request(copy.build().unwrap())).await.unwrap();
    let read = open.try_collect::<Vec<_>>().await.unwrap().concat();
    assert!(read.contains(&2), "the answer changed under its reader");

    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", vec![1; 30_000_000]);
    fixture.put(BUCKET, "source", vec![2; 30_000_000]);
    let open = store.get(&"o".into()).await.unwrap().into_stream();
    store.copy(&"source".into(), &"o".into()).await.unwrap();
    let read: Vec<_> = open.try_collect().await.unwrap();
    assert!(read.iter().all(|piece| piece.iter().all(|byte| *byte == 1)));
}

#[tokio::test]
async fn a_file_replaced_on_disk_has_a_new_etag() {
    let (directory, bare) = bare();
    put(&bare, "o", b"first").await;
    let etag = bare.head_object(request(head_input("o"))).await.unwrap().output.e_tag;
    std::fs::write(directory.path().join(BUCKET).join("o"), "other").unwrap();
    assert_eq!(
        bare.head_object(request(head_input("o"))).await.unwrap().output.e_tag,
        etag
    );

    let (fixture, store) = lake().await;
    let before = store.put(&"o".into(), "first".into()).await.unwrap().e_tag;
    std::fs::write(fixture.bucket_directory(BUCKET).join("o"), "a longer one").unwrap();
    let after = store.head(&"o".into()).await.unwrap().e_tag;
    assert_ne!(before, after);
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_not_made_by_a_put() {
    let (_directory, bare) = bare();
    let nowhere = PutObjectInput {
        bucket: "nowhere".to_owned(),
        ..put_input("o", b"x")
    };
    assert!(bare.put_object(request(nowhere)).await.is_ok());
    let no_bucket = bare
        .get_object(request(GetObjectInput {
            bucket: "void".to_owned(),
            ..get_input("o")
        }))
        .await;
    assert_eq!(*no_bucket.unwrap_err().code(), S3ErrorCode::NoSuchKey);

    let (fixture, _) = lake().await;
    let store = crate::client::builder(&fixture)
        .with_bucket_name("nowhere")
        .build()
        .unwrap();
    let refusals = [
        store.put(&"o".into(), "x".into()).await.unwrap_err(),
        store.put_multipart(&"o".into()).await.unwrap_err(),
        store.get(&"o".into()).await.unwrap_err(),
    ];
    for refused in refusals {
        assert!(format!("{refused:?}").contains("NoSuchBucket"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_prefix_is_not_an_object() {
    let (_directory, bare) = bare();
    put(&bare, "t/o", b"x").await;
    let head = bare.head_object(request(head_input("t"))).await;
    assert_eq!(*head.unwrap_err().code(), S3ErrorCode::InternalError);

    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "t/o", "x");
    assert!(matches!(store.head(&"t".into()).await, Err(Error::NotFound { .. })));
    assert!(matches!(store.get(&"t".into()).await, Err(Error::NotFound { .. })));
    store.delete(&"t".into()).await.unwrap();
    assert!(store.head(&"t/o".into()).await.is_ok());
}

#[tokio::test]
async fn a_long_key_is_stored() {
    let key = format!("t/{}", vec!["k=0123456789"; 15].join("/"));
    let (_directory, bare) = bare();
    let refused = bare.put_object(request(put_input(&key, b"x"))).await;
    assert_eq!(*refused.unwrap_err().code(), S3ErrorCode::InternalError);

    let (_fixture, store) = lake().await;
    store.put(&Path::from(key.as_str()), "x".into()).await.unwrap();
    assert_eq!(store.head(&Path::from(key)).await.unwrap().size, 1);
}

#[tokio::test]
async fn a_key_may_take_the_name_of_a_prefix_that_is_gone() {
    let (_directory, bare) = bare();
    put(&bare, "t/o", b"x").await;
    let delete = DeleteObjectInput {
        bucket: BUCKET.to_owned(),
        key: "t/o".to_owned(),
        ..DeleteObjectInput::default()
    };
    bare.delete_object(request(delete)).await.unwrap();
    assert!(bare.put_object(request(put_input("t", b"x"))).await.is_err());

    let (_fixture, store) = lake().await;
    store.put(&"t/o".into(), "x".into()).await.unwrap();
    store.delete(&"t/o".into()).await.unwrap();
    store.put(&"t".into(), "x".into()).await.unwrap();
}

#[tokio::test]
async fn an_upload_that_is_not_open_is_named_as_such() {
    let (_directory, bare) = bare();
    let id = "00000000-0000-0000-0000-000000000000";
    let complete = complete_input(
        "o",
        id,
        CompletedPart {
            part_number: Some(1),
            ..Default::default()
        },
    );
    let refused = bare.complete_multipart_upload(request(complete)).await;
    assert_eq!(*refused.unwrap_err().code(), S3ErrorCode::AccessDenied);

    let (_fixture, store) = lake().await;
    let part = PartId {
        content_id: "\"0\"".to_owned(),
    };
    let refused = store
        .complete_multipart(&"o".into(), &id.to_owned(), vec![part])
        .await
        .unwrap_err();
    assert!(format!("{refused:?}").contains("NoSuchUpload"), "{refused:?}");
}

#[tokio::test]
async fn a_listing_that_starts_inside_a_prefix_shows_the_rest_of_it() {
    let (_directory, bare) = bare();
    put(&bare, "t/1", b"x").await;
    put(&bare, "t/2", b"x").await;
    let input = ListObjectsV2Input {
        bucket: BUCKET.to_owned(),
        delimiter: Some("/".to_owned()),
        start_after: Some("t/1".to_owned()),
        ..ListObjectsV2Input::default()
    };
    assert_eq!(
        bare.list_objects_v2(request(input)).await.unwrap().output.key_count,
        Some(0)
    );

    let (fixture, _store) = lake().await;
    fixture.allow_anonymous_reads(BUCKET);
    fixture.put(BUCKET, "t/1", "x");
    fixture.put(BUCKET, "t/2", "x");
    let url = format!(
        "{}/{BUCKET}?list-type=2&delimiter=%2F&start-after=t%2F1",
        fixture.endpoint()
    );
    let listed = http().get(url).send().await.unwrap().text().await.unwrap();
    assert!(listed.contains("<Prefix>t/</Prefix>"), "{listed}");
}

#[tokio::test]
async fn a_part_is_completed_with_the_etag_that_it_was_given() {
    let (_directory, bare) = bare();
    let create = CreateMultipartUploadInput::builder()
        .bucket(BUCKET.to_owned())
        .key("m".to_owned())
        .build()
        .unwrap();
    let id = bare
        .create_multipart_upload(request(create))
        .await
        .unwrap()
        .output
        .upload_id
        .unwrap();
    let part = UploadPartInput {
        bucket: BUCKET.to_owned(),
        key: "m".to_owned(),
        part_number: 1,
        upload_id: id.clone(),
        body: Some(StreamingBlob::from(Body::from("x".to_owned()))),
        ..UploadPartInput::default()
    };
    bare.upload_part(request(part)).await.unwrap();
    let other = CompletedPart {
        part_number: Some(1),
        e_tag: Some(ETag::Strong("0123".to_owned())),
        ..Default::default()
    };
    assert!(
        bare.complete_multipart_upload(request(complete_input("m", &id, other)))
            .await
            .is_ok()
    );

    let (_fixture, store) = lake().await;
    let path = Path::from("m");
    let id = store.create_multipart(&path).await.unwrap();
    let part = store.put_part(&path, &id, 0, bytes(10).into()).await.unwrap();
    let other = PartId {
        content_id: "\"0123\"".to_owned(),
    };
    let refused = store.complete_multipart(&path, &id, vec![other]).await.unwrap_err();
    assert!(format!("{refused:?}").contains("InvalidPart"), "{refused:?}");
    store.complete_multipart(&path, &id, vec![part]).await.unwrap();
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), bytes(10));
}
