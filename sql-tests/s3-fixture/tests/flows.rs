//! What a well-behaved client does, from writing to listing.

use futures::{StreamExt, TryStreamExt};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions,
};
use owlet_s3_fixture::S3Fixture;

use crate::client::{BUCKET, builder, bytes, http, lake};

async fn keys(store: &dyn ObjectStore, prefix: Option<&str>) -> Vec<String> {
    let prefix = prefix.map(Path::from);
    let listed: Vec<_> = store.list(prefix.as_ref()).try_collect().await.unwrap();
    listed.into_iter().map(|object| object.location.to_string()).collect()
}

#[tokio::test]
async fn what_is_put_can_be_got_headed_listed_and_deleted() {
    let (fixture, store) = lake().await;
    let put = store.put(&"a/b.parquet".into(), bytes(1000).into()).await.unwrap();
    let got = store.get(&"a/b.parquet".into()).await.unwrap();
    assert_eq!(got.meta.e_tag, put.e_tag);
    assert_eq!(got.bytes().await.unwrap(), bytes(1000));
    let head = store.head(&"a/b.parquet".into()).await.unwrap();
    assert_eq!((head.size, &head.e_tag), (1000, &put.e_tag));
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!((listed.len(), listed[0].size, &listed[0].e_tag), (1, 1000, &put.e_tag));
    store.delete(&"a/b.parquet".into()).await.unwrap();
    assert!(matches!(
        store.get(&"a/b.parquet".into()).await,
        Err(Error::NotFound { .. })
    ));
    assert!(keys(&store, None).await.is_empty());
    assert_eq!(
        std::fs::read_dir(fixture.bucket_directory(BUCKET)).unwrap().count(),
        0,
        "empty directories stay behind"
    );
}

