//! CSV and JSON value by value against an independent engine.

use std::fmt::Write;
use std::path::Path;

use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{gzip, put, zstd};
use crate::support::TestEngine;

/// The files that both engines read, and the order in which rows are compared.
fn files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut wide = "id,name,price,day,at,ok\n".to_owned();
    let mut lines = String::new();
    for id in 0..5_000 {
        let name = match id % 4 {
            0 => String::new(),
            1 => format!("\"quoted, {id}\""),
            2 => format!("\"two\nlines {id}\""),
            _ => format!("plain {id}"),
        };
        let (price, day, hour) = (f64::from(id) / 8.0, id % 28 + 1, id % 24);
        let at = format!("2024-02-{day:02} {hour:02}:00:00");
        writeln!(wide, "{id},{name},{price},2024-02-{day:02},{at},{}", id % 3 == 0).unwrap();
        let tags = format!("{{\"a\":{hour},\"b\":null}}");
        writeln!(
            lines,
            "{{\"id\":{id},\"price\":{price},\"day\":\"2024-02-{day:02}\",\"tags\":{tags}}}"
        )
        .unwrap();
    }
    vec![
        ("wide.csv", wide.clone().into_bytes(), "id"),
        ("packed.csv.gz", gzip(wide.as_bytes()), "id"),
        ("packed.csv.zst", zstd(wide.as_bytes()), "id"),
        ("tabs.tsv", b"k\tv\n1\ta b\n2\t\n3\t\"x\ty\"\n".to_vec(), "k"),
        ("zeros.csv", b"zip,n\n00501,1\n10001,2\n".to_vec(), "n"),
        ("lines.json", lines.into_bytes(), "id"),
        (
            "array.json",
            b"[{\"a\":1,\"b\":\"x\"},{\"b\":null,\"a\":2.5}]".to_vec(),
            "a",
        ),
    ]
}

fn answers_of_duckdb(directory: &Path) -> Vec<Vec<Vec<String>>> {
    let arguments = files()
        .into_iter()
        .flat_map(|(name, _, order)| [directory.join(name), order.into()]);
    crate::support::duckdb::answers("formats/duckdb_rows.py", arguments)
}

#[tokio::test]
async fn rows_are_those_of_duckdb() {
    let owlet = TestEngine::local().await;
    for (name, bytes, _) in files() {
        put(owlet.directory.path(), name, bytes);
    }
    let expected = answers_of_duckdb(owlet.directory.path());
    for ((name, _, order), theirs) in files().iter().zip(expected) {
        let answer = owlet
            .run(&format!("SELECT * FROM '{name}' ORDER BY {order}"))
            .await
            .unwrap();
        let options = FormatOptions::default().with_null("None");
        let mut ours: Vec<Vec<String>> = Vec::new();
        for batch in &answer.batches {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
                .collect();
            ours.extend(
                (0..batch.num_rows()).map(|row| columns.iter().map(|column| column.value(row).to_string()).collect()),
            );
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (row, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert_eq!(ours, theirs, "{name}, row {row}");
        }
    }
}
