//! JSON in place.

use owlet_engine::ErrorCode;

use super::{put, refused};
use crate::support::TestEngine;

#[tokio::test]
async fn nested_values_are_structures_and_lists() {
    let owlet = TestEngine::local().await;
    let text = "{\"id\":1,\"user\":{\"name\":\"ä\",\"tags\":[\"x\",\"y\"]},\"at\":\"2024-01-02T10:00:00Z\"}\n\
                {\"ID\":2,\"user\":{\"tags\":[],\"age\":7}}\n\
                {\"id\":3,\"user\":null}\n";
    put(owlet.directory.path(), "t.json", text);
    assert_eq!(
        owlet
            .value("SELECT user['name'] FROM 't.json' WHERE user['name'] IS NOT NULL")
            .await,
        "ä"
    );
    assert_eq!(owlet.value("SELECT sum(user['age']) FROM 't.json'").await, "7");
    assert_eq!(
        owlet
            .value("SELECT user['tags'][2] FROM 't.json' WHERE at IS NOT NULL")
            .await,
        "y"
    );
    assert_eq!(owlet.value("SELECT count(user) FROM 't.json'").await, "2");
    assert_eq!(
        owlet
            .value("SELECT count(*) FROM 't.json' WHERE at < TIMESTAMP '2024-01-03 00:00:00'")
            .await,
        "1"
    );
}

#[tokio::test]
async fn numbers_keep_their_digits() {
    let owlet = TestEngine::local().await;
    put(
        owlet.directory.path(),
        "t.json",
        "{\"big\":12345678901234567890,\"long\":9223372036854775807,\"id\":\"007\",\"f\":0.1}\n{\"big\":1,\"long\":1,\"id\":\"8\",\"f\":2}\n",
    );
    let shown = owlet.table("SELECT * FROM 't.json' ORDER BY long DESC LIMIT 1").await;
    assert!(
        shown.contains("| 12345678901234567890 | 9223372036854775807 | 007 | 0.1 |"),
        "{shown}"
    );
}

#[tokio::test]
async fn arrays_and_lines_are_told_apart_by_the_first_byte() {
    let owlet = TestEngine::local().await;
    for text in [
        " \n[ {\"n\":1}, {\"n\":2} ]\n",
        "{\"n\":1}\n\n{\"n\":2}",
        "{\"n\":\n1} {\"n\":2}",
        "\u{feff}{\"n\":1}\r\n{\"n\":2}\r\n",
    ] {
        put(owlet.directory.path(), "t.json", text);
        assert_eq!(owlet.value("SELECT sum(n) FROM 't.json'").await, "3", "{text:?}");
    }
}

#[tokio::test]
async fn what_is_no_record_names_file_and_line() {
    let owlet = TestEngine::open(&[("OWLET_FORMATS_RECORD_LIMIT_BYTES", "1000")]).await;
    for (text, parts) in [
        ("{\"n\":1}\n{\"n\":}\n", ["line 2", "not JSON"]),
        ("{\"n\":1}\n{\"n\":2", ["line 2", "no end"]),
        ("{\"n\":1}\nx\n", ["line 2", "no object"]),
        ("[{\"n\":1}", ["line 1", "no end"]),
        ("{\"n\":1}\n{\"n\":\"x\"}\n", ["\"n\"", "VARCHAR"]),
        ("{\"n\":1,\"n\":2}\n", ["line 1", "twice"]),
        (
            &format!("{{\"n\":\"{}\"}}", "x".repeat(2_000)),
            ["line 1", "record_limit_bytes"],
        ),
        ("[]", ["t.json", "declare them"]),
    ] {
        put(owlet.directory.path(), "t.json", text);
        let parts = [&parts[..], &["t.json"]].concat();
        refused(&owlet, "SELECT * FROM 't.json'", ErrorCode::BadData, &parts).await;
    }
}

#[tokio::test]
async fn a_value_or_member_beyond_the_sample_is_an_error_if_it_does_not_fit() {
    let owlet = TestEngine::open(&[("OWLET_FORMATS_INFERENCE_RECORDS", "10")]).await;
    let text = "{\"n\":1}\n".repeat(2_000);
    for (last, part) in [
        ("{\"n\":\"2\"}", "a string is there"),
        ("{\"n\":1.5}", "\"1.5\""),
        ("{\"m\":1}", "member \"m\""),
        ("{\"n\":[1]}", "an array is there"),
    ] {
        put(owlet.directory.path(), "t.json", format!("{text}{last}"));
        refused(
            &owlet,
            "SELECT sum(n) FROM 't.json'",
            ErrorCode::BadData,
            &["t.json\", line 2001", part],
        )
        .await;
    }
}

#[tokio::test]
async fn what_would_not_come_back_is_refused_when_it_is_written() {
    let owlet = TestEngine::local().await;
    for (value, part) in [
        ("x'aa00'", "encode("),
        ("TIME '10:00:00'", "text"),
        ("named_struct('t', TIME '10:00:00')", "text"),
        ("make_array(x'aa00')", "encode("),
    ] {
        let sql = format!("CREATE TABLE t WITH (format = 'JSON') AS SELECT 1 AS i, {value} AS b");
        refused(&owlet, &sql, ErrorCode::NotSupported, &["\"b\"", part]).await;
    }
}

#[tokio::test]
async fn names_that_differ_in_case_are_one_column_unless_a_record_has_both() {
    let owlet = TestEngine::local().await;
    let here = owlet.directory.path();
    put(here, "one.json", "{\"Id\":1}\n{\"ID\":2}\n{\"id\":3}\n");
    assert_eq!(owlet.value("SELECT sum(id) FROM 'one.json'").await, "6");
    let nested = "{\"u\":{\"Key\":1}}\n{\"U\":{\"KEY\":2,\"É\":3}}\n{\"u\":{\"é\":4}}\n";
    put(here, "nested.json", nested);
    assert_eq!(
        owlet
            .value("SELECT sum(u['key']) + sum(u['é']) FROM 'nested.json'")
            .await,
        "10"
    );
    put(here, "both.json", "{\"Id\":1}\n{\"ID\":2,\"Id\":3}\n");
    assert_eq!(owlet.value("SELECT sum(\"Id\") FROM 'both.json'").await, "4");
    assert_eq!(owlet.value("SELECT sum(\"ID\") FROM 'both.json'").await, "2");
    put(here, "inside.json", "{\"u\":{\"k\":1}}\n{\"u\":{\"k\":2,\"K\":3}}\n");
    let sql = "SELECT * FROM 'inside.json'";
    refused(&owlet, sql, ErrorCode::BadData, &["\"u\"", "case alone"]).await;
}