#[tokio::test]
async fn attributes_come_back() {
    let (_fixture, store) = lake().await;
    let attributes = Attributes::from_iter([
        (Attribute::ContentType, "text/csv"),
        (Attribute::ContentEncoding, "gzip"),
        (Attribute::Metadata("origin".into()), "sensor 7"),
    ]);
    let options = PutOptions {
        attributes: attributes.clone(),
        ..PutOptions::default()
    };
    store.put_opts(&"a.csv".into(), "x".into(), options).await.unwrap();
    assert_eq!(store.get(&"a.csv".into()).await.unwrap().attributes, attributes);
    store.copy(&"a.csv".into(), &"b.csv".into()).await.unwrap();
    assert_eq!(store.get(&"b.csv".into()).await.unwrap().attributes, attributes);
    let options = PutMultipartOptions {
        attributes: attributes.clone(),
        ..PutMultipartOptions::default()
    };
    let mut upload = store.put_multipart_opts(&"c.csv".into(), options).await.unwrap();
    upload.put_part("x".into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(store.get(&"c.csv".into()).await.unwrap().attributes, attributes);
}

#[tokio::test]
async fn keys_with_special_characters_are_kept() {
    let (_fixture, store) = lake().await;
    let names = [
        "plain",
        "with space",
        "day=2024-01-01/a b+c%d.parquet",
        "%20",
        "a%2Fb",
        "ünïcödé/数据.csv",
        "q?x=1&y=2",
        "semi;colon,",
        "(paren)[bracket]{brace}",
        "tilde~dot.",
        "'quote\"",
        "back\\slash",
        "hash#tag",
        "star*",
        "at@colon:",
    ];
    for name in names {
        let path = Path::parse(name).unwrap();
        store.put(&path, name.as_bytes().to_vec().into()).await.unwrap();
        assert_eq!(
            store.get(&path).await.unwrap().bytes().await.unwrap(),
            name.as_bytes(),
            "{name}"
        );
        assert_eq!(store.head(&path).await.unwrap().location, path);
        let copied = Path::parse(format!("copy/{name}")).unwrap();
        store.copy(&path, &copied).await.unwrap();
        assert_eq!(
            store.get(&copied).await.unwrap().bytes().await.unwrap(),
            name.as_bytes(),
            "{name}"
        );
    }
    let mut expected: Vec<String> = names
        .iter()
        .flat_map(|name| [(*name).to_owned(), format!("copy/{name}")])
        .collect();
    expected.sort_unstable();
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let listed: Vec<String> = listed.into_iter().map(|object| object.location.to_string()).collect();
    assert_eq!(listed, expected);
    let locations: Vec<_> = expected.iter().map(|key| Ok(Path::parse(key).unwrap())).collect();
    let deleted: Vec<Path> = store
        .delete_stream(futures::stream::iter(locations).boxed())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(deleted.len(), expected.len());
    assert!(keys(&store, None).await.is_empty());
}

#[tokio::test]
async fn a_key_may_be_as_long_as_s3_allows() {
    let (_fixture, store) = lake().await;
    let key = Path::from(vec!["segment-of-a-long-key=0123456789"; 30].join("/"));
    assert!(key.as_ref().len() > 950);
    store.put(&key, "x".into()).await.unwrap();
    let mut upload = store.put_multipart(&key).await.unwrap();
    upload.put_part("long".into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(store.get(&key).await.unwrap().bytes().await.unwrap(), "long");
}

#[tokio::test]
async fn ranges_are_what_was_asked() {
    let (_fixture, store) = lake().await;
    let whole = bytes(600_000);
    store.put(&"o".into(), whole.clone().into()).await.unwrap();
    let get = async |range: GetRange| {
        let options = GetOptions {
            range: Some(range),
            ..GetOptions::default()
        };
        let got = store.get_opts(&"o".into(), options).await?;
        assert_eq!(got.meta.size, 600_000);
        let range = got.range.start as usize..got.range.end as usize;
        assert_eq!(got.bytes().await?, whole[range.clone()]);
        Ok::<_, Error>(range)
    };
    assert_eq!(get(GetRange::Bounded(10..20)).await.unwrap(), 10..20);
    assert_eq!(get(GetRange::Bounded(0..600_000)).await.unwrap(), 0..600_000);
    assert_eq!(
        get(GetRange::Bounded(262_143..524_289)).await.unwrap(),
        262_143..524_289
    );
    assert_eq!(
        get(GetRange::Bounded(599_999..700_000)).await.unwrap(),
        599_999..600_000
    );
    assert_eq!(get(GetRange::Offset(599_990)).await.unwrap(), 599_990..600_000);
    assert_eq!(get(GetRange::Suffix(8)).await.unwrap(), 599_992..600_000);
    assert_eq!(get(GetRange::Suffix(900_000)).await.unwrap(), 0..600_000);
    assert!(get(GetRange::Offset(600_000)).await.is_err());
    let ranges = store.get_ranges(&"o".into(), &[5..6, 300_000..300_010]).await.unwrap();
    assert_eq!(ranges, [whole[5..6].to_vec(), whole[300_000..300_010].to_vec()]);
}

#[tokio::test]
async fn ranges_have_the_status_and_headers_of_http() {
    let fixture = S3Fixture::start(&[BUCKET]).await;
    fixture.allow_anonymous_reads(BUCKET);
    fixture.put(BUCKET, "o", bytes(100));
    fixture.put(BUCKET, "empty", "");
    let get = async |key: &str, range: &str| {
        let request = http()
            .get(format!("{}/{BUCKET}/{key}", fixture.endpoint()))
            .header("range", range);
        let answer = request.send().await.unwrap();
        let content_range = answer
            .headers()
            .get("content-range")
            .map(|value| value.to_str().unwrap().to_owned());
        (
            answer.status().as_u16(),
            content_range.unwrap_or_default(),
            answer.content_length().unwrap(),
        )
    };
    assert_eq!(get("o", "bytes=0-9").await, (206, "bytes 0-9/100".to_owned(), 10));
    assert_eq!(get("o", "bytes=90-").await, (206, "bytes 90-99/100".to_owned(), 10));
    assert_eq!(get("o", "bytes=-10").await, (206, "bytes 90-99/100".to_owned(), 10));
    for range in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
        let (status, content_range, _) = get("o", range).await;
        assert_eq!((status, content_range.as_str()), (416, "bytes */100"), "{range}");
    }
    for range in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
        assert_eq!(get("empty", range).await.0, 416, "{range}");
    }
}

