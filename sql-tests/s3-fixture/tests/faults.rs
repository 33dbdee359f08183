//! Each fault, as a client meets it, and the numbers of both sides.

use futures::TryStreamExt;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode};
use owlet_s3_fixture::{Fault, FaultRule, Framing, RequestKind, RequestRule, S3Fixture};

use crate::client::{BUCKET, builder, bytes, get_raw, lake, retrying, until};

/// A fixture with a public object "o" of this size, of which every GET has this fault.
async fn faulty(size: usize, fault: Fault) -> S3Fixture {
    let fixture = S3Fixture::start(&[BUCKET]).await;
    fixture.allow_anonymous_reads(BUCKET);
    fixture.put(BUCKET, "o", bytes(size));
    fixture.inject(FaultRule::on(RequestKind::Get).fault(fault));
    fixture
}

#[tokio::test]
async fn an_error_answer_is_tried_again_and_every_try_is_counted() {
    let (fixture, _) = lake().await;
    fixture.put(BUCKET, "o", "x");
    let slow_down = Fault::Status {
        code: 503,
        s3_code: "SlowDown",
    };
    let id = fixture.inject(FaultRule::on(RequestKind::Get).times(2).fault(slow_down));
    assert_eq!(
        retrying(&fixture)
            .get(&"o".into())
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap(),
        "x"
    );
    let counters = fixture.counters();
    assert_eq!((counters.get, counters.failed, fixture.times_fired(id)), (3, 2, 2));
    let statuses: Vec<_> = fixture.requests().iter().map(|record| record.status).collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(200)]);
}

#[tokio::test]
async fn an_error_answer_carries_its_code_and_nothing_is_done() {
    let (fixture, store) = lake().await;
    fixture.inject(FaultRule::on(RequestKind::Put).fault(Fault::Status {
        code: 400,
        s3_code: "ExpiredToken",
    }));
    let refused = format!("{:?}", store.put(&"o".into(), bytes(300_000).into()).await.unwrap_err());
    assert!(refused.contains("ExpiredToken") && refused.contains("400"), "{refused}");
    assert!(!fixture.bucket_directory(BUCKET).join("o").exists());
    assert_eq!(fixture.counters().body_bytes_received, 300_000);
    fixture.inject(FaultRule::on(RequestKind::Head).fault(Fault::Status {
        code: 403,
        s3_code: "AccessDenied",
    }));
    assert!(matches!(
        store.head(&"o".into()).await,
        Err(Error::PermissionDenied { .. })
    ));
}

#[tokio::test]
async fn a_reset_before_the_headers_gives_nothing() {
    let fixture = faulty(100, Fault::ResetBeforeHeaders).await;
    let got = get_raw(&fixture, "o", "").await;
    assert!(got.is_reset() && got.head.is_empty(), "{got:?}");
    assert_eq!((fixture.counters().get, fixture.counters().body_bytes_sent), (1, 0));
    assert_eq!(fixture.requests()[0].status, None);
}

#[tokio::test]
async fn a_reset_in_mid_body_comes_after_exactly_the_bytes_that_are_counted() {
    for after_bytes in [0, 1, 65_536, 300_000, 4_000_000] {
        let fixture = faulty(5_000_000, Fault::ResetMidBody { after_bytes }).await;
        let got = get_raw(&fixture, "o", "").await;
        assert!(got.is_reset(), "{:?}", got.end);
        assert!(got.head.contains("content-length: 5000000"));
        assert_eq!(got.body.len() as u64, after_bytes);
        assert_eq!(fixture.counters().body_bytes_sent, after_bytes);
    }
}

#[tokio::test]
async fn a_client_resumes_after_a_reset_and_both_sides_count_the_same() {
    let (fixture, _) = lake().await;
    fixture.put(BUCKET, "o", bytes(500_000));
    fixture.inject(
        FaultRule::on(RequestKind::Get)
            .times(1)
            .fault(Fault::ResetMidBody { after_bytes: 123_456 }),
    );
    let got = retrying(&fixture)
        .get(&"o".into())
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(got, bytes(500_000));
    let records = fixture.requests();
    assert_eq!(records[1].range.as_deref(), Some("bytes=123456-499999"));
    assert_eq!(fixture.counters().body_bytes_sent, 500_000);
}

