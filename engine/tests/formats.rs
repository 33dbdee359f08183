//! Formats of files in place: what every format does alike, and what each does on its own.

mod contract;
mod csv;
mod declared;
mod duckdb;
mod json;
mod parquet;
mod paths;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use owlet_engine::{Error, ErrorCode};

use crate::support::TestEngine;

pub fn put(directory: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub fn column<A: arrow::array::Array + 'static>(array: A) -> ArrayRef {
    Arc::new(array)
}

pub fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    let columns = columns.iter().map(|(name, column)| (*name, Arc::clone(column), true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// Three rows of `id`, `name` and `price`.
pub fn three_rows() -> RecordBatch {
    batch(&[
        ("id", column(Int64Array::from(vec![1, 2, 3]))),
        (
            "name",
            column(StringArray::from(vec![Some("owl"), None, Some("a, \"b\"\nc")])),
        ),
        ("price", column(Float64Array::from(vec![1.5, 2.25, -3.0]))),
    ])
}

/// The error of `sql`, which has `code` and all of `parts` in its message.
pub async fn refused(owlet: &TestEngine, sql: &str, code: ErrorCode, parts: &[&str]) -> Error {
    let error = match owlet.run(sql).await {
        Err(error) => error,
        Ok(answer) => panic!("{sql} answers {}", answer.table()),
    };
    assert_eq!(error.code(), code, "{sql}: {error}");
    for part in parts {
        assert!(error.message().contains(part), "{sql}: {error} has no {part}");
    }
    error
}