#[tokio::test]
async fn a_listing_comes_in_pages_of_the_size_that_was_set() {
    let (fixture, store) = lake().await;
    let expected: Vec<String> = (0..25)
        .map(|number| format!("t/day={number:02}/part 0.parquet"))
        .collect();
    for key in &expected {
        fixture.put(BUCKET, key, "x");
    }
    fixture.put(BUCKET, "u", "x");
    fixture.set_page_size(10);
    assert_eq!(keys(&store, Some("t")).await, expected);
    assert_eq!(fixture.counters().list, 3);
    let level = store.list_with_delimiter(Some(&"t".into())).await.unwrap();
    assert_eq!((level.objects.len(), level.common_prefixes.len()), (0, 25));
    assert_eq!(fixture.counters().list, 6);
    let after: Vec<_> = store
        .list_with_offset(None, &"t/day=22/part 0.parquet".into())
        .try_collect()
        .await
        .unwrap();
    let after: Vec<String> = after.into_iter().map(|object| object.location.to_string()).collect();
    assert_eq!(after, ["t/day=23/part 0.parquet", "t/day=24/part 0.parquet", "u"]);
    fixture.reset();
    keys(&store, None).await;
    assert_eq!(fixture.counters().list, 1);
}

#[tokio::test]
async fn a_client_may_ask_for_smaller_pages() {
    let (fixture, store) = lake().await;
    for number in 0..5 {
        fixture.put(BUCKET, &format!("k{number}"), "x");
    }
    let options = PaginatedListOptions {
        max_keys: Some(2),
        ..PaginatedListOptions::default()
    };
    let first = store.list_paginated(None, options.clone()).await.unwrap();
    assert_eq!(first.result.objects.len(), 2);
    let options = PaginatedListOptions {
        page_token: first.page_token,
        ..options
    };
    let second = store.list_paginated(None, options.clone()).await.unwrap();
    assert_eq!(second.result.objects[0].location.as_ref(), "k2");
    let last = store
        .list_paginated(
            None,
            PaginatedListOptions {
                page_token: second.page_token,
                ..options
            },
        )
        .await
        .unwrap();
    assert_eq!((last.result.objects.len(), last.page_token), (1, None));
}

#[tokio::test]
async fn both_versions_of_the_listing_tell_the_same() {
    let fixture = S3Fixture::start(&[BUCKET]).await;
    fixture.allow_anonymous_reads(BUCKET);
    for key in ["a b", "c/1", "c/2", "d"] {
        fixture.put(BUCKET, key, "x");
    }
    let list = async |query: &str| {
        let answer = http()
            .get(format!("{}/{BUCKET}?{query}", fixture.endpoint()))
            .send()
            .await
            .unwrap();
        answer.text().await.unwrap()
    };
    let first = list("delimiter=%2F&max-keys=2").await;
    assert!(
        first.contains("<Key>a b</Key>") && first.contains("<NextMarker>c/</NextMarker>"),
        "{first}"
    );
    let second = list("delimiter=%2F&max-keys=2&marker=c%2F").await;
    assert!(
        second.contains("<Key>d</Key>") && !second.contains("c/1") && second.contains("<ETag>"),
        "{second}"
    );
    let encoded = list("list-type=2&encoding-type=url").await;
    assert!(encoded.contains("<Key>a%20b</Key>"), "{encoded}");
    let after = list("list-type=2&start-after=c%2F1").await;
    assert!(
        !after.contains("c/1</Key>") && after.contains("<Key>c/2</Key>"),
        "{after}"
    );
}

#[tokio::test]
async fn a_multipart_upload_appears_whole_when_it_is_completed() {
    let (fixture, store) = lake().await;
    let part = bytes(5 * 1024 * 1024);
    let mut upload = store.put_multipart(&"m".into()).await.unwrap();
    let parts = futures::future::try_join_all([
        upload.put_part(part.clone().into()),
        upload.put_part(part.clone().into()),
        upload.put_part("tail".into()),
    ]);
    parts.await.unwrap();
    assert!(keys(&store, None).await.is_empty());
    assert_eq!(fixture.open_uploads(BUCKET), ["m"]);
    let put = upload.complete().await.unwrap();
    assert!(put.e_tag.as_ref().unwrap().ends_with("-3\""), "{put:?}");
    assert_eq!(store.head(&"m".into()).await.unwrap().e_tag, put.e_tag);
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed[0].e_tag, put.e_tag);
    let whole = store.get(&"m".into()).await.unwrap().bytes().await.unwrap();
    assert_eq!(whole, [part.as_slice(), part.as_slice(), b"tail"].concat());
    assert!(fixture.open_uploads(BUCKET).is_empty());
}

