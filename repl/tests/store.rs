//! Queries of Parquet in an S3-compatible store, and what they cost.

use owlet_s3_fixture::{Fault, RequestKind, RequestRule, S3Fixture};

use crate::shell::{Ended, Shell};

fn shell(store: &S3Fixture) -> Shell {
    let shell = Shell::with_variables(store.environment());
    shell.write_people("people.parquet");
    store.put(
        "bucket",
        "people/part-1.parquet",
        std::fs::read(shell.path("people.parquet")).unwrap(),
    );
    store.put(
        "bucket",
        "people/part-2.parquet",
        std::fs::read(shell.path("people.parquet")).unwrap(),
    );
    shell
}

#[test]
fn the_answer_is_right_and_the_footer_counts_what_the_server_counted() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    let shell = shell(&store);
    store.reset();
    let query = "select name, count(*) as n from 's3://bucket/people/*.parquet' group by name order by name";
    let ended = shell.run(&["--format", "csv", "-c", query]);
    assert_eq!(ended.succeeded(), "name,n\nAda,2\n\"Zoë, \"\"Z\"\"\",2\n,2\n");
    let counted = store.requests().len();
    assert!(counted > 2, "the store was asked {counted} times");
    assert!(
        ended.stderr.contains(&format!(" {counted} requests (")),
        "{counted}: {}",
        ended.stderr
    );
}

#[test]
fn a_store_that_refuses_our_keys_is_an_error_that_another_try_does_not_mend() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    let shell = shell(&store);
    let mut command = shell.command(&["-c", "select * from 's3://bucket/people/part-1.parquet'"]);
    let secret = "a-wrong-secret-key-000000000000000000001";
    let ended = Ended::from(command.env("AWS_SECRET_ACCESS_KEY", secret).output().unwrap());
    let error = ended.failed(1);
    assert!(error.contains("STORAGE_DENIED"), "{error}");
    assert!(error.ends_with("^\n") && !error.contains(secret), "{error}");
}

#[test]
fn a_store_that_is_overloaded_is_worth_another_try() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    let shell = shell(&store);
    let overloaded = Fault::Status {
        code: 503,
        s3_code: "SlowDown",
    };
    let rule = RequestRule::on_any(&[RequestKind::Get, RequestKind::Head, RequestKind::List]);
    let rule = store.inject(rule.fault(overloaded));
    let query = [
        "--format",
        "csv",
        "-c",
        "select count(*) as n from 's3://bucket/people/*.parquet'",
    ];
    let mut command = shell.command(&query);
    let ended = Ended::from(command.env("OWLET_STORAGE_MAX_RETRIES", "0").output().unwrap());
    assert!(ended.failed(4).contains("STORAGE_UNAVAILABLE"), "{}", ended.stderr);
    store.withdraw(rule);
    assert_eq!(shell.run(&query).succeeded(), "n\n6\n");
}
