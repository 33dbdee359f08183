//! Preconditions, versions and what concurrent clients see.

use std::collections::HashSet;
use std::time::Duration;

use futures::TryStreamExt;
use object_store::aws::S3CopyIfNotExists;
use object_store::path::Path;
use object_store::{CopyMode, CopyOptions, Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, UpdateVersion};
use owlet_s3_fixture::RequestKind;

use crate::client::{BUCKET, builder, bytes, lake};

async fn get_opts(store: &dyn ObjectStore, options: GetOptions) -> Result<Option<String>, Error> {
    Ok(store.get_opts(&"o".into(), options).await?.meta.e_tag)
}

#[tokio::test]
async fn a_read_may_demand_or_refuse_a_version() {
    let (fixture, store) = lake().await;
    let etag = Some(format!("\"{}\"", fixture.put(BUCKET, "o", "first")));
    for head in [false, true] {
        let options = GetOptions {
            head,
            ..GetOptions::default()
        };
        let demanded = |etag: &Option<String>| GetOptions {
            if_match: etag.clone(),
            ..options.clone()
        };
        let refused = |etag: &Option<String>| GetOptions {
            if_none_match: etag.clone(),
            ..options.clone()
        };
        let other = Some("\"0123\"".to_owned());
        assert_eq!(get_opts(&store, demanded(&etag)).await.unwrap(), etag);
        assert!(
            matches!(
                get_opts(&store, demanded(&other)).await,
                Err(Error::Precondition { .. })
            ),
            "head: {head}"
        );
        assert!(
            matches!(get_opts(&store, refused(&etag)).await, Err(Error::NotModified { .. })),
            "head: {head}"
        );
        assert_eq!(get_opts(&store, refused(&other)).await.unwrap(), etag);
        assert_eq!(get_opts(&store, demanded(&Some("*".to_owned()))).await.unwrap(), etag);
    }
    for record in fixture.requests() {
        if record.kind == RequestKind::Head || record.status == Some(304) {
            assert_eq!(record.body_bytes_sent, 0, "{record:?}");
        }
    }
}

#[tokio::test]
async fn a_read_may_depend_on_the_time_of_change() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", "first");
    let modified = store.head(&"o".into()).await.unwrap().last_modified;
    let day = Duration::from_hours(24);
    let since = |time| GetOptions {
        if_modified_since: Some(time),
        ..GetOptions::default()
    };
    let until = |time| GetOptions {
        if_unmodified_since: Some(time),
        ..GetOptions::default()
    };
    assert!(matches!(
        get_opts(&store, since(modified)).await,
        Err(Error::NotModified { .. })
    ));
    assert!(get_opts(&store, since(modified - day)).await.is_ok());
    assert!(get_opts(&store, until(modified)).await.is_ok());
    assert!(matches!(
        get_opts(&store, until(modified - day)).await,
        Err(Error::Precondition { .. })
    ));
}

#[tokio::test]
async fn a_write_may_demand_that_there_is_nothing_or_a_version() {
    let (fixture, store) = lake().await;
    let path = Path::from("o");
    let update = |e_tag| PutMode::Update(UpdateVersion { e_tag, version: None });
    let nothing = store
        .put_opts(&path, "x".into(), update(Some("\"0\"".to_owned())).into())
        .await;
    assert!(matches!(nothing, Err(Error::Precondition { .. })), "{nothing:?}");
    let first = store
        .put_opts(&path, "first".into(), PutMode::Create.into())
        .await
        .unwrap();
    let exists = store.put_opts(&path, "other".into(), PutMode::Create.into()).await;
    assert!(matches!(exists, Err(Error::AlreadyExists { .. })), "{exists:?}");
    let second = store
        .put_opts(&path, "second".into(), update(first.e_tag.clone()).into())
        .await
        .unwrap();
    let stale = store.put_opts(&path, "third".into(), update(first.e_tag).into()).await;
    assert!(matches!(stale, Err(Error::Precondition { .. })), "{stale:?}");
    let head = store.head(&path).await.unwrap();
    assert_eq!(head.e_tag, second.e_tag);
    fixture.put(BUCKET, "o", "by another writer");
    let stale = store.put_opts(&path, "third".into(), update(second.e_tag).into()).await;
    assert!(matches!(stale, Err(Error::Precondition { .. })), "{stale:?}");
}

#[tokio::test]
async fn the_completion_of_an_upload_and_a_copy_may_demand_that_there_is_nothing() {
    let (fixture, _) = lake().await;
    fixture.put(BUCKET, "source", bytes(100));
    let header = S3CopyIfNotExists::HeaderWithStatus(
        "if-none-match".to_owned(),
        "*".to_owned(),
        reqwest::StatusCode::PRECONDITION_FAILED,
    );
    for (target, mode) in [("multipart", S3CopyIfNotExists::Multipart), ("header", header)] {
        let store = builder(&fixture).with_copy_if_not_exists(mode).build().unwrap();
        let options = CopyOptions::new().with_mode(CopyMode::Create);
        store
            .copy_opts(&"source".into(), &target.into(), options.clone())
            .await
            .unwrap();
        assert_eq!(
            store.get(&target.into()).await.unwrap().bytes().await.unwrap(),
            bytes(100)
        );
        let again = store.copy_opts(&"source".into(), &target.into(), options).await;
        assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{target}: {again:?}");
    }
}