#[tokio::test]
async fn parts_may_be_listed_and_an_upload_aborted() {
    let (fixture, store) = lake().await;
    let path = Path::from("m");
    let id = store.create_multipart(&path).await.unwrap();
    let second = store.put_part(&path, &id, 1, "two".into()).await.unwrap();
    store.put_part(&path, &id, 0, "one".into()).await.unwrap();
    let url = format!(
        "{}?uploadId={id}",
        crate::client::signed(&store, reqwest::Method::GET, "m")
            .await
            .split('?')
            .next()
            .unwrap()
    );
    // Only the owner may list parts: an unsigned request is refused.
    assert_eq!(http().get(url).send().await.unwrap().status(), 403);
    store.abort_multipart(&path, &id).await.unwrap();
    assert!(matches!(
        store.abort_multipart(&path, &id).await,
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(
        store.complete_multipart(&path, &id, vec![second]).await,
        Err(Error::NotFound { .. })
    ));
    assert!(fixture.open_uploads(BUCKET).is_empty());
    assert!(keys(&store, None).await.is_empty());
}

#[tokio::test]
async fn an_upload_survives_a_change_of_keys() {
    let (fixture, store) = lake().await;
    let path = Path::from("m");
    let id = store.create_multipart(&path).await.unwrap();
    let part = store.put_part(&path, &id, 0, "one".into()).await.unwrap();
    fixture.set_credentials("NEXTKEY", "next-secret");
    let store = builder(&fixture).build().unwrap();
    store.complete_multipart(&path, &id, vec![part]).await.unwrap();
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "one");
}

#[tokio::test]
async fn objects_are_files_and_files_are_objects() {
    let (fixture, store) = lake().await;
    let directory = fixture.bucket_directory(BUCKET);
    std::fs::create_dir_all(directory.join("t/day=1")).unwrap();
    std::fs::write(directory.join("t/day=1/a"), "from disk").unwrap();
    std::os::unix::fs::symlink(directory.join("t"), directory.join("link")).unwrap();
    std::fs::create_dir(directory.join("nothing")).unwrap();
    assert_eq!(keys(&store, None).await, ["link/day=1/a", "t/day=1/a"]);
    assert_eq!(
        store.get(&"t/day=1/a".into()).await.unwrap().bytes().await.unwrap(),
        "from disk"
    );
    store.put(&"new/b".into(), "from s3".into()).await.unwrap();
    assert_eq!(std::fs::read(directory.join("new/b")).unwrap(), b"from s3");
}

#[tokio::test]
async fn an_object_may_stand_for_a_directory() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "t/", "");
    fixture.put(BUCKET, "t/a", "x");
    fixture.allow_anonymous_reads(BUCKET);
    let listed = http()
        .get(format!("{}/{BUCKET}?list-type=2", fixture.endpoint()))
        .send()
        .await
        .unwrap();
    let listed = listed.text().await.unwrap();
    assert!(
        listed.contains("<Key>t/</Key>") && listed.contains("<Key>t/a</Key>"),
        "{listed}"
    );
    let head = http()
        .head(format!("{}/{BUCKET}/t/", fixture.endpoint()))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 200);
    fixture.remove(BUCKET, "t/");
    assert_eq!(keys(&store, None).await, ["t/a"]);
}

#[tokio::test]
async fn what_files_cannot_hold_is_refused_in_words() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "a", "x");
    let refused = store.put(&"a/b".into(), "x".into()).await.unwrap_err().to_string();
    assert!(refused.contains("keeps objects in files"), "{refused}");
    fixture.put(BUCKET, "c/d", "x");
    assert!(store.put(&"c".into(), "x".into()).await.is_err());
    store.delete(&"c/d".into()).await.unwrap();
    store.put(&"c".into(), "x".into()).await.unwrap();
}

#[test]
fn a_test_that_blocks_is_served() {
    let fixture = S3Fixture::start_blocking(&[BUCKET]);
    fixture.allow_anonymous_reads(BUCKET);
    fixture.put(BUCKET, "a", "served");
    let mut stream = std::net::TcpStream::connect(fixture.endpoint().trim_start_matches("http://")).unwrap();
    std::io::Write::write_all(
        &mut stream,
        b"GET /lake/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.ends_with("served"), "{answer}");
}

#[tokio::test]
async fn the_environment_leads_a_client_here() {
    let (fixture, _store) = lake().await;
    fixture.put(BUCKET, "a", "x");
    let mut builder = object_store::aws::AmazonS3Builder::new().with_bucket_name(BUCKET);
    for (name, value) in fixture.environment() {
        builder = builder.with_config(name.to_lowercase().parse().unwrap(), value);
    }
    assert_eq!(builder.build().unwrap().head(&"a".into()).await.unwrap().size, 1);
}
