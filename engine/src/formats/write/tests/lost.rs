//! Answers that get lost: the statement neither fails for it nor writes anything twice.

use super::*;
use owlet_s3_fixture::{Fault, RequestKind, RequestRule};

/// Writes two files, one in parts, while `fault` strikes the requests that `rule` means, and expects them to be there.
async fn check(rule: RequestRule, fault: Fault, format: &str, count: i64) {
    let bench = Bench::bucket();
    let id = bench.fixture().inject(rule.fault(fault.clone()));
    let mut written = written(&bench.target(format), Files::One, mebibytes(count)).await;
    written.keep();
    assert!(bench.fixture().times_fired(id) > 0, "{fault:?} struck nothing");
    let mut objects = bench.names();
    let uploads = bench.fixture().open_uploads("data");
    objects.retain(|name| !uploads.contains(name));
    assert_eq!(objects, [format!("t/q1-00000.{format}")]);
    let file = bench.fixture().bucket_directory("data").join(&objects[0]);
    assert_eq!(std::fs::metadata(file).unwrap().len(), written.bytes);
    bench.assert_counted();
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_is_repeated() {
    check(
        RequestRule::on(RequestKind::Put).times(1),
        Fault::ApplyThenDropReply,
        "parquet",
        1,
    )
    .await;
    let busy = Fault::Status {
        code: 503,
        s3_code: "SlowDown",
    };
    check(RequestRule::on(RequestKind::Put).times(1), busy, "parquet", 1).await;
}

/// Every answer to the PUT is lost, so that only the question whether it is there tells.
#[tokio::test]
async fn a_put_whose_answers_are_all_lost_is_looked_for() {
    check(
        RequestRule::on(RequestKind::Put),
        Fault::ApplyThenDropReply,
        "parquet",
        1,
    )
    .await;
}

#[tokio::test]
async fn an_upload_whose_parts_or_end_lose_their_answers_is_whole_once() {
    let part = RequestRule::on(RequestKind::Put)
        .query_contains("partNumber=2")
        .times(1);
    check(part, Fault::ApplyThenDropReply, "arrow", 12).await;
    let end = || RequestRule::on(RequestKind::Post).query_contains("uploadId");
    // Sent again, the end of an upload that has ended is an error.
    check(end().times(1), Fault::ApplyThenDropReply, "arrow", 12).await;
    check(end(), Fault::ApplyThenDropReply, "arrow", 12).await;
    check(end().times(1), Fault::ErrorInOkBody, "arrow", 12).await;
}

#[tokio::test]
async fn a_file_that_may_be_there_after_all_is_said_to_be() {
    let bench = Bench::bucket();
    for kind in [
        RequestKind::Put,
        RequestKind::Head,
        RequestKind::Post,
        RequestKind::Delete,
    ] {
        bench
            .fixture()
            .inject(RequestRule::on(kind).fault(Fault::ResetBeforeHeaders));
    }
    let target = bench.target("parquet");
    let failure = write(&target, Files::One, mebibytes(1), &unbounded(), &small()).await;
    let message = failure.unwrap_err().to_string();
    assert!(message.contains("it is not known whether"), "{message}");
}
