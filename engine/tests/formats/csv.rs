//! CSV in place.

use owlet_engine::ErrorCode;
use std::fmt::Write;

use super::{gzip, put, refused, zstd};
use crate::support::TestEngine;

/// The rows of a file with that text, as `a|b` lines.
async fn rows(owlet: &TestEngine, text: &str) -> String {
    put(owlet.directory.path(), "t.csv", text);
    owlet.table("SELECT * FROM 't.csv'").await
}

#[tokio::test]
async fn values_are_never_changed_by_the_type_that_is_found() {
    let owlet = TestEngine::local().await;
    let text = "zip,phone,big,mixed,day,at,ok,small\n\
                00501,+49123,12345678901234567890,9007199254740993,2024-02-29,2024-02-29 10:00:00.5,true,1.5\n\
                10001,+1,1,1.5,2024-03-01,2024-03-01T00:00:00,FALSE,2\n";
    let shown = rows(&owlet, text).await;
    for part in [
        "00501",
        "+49123",
        "12345678901234567890",
        "9007199254740993",
        "2024-02-29",
        "false",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    let types = owlet
        .table("SELECT arrow_typeof(zip) AS a, arrow_typeof(big) AS b, arrow_typeof(day) AS c, arrow_typeof(small) AS d, arrow_typeof(ok) AS e FROM 't.csv' LIMIT 1")
        .await;
    assert!(
        types.contains("| Utf8View | Utf8View | Date32 | Float64 | Boolean |"),
        "{types}"
    );
}

#[tokio::test]
async fn quotes_breaks_marks_and_blank_lines_are_read_as_they_are_meant() {
    let owlet = TestEngine::local().await;
    let text = "\u{feff}a,b\r\n\"x\r\ny\",1\r\n\r\n\"\",2\r\n,3\r\n";
    put(owlet.directory.path(), "t.csv", text);
    assert_eq!(owlet.value("SELECT count(*) FROM 't.csv'").await, "3");
    assert_eq!(owlet.value("SELECT a FROM 't.csv' WHERE b = 1").await, "x\r\ny");
    assert_eq!(
        owlet.value("SELECT count(a) FROM 't.csv'").await,
        "2",
        "an empty quoted value is not NULL"
    );
    put(owlet.directory.path(), "t.csv", "a\nx\n\ny\n");
    assert_eq!(
        owlet.value("SELECT count(*) FROM 't.csv'").await,
        "3",
        "a blank line of one column is NULL"
    );
}

#[tokio::test]
async fn quoted_breaks_survive_many_threads() {
    let owlet = TestEngine::local().await;
    let mut text = "id,note\n".to_owned();
    for id in 0..60_000 {
        writeln!(text, "{id},\"line one\nline two, {id}\"").unwrap();
    }
    put(owlet.directory.path(), "t.csv", &text);
    let shown = owlet
        .table("SELECT count(*) AS n, sum(id) AS ids, count(DISTINCT note) AS notes FROM 't.csv'")
        .await;
    assert!(shown.contains("| 60000 | 1799970000 | 60000 |"), "{shown}");
}

#[tokio::test]
async fn a_file_without_header_has_numbered_columns_and_loses_no_row() {
    let owlet = TestEngine::local().await;
    put(owlet.directory.path(), "t.csv", "1,x\n2,y\n");
    assert_eq!(owlet.value("SELECT sum(column0) FROM 't.csv'").await, "3");
    put(owlet.directory.path(), "d/a.csv", "id,name\n1,x\n");
    put(owlet.directory.path(), "d/b.csv", "2,y\n");
    refused(
        &owlet,
        "SELECT * FROM 'd/'",
        ErrorCode::BadData,
        &["a.csv", "b.csv", "names of its columns"],
    )
    .await;
}

#[tokio::test]
async fn what_is_malformed_names_file_and_line() {
    let owlet = TestEngine::open(&[("OWLET_FORMATS_RECORD_LIMIT_BYTES", "1000")]).await;
    for (text, parts) in [
        ("a,b\n1,2\n3\n", ["t.csv\", line 3", "1 fields"]),
        ("a,b\n1,2\n3,4,5\n", ["t.csv\", line 3", "3 fields"]),
        ("a,b\n1,\"x\n\n", ["t.csv\", line 2", "no end"]),
        (
            "a,b\n\"x\"y,1\n",
            ["t.csv\", line 2", "behind the end of a quoted value"],
        ),
        (
            &format!("a\n{}\n", "x".repeat(2_000)),
            ["t.csv\", line 2", "record_limit_bytes"],
        ),
        ("a,a\n1,2\n", ["t.csv", "two columns named"]),
    ] {
        put(owlet.directory.path(), "t.csv", text);
        refused(&owlet, "SELECT * FROM 't.csv'", ErrorCode::BadData, &parts).await;
    }
    put(owlet.directory.path(), "t.csv", b"a,b\n1,\xff\xfe\n");
    refused(
        &owlet,
        "SELECT b FROM 't.csv'",
        ErrorCode::BadData,
        &["line 2", "not UTF-8"],
    )
    .await;
}

#[tokio::test]
async fn a_value_beyond_the_sample_that_contradicts_it_is_an_error() {
    let owlet = TestEngine::open(&[("OWLET_FORMATS_INFERENCE_RECORDS", "10")]).await;
    let mut text = "id,n\n".to_owned();
    for id in 0..2_000 {
        writeln!(text, "{id},1").unwrap();
    }
    for (last, part) in [("2000,x", "\"x\""), ("2000,007", "\"007\""), ("2000,1.5", "\"1.5\"")] {
        put(owlet.directory.path(), "t.csv", format!("{text}{last}\n"));
        let sql = "SELECT sum(n) FROM 't.csv'";
        refused(
            &owlet,
            sql,
            ErrorCode::BadData,
            &["t.csv\", line 2002", "column \"n\"", part, "VARCHAR"],
        )
        .await;
    }
    put(owlet.directory.path(), "t.csv", &text);
    assert_eq!(owlet.value("SELECT sum(n) FROM 't.csv'").await, "2000");
}

#[tokio::test]
async fn a_file_beyond_the_sample_with_another_column_is_an_error() {
    let owlet = TestEngine::open(&[("OWLET_FORMATS_INFERENCE_FILES", "2")]).await;
    for name in ["a", "b", "c"] {
        put(owlet.directory.path(), &format!("t/{name}.csv"), "x,y\n1,2\n");
    }
    assert_eq!(owlet.value("SELECT count(*) FROM 't/'").await, "3");
    put(owlet.directory.path(), "t/b.csv", "x,z\n1,2\n");
    refused(
        &owlet,
        "SELECT count(*) FROM 't/'",
        ErrorCode::BadData,
        &["b.csv", "\"z\""],
    )
    .await;
}

#[tokio::test]
async fn every_member_and_frame_of_a_compressed_file_is_read_and_bombs_are_not() {
    let owlet = TestEngine::open(&[
        ("OWLET_FORMATS_EXPANSION_LIMIT_TIMES", "20"),
        ("OWLET_FORMATS_EXPANSION_FLOOR_BYTES", "100000"),
    ])
    .await;
    let here = owlet.directory.path();
    let (first, second) = (b"n\n1\n", b"2\n");
    put(here, "t.csv.gz", [gzip(first), gzip(second)].concat());
    put(here, "t.csv.zst", [zstd(first), zstd(second)].concat());
    assert_eq!(owlet.value("SELECT sum(n) FROM 't.csv.gz'").await, "3");
    assert_eq!(owlet.value("SELECT sum(n) FROM 't.csv.zst'").await, "3");
    let bomb = format!("n\n{}", "1\n".repeat(5_000_000));
    for (name, bytes) in [
        ("bomb.csv.gz", gzip(bomb.as_bytes())),
        ("bomb.csv.zst", zstd(bomb.as_bytes())),
    ] {
        put(here, name, bytes);
        refused(
            &owlet,
            &format!("SELECT count(*) FROM '{name}'"),
            ErrorCode::BadData,
            &[name, "expansion_limit_times"],
        )
        .await;
    }
    put(here, "lie.csv.gz", "n\n1\n");
    refused(
        &owlet,
        "SELECT * FROM 'lie.csv.gz'",
        ErrorCode::BadData,
        &["lie.csv.gz", "decompressed"],
    )
    .await;
}

#[tokio::test]
async fn text_in_another_encoding_is_named() {
    let owlet = TestEngine::local().await;
    let text = "a,b\n1,x\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (mark, bytes) in [([0xff, 0xfe], little), ([0xfe, 0xff], big)] {
        for name in ["t.csv", "t.tsv", "t.json"] {
            put(owlet.directory.path(), name, [&mark[..], &bytes].concat());
            let sql = format!("SELECT * FROM '{name}'");
            refused(&owlet, &sql, ErrorCode::BadData, &[name, "UTF-16"]).await;
        }
    }
}