#[tokio::test]
async fn a_truncated_body_is_well_formed() {
    let framing = Framing::Length;
    let fixture = faulty(
        1_000_000,
        Fault::TruncateCleanly {
            after_bytes: 400_000,
            framing,
        },
    )
    .await;
    let got = get_raw(&fixture, "o", "").await;
    assert!(
        got.end.is_ok() && got.head.contains("content-length: 400000"),
        "{}",
        got.head
    );
    assert_eq!(got.body, &bytes(1_000_000)[..400_000]);
    assert_eq!(fixture.counters().body_bytes_sent, 400_000);

    let framing = Framing::Chunked;
    let fixture = faulty(
        1_000_000,
        Fault::TruncateCleanly {
            after_bytes: 1000,
            framing,
        },
    )
    .await;
    let got = get_raw(&fixture, "o", "").await;
    assert!(
        got.head.contains("transfer-encoding: chunked") && !got.head.contains("content-length"),
        "{}",
        got.head
    );
    assert_eq!(got.body, [b"3E8\r\n", &bytes(1000)[..], b"\r\n0\r\n\r\n"].concat());
    assert_eq!(fixture.counters().body_bytes_sent, 1000);
}

#[tokio::test]
async fn extra_bytes_follow_the_body() {
    let fixture = faulty(100, Fault::ExtraBytes { count: 7 }).await;
    let got = get_raw(&fixture, "o", "").await;
    assert!(got.head.contains("content-length: 107"), "{}", got.head);
    assert_eq!(got.body, [bytes(100).as_slice(), b"xxxxxxx"].concat());
    assert_eq!(fixture.counters().body_bytes_sent, 107);
}

#[tokio::test]
async fn a_range_may_be_ignored_or_mistaken() {
    let fixture = faulty(100, Fault::IgnoreRange).await;
    let got = get_raw(&fixture, "o", "range: bytes=10-19\r\n").await;
    assert!(
        got.head.starts_with("http/1.1 200") && !got.head.contains("content-range"),
        "{}",
        got.head
    );
    assert_eq!(got.body, bytes(100));

    let fixture = faulty(100, Fault::WrongContentRange { shift: 5 }).await;
    let got = get_raw(&fixture, "o", "range: bytes=10-19\r\n").await;
    assert!(
        got.head.starts_with("http/1.1 206") && got.head.contains("content-range: bytes 15-24/100"),
        "{}",
        got.head
    );
    assert_eq!(got.body, bytes(100)[15..25]);

    // The header is part of what a client signs: the fault must not break the signature.
    let store = builder(&fixture).build().unwrap();
    let refused = store.get_range(&"o".into(), 10..20).await.unwrap_err().to_string();
    assert!(refused.contains("Requested") || refused.contains("range"), "{refused}");
}

#[tokio::test]
async fn a_stall_ends_when_the_client_gives_up() {
    let fixture = faulty(100_000, Fault::Stall { after_bytes: 60_000 }).await;
    let client = get_raw(&fixture, "o", "");
    let given_up = async {
        until("the bytes before the stall are sent", || {
            fixture.counters().body_bytes_sent == 60_000
        })
        .await;
    };
    tokio::select! {
        got = client => panic!("the client was answered: {got:?}"),
        () = given_up => {}
    }
    until("the stalled request is given up", || {
        fixture.reset();
        fixture.counters().most_in_flight == 0
    })
    .await;
}

#[tokio::test]
async fn a_reply_may_be_lost_after_the_write_or_the_request_before_it() {
    let (fixture, store) = lake().await;
    let dropped = fixture.inject(FaultRule::on(RequestKind::Put).times(1).fault(Fault::DropRequest));
    store.put(&"lost".into(), bytes(400_000).into()).await.unwrap_err();
    assert!(matches!(store.head(&"lost".into()).await, Err(Error::NotFound { .. })));
    assert_eq!(
        (fixture.times_fired(dropped), fixture.counters().body_bytes_received),
        (1, 400_000)
    );
    fixture.inject(
        FaultRule::on(RequestKind::Put)
            .times(1)
            .fault(Fault::ApplyThenDropReply),
    );
    store.put(&"kept".into(), bytes(10).into()).await.unwrap_err();
    assert_eq!(store.head(&"kept".into()).await.unwrap().size, 10);
    let statuses: Vec<_> = fixture.requests().iter().map(|record| record.status).collect();
    assert_eq!(statuses, [None, Some(404), None, Some(200)]);
}