#[tokio::test]
async fn of_many_conditional_writes_exactly_one_wins() {
    let (_fixture, store) = lake().await;
    let path = Path::from("o");
    let mut mode = PutMode::Create;
    for round in 0..30 {
        let attempts = (0..12).map(|writer| {
            let payload = format!("{round} {writer}");
            let (store, path, mode) = (store.clone(), path.clone(), mode.clone());
            tokio::spawn(async move {
                let put = store.put_opts(&path, payload.clone().into(), mode.into()).await;
                put.ok().map(|put| (payload, put.e_tag))
            })
        });
        let won: Vec<_> = futures::future::try_join_all(attempts)
            .await
            .unwrap()
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(won.len(), 1, "round {round}");
        let (payload, e_tag) = won.into_iter().next().unwrap();
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), payload);
        mode = PutMode::Update(UpdateVersion { e_tag, version: None });
    }
}

#[tokio::test]
async fn an_etag_tells_versions_of_one_size_and_one_moment_apart() {
    let (fixture, store) = lake().await;
    let file = fixture.bucket_directory(BUCKET).join("o");
    let mut etags = HashSet::new();
    for round in 0..80_u32 {
        // In place, without the server: same file, same size, often the same time stamp.
        std::fs::write(&file, format!("{round:08}")).unwrap();
        let head = store.head(&"o".into()).await.unwrap();
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        assert_eq!(listed[0].e_tag, head.e_tag);
        etags.insert(head.e_tag);
        etags.insert(Some(format!(
            "\"{}\"",
            fixture.put(BUCKET, "o", format!("p{round:07}"))
        )));
        etags.insert(
            store
                .put(&"o".into(), format!("s{round:07}").into())
                .await
                .unwrap()
                .e_tag,
        );
        std::fs::remove_file(&file).unwrap();
    }
    assert_eq!(etags.len(), 240);
}

#[tokio::test]
async fn a_file_changed_twice_within_a_tick_of_the_clock_has_two_etags() {
    let (fixture, store) = lake().await;
    let file = fixture.bucket_directory(BUCKET).join("o");
    let mut rounds_within_a_tick = 0;
    for round in 0..30_u32 {
        let now = std::time::SystemTime::now();
        let mut etags = HashSet::new();
        for contents in [format!("a{round:07}"), format!("b{round:07}")] {
            std::fs::write(&file, contents).unwrap();
            std::fs::File::options()
                .append(true)
                .open(&file)
                .unwrap()
                .set_modified(now)
                .unwrap();
            etags.insert(store.head(&"o".into()).await.unwrap().e_tag);
        }
        // A machine so busy that the first HEAD came late may have kept the first ETag: it had every reason to.
        if now.elapsed().unwrap() < Duration::from_millis(100) {
            assert_eq!(etags.len(), 2);
            rounds_within_a_tick += 1;
        }
    }
    assert!(rounds_within_a_tick > 0);
}

#[tokio::test]
async fn a_reader_sees_one_version_and_its_etag_while_others_write() {
    let (fixture, store) = lake().await;
    let version = |fill: u8| vec![fill; 150_000];
    let path = Path::from("o");
    let copied = Path::from("copied");
    for fill in 0..4 {
        fixture.put(BUCKET, &format!("v{fill}"), version(fill));
    }
    store.put(&path, version(0).into()).await.unwrap();
    store.copy(&path, &copied).await.unwrap();
    let writer = tokio::spawn({
        let (store, path, copied, objects) = (store.clone(), path.clone(), copied.clone(), fixture.objects());
        async move {
            for round in 0..20_u8 {
                store.put(&path, version(round % 4).into()).await.unwrap();
                objects.put(BUCKET, "o", version((round + 1) % 4));
                store.copy(&format!("v{}", round % 4).into(), &copied).await.unwrap();
                let mut upload = store.put_multipart(&path).await.unwrap();
                upload.put_part(version((round + 2) % 4).into()).await.unwrap();
                upload.complete().await.unwrap();
            }
        }
    });
    let mut seen = std::collections::HashMap::new();
    while !writer.is_finished() {
        for path in [&path, &copied] {
            let got = store.get(path).await.unwrap();
            let etag = got.meta.e_tag.clone().unwrap();
            let bytes = got.bytes().await.unwrap();
            assert_eq!(bytes.len(), 150_000);
            assert!(bytes.iter().all(|byte| *byte == bytes[0]), "two versions in one answer");
            assert_eq!(
                *seen.entry(etag).or_insert(bytes[0]),
                bytes[0],
                "one ETag for two versions"
            );
        }
    }
    writer.await.unwrap();
    assert!(seen.len() > 1);
}
