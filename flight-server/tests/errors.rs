//! Errors: a code that drivers know, and a text that fits their headers.

use tonic::Code;

use crate::support::Served;

#[tokio::test]
async fn an_error_has_its_code_its_position_and_the_id_of_its_query() {
    let served = Served::start().await;
    let mut client = served.client().await;
    let check = async |client: &mut crate::support::Client, sql: &str, code: Code, parts: &[&str]| {
        let status = client.query(sql).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        for part in parts {
            assert!(status.message().contains(part), "{part}: {status}");
        }
    };
    check(
        &mut client,
        "SELEC 1",
        Code::InvalidArgument,
        &["SYNTAX_ERROR: ", "(line 1, column 1)"],
    )
    .await;
    check(
        &mut client,
        "SELECT * FROM nowhere",
        Code::NotFound,
        &["TABLE_NOT_FOUND: ", "nowhere\"", "(line 1, column 15) ["],
    )
    .await;
    check(
        &mut client,
        "SELECT x FROM (VALUES (1)) t(a)",
        Code::NotFound,
        &["COLUMN_NOT_FOUND: "],
    )
    .await;
    check(
        &mut client,
        "DROP DATABASE nowhere",
        Code::NotFound,
        &["DATABASE_NOT_FOUND: "],
    )
    .await;
    check(
        &mut client,
        "CREATE DATABASE default",
        Code::AlreadyExists,
        &["ALREADY_EXISTS: "],
    )
    .await;
    check(&mut client, "DELETE FROM t", Code::Unimplemented, &["NOT_SUPPORTED: "]).await;
    check(
        &mut client,
        "SELECT * FROM '/etc/passwd'",
        Code::PermissionDenied,
        &["PERMISSION_DENIED: "],
    )
    .await;
    // What is found while it runs has the id, too.
    let status = client
        .query("SELECT 1 / (value - value) FROM range(1, 3)")
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let (_, rest) = status.message().rsplit_once('[').unwrap();
    let recorded = format!(
        "SELECT count(*) FROM system.query_executions WHERE state = 'FAILED' AND query_id = '{}'",
        rest.trim_end_matches(']')
    );
    assert_eq!(served.count(&recorded).await, 1);
}

/// Clients refuse headers over 8 KB, and most signs of a text take three bytes in one.
#[tokio::test]
async fn a_long_error_is_cut_and_keeps_its_code() {
    let served = Served::start().await;
    let mut client = served.client().await;
    for letter in ["x", "\u{e9}", "%"] {
        let sql = format!("SELECT \"{}\" FROM (VALUES (1)) t(a)", letter.repeat(20_000));
        let status = client.query(&sql).await.unwrap_err();
        assert!(status.message().starts_with("COLUMN_NOT_FOUND: "), "{letter}");
        let sent = status.into_http::<()>().headers()["grpc-message"].len();
        assert!((2000..=4096).contains(&sent), "{letter}: {sent}");
    }
}
