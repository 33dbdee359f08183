//! A join hands a filter on its keys down by the name of the column, and drops the rows of another one of that name (H3).

use super::{bare, our_rows, rows_in};
use crate::support::{TestEngine, parquet_bytes};
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::prelude::ParquetReadOptions;
use std::sync::Arc;

fn file(columns: &[(&str, &str)]) -> Vec<u8> {
    let column = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let columns = columns.iter().map(|(name, value)| (*name, column(value), true));
    parquet_bytes(&[RecordBatch::try_from_iter_with_nullable(columns).unwrap()])
}

/// apache/datafusion#25264: one row of `b` matches.
const QUERY: &str = "
    SELECT s.id, a.id, b.id
    FROM 'b.parquet' s
    JOIN (SELECT a.id, b.id FROM 'a.parquet' a LEFT JOIN 'b.parquet' b ON a.ty = b.id GROUP BY a.id, b.id)
    ON s.id = b.id";

#[tokio::test]
async fn a_row_that_matches_is_lost_in_the_bare_engine_and_kept_here() {
    let owlet = TestEngine::local().await;
    let context = bare();
    for (name, columns) in [
        ("a.parquet", [("id", "a1"), ("ty", "x1")].as_slice()),
        ("b.parquet", &[("id", "x1")]),
    ] {
        let path = owlet.directory.path().join(name);
        std::fs::write(&path, file(columns)).unwrap();
        context
            .register_parquet(
                format!("\"{name}\""),
                path.to_str().unwrap(),
                ParquetReadOptions::default(),
            )
            .await
            .unwrap();
    }
    assert_eq!(
        rows_in(&context, QUERY).await.unwrap(),
        "",
        "the bare engine keeps the row now"
    );
    assert_eq!(our_rows(&owlet, QUERY).await.unwrap(), "x1,a1,x1");
}