#[tokio::test]
async fn an_error_may_come_with_status_200() {
    let (fixture, store) = lake().await;
    let path = Path::from("m");
    let id = store.create_multipart(&path).await.unwrap();
    let part = store.put_part(&path, &id, 0, "x".into()).await.unwrap();
    let complete = RequestRule::on(RequestKind::Post).query_contains("uploadId=").times(1);
    fixture.inject(complete.fault(Fault::ErrorInOkBody));
    let failed = store.complete_multipart(&path, &id, vec![part.clone()]).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(fixture.open_uploads(BUCKET), ["m"]);
    assert_eq!(fixture.counters().failed, 0);
    store.complete_multipart(&path, &id, vec![part]).await.unwrap();
}

#[tokio::test]
async fn a_rule_means_the_requests_it_names() {
    let (fixture, store) = lake().await;
    for key in ["a/1", "a/2", "b/1"] {
        fixture.put(BUCKET, key, "x");
    }
    let fault = || Fault::Status {
        code: 404,
        s3_code: "NoSuchKey",
    };
    let second_of_a = RequestRule::on(RequestKind::Get).key_contains("a/").skip(1).times(1);
    let id = fixture.inject(second_of_a.fault(fault()));
    let elsewhere = fixture.inject(FaultRule::on(RequestKind::Get).bucket("other").fault(fault()));
    let mut ends = Vec::new();
    for key in ["b/1", "a/1", "b/1", "a/2", "a/2"] {
        ends.push(store.get(&key.into()).await.is_ok());
    }
    assert_eq!(ends, [true, true, true, false, true]);
    assert_eq!((fixture.times_fired(id), fixture.times_fired(elsewhere)), (1, 0));
    let always = fixture.inject(RequestRule::on_any(&RequestKind::ALL).fault(fault()));
    assert!(store.list(None).try_collect::<Vec<_>>().await.is_err());
    fixture.withdraw(always);
    assert!(store.list(None).try_collect::<Vec<_>>().await.is_ok());
}

#[tokio::test]
async fn of_two_faults_for_one_request_the_second_waits() {
    let (fixture, store) = lake().await;
    fixture.put(BUCKET, "o", "x");
    let first = FaultRule::on(RequestKind::Get).times(1).fault(Fault::Status {
        code: 500,
        s3_code: "InternalError",
    });
    let second = FaultRule::on(RequestKind::Get).times(1).fault(Fault::Status {
        code: 503,
        s3_code: "SlowDown",
    });
    let ids = [fixture.inject(first), fixture.inject(second)];
    store.get(&"o".into()).await.unwrap_err();
    assert_eq!(ids.map(|id| fixture.times_fired(id)), [1, 0]);
    store.get(&"o".into()).await.unwrap_err();
    assert_eq!(ids.map(|id| fixture.times_fired(id)), [1, 1]);
    store.get(&"o".into()).await.unwrap();
}

#[tokio::test]
async fn a_store_that_ignores_conditions_lets_every_writer_win_and_reads_any_version() {
    let (fixture, store) = lake().await;
    let fault = || RequestRule::on_any(&[RequestKind::Get, RequestKind::Put]).fault(Fault::IgnoreConditions);
    let path = Path::from("o");
    let create = || store.put_opts(&path, "x".into(), PutMode::Create.into());
    let read = || {
        let if_match = Some("\"another\"".to_owned());
        let options = GetOptions {
            if_match,
            ..GetOptions::default()
        };
        store.get_opts(&path, options)
    };
    create().await.unwrap();
    let id = fixture.inject(fault());
    create().await.unwrap();
    read().await.unwrap();
    fixture.withdraw(id);
    assert!(matches!(create().await, Err(Error::AlreadyExists { .. })));
    assert!(matches!(read().await, Err(Error::Precondition { .. })));
}
