//! Outer joins that lose rows or values, and an operator that swallows what follows it.

use super::{bare, our_rows, rows_in};
use crate::support::{TestEngine, parquet_bytes};
use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use datafusion::prelude::ParquetReadOptions;
use owlet_engine::ErrorCode;
use std::sync::Arc;

/// The keys are of two types, so that one is cast below the join; both sides have a column `id`.
const LEFT_MISSING: &str = "
    SELECT l.id, r.id AS rid FROM 'l.parquet' l RIGHT JOIN 'r.parquet' r ON l.k = r.k WHERE l.id IS NULL";

#[tokio::test]
async fn a_filter_on_one_side_of_a_join_is_not_given_to_the_other() {
    let owlet = TestEngine::local().await;
    let context = bare();
    let left: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(Int32Array::from(vec![1]))),
        ("k", Arc::new(Int32Array::from(vec![1]))),
    ];
    let right: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(Int32Array::from(vec![1, 2]))),
        ("k", Arc::new(Int64Array::from(vec![1, 2]))),
    ];
    for (name, columns) in [("l.parquet", left), ("r.parquet", right)] {
        let path = owlet.directory.path().join(name);
        std::fs::write(&path, parquet_bytes(&[RecordBatch::try_from_iter(columns).unwrap()])).unwrap();
        let (table, path) = (format!("\"{name}\""), path.to_str().unwrap());
        let options = ParquetReadOptions::default();
        context.register_parquet(table, path, options).await.unwrap();
    }
    let bare_rows = rows_in(&context, LEFT_MISSING).await.unwrap();
    assert_eq!(bare_rows, "", "the bare engine keeps the row now");
    assert_eq!(our_rows(&owlet, LEFT_MISSING).await.unwrap(), "null,2");
    // What the filter is meant for still skips row groups.
    let plan = owlet
        .run("EXPLAIN SELECT id FROM 'r.parquet' WHERE id > 5")
        .await
        .unwrap();
    assert!(
        plan.table().contains("pruning_predicate=id_null_count"),
        "{}",
        plan.table()
    );
}

#[tokio::test]
async fn the_common_column_of_an_outer_join_is_not_the_left_ones() {
    let owlet = TestEngine::local().await;
    let join = |kind: &str| {
        format!(
            "SELECT k, a.x, b.y FROM (VALUES (1, 10)) a(k, x) {kind} JOIN (VALUES (1, 20), (2, 30)) b(k, y) USING (k) ORDER BY b.y"
        )
    };
    for kind in ["RIGHT", "RIGHT OUTER", "FULL", "FULL OUTER"] {
        let bare_rows = rows_in(&bare(), &join(kind)).await.unwrap();
        assert_eq!(
            bare_rows, "1,10,20; null,null,30",
            "the bare engine has the right one's value now"
        );
        let error = owlet.run(&join(kind)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotSupported);
        assert!(error.to_string().contains("coalesce(a.k, b.k)"), "{error}");
    }
    assert_eq!(our_rows(&owlet, &join("LEFT")).await.unwrap(), "1,10,20");
    assert_eq!(our_rows(&owlet, &join("INNER")).await.unwrap(), "1,10,20");
}

#[tokio::test]
async fn distinct_from_ends_before_and_and_or() {
    let owlet = TestEngine::local().await;
    for (expression, wrong, right) in [
        ("false IS NOT DISTINCT FROM true AND false", "true", "false"),
        ("true IS DISTINCT FROM true OR true", "false", "true"),
        ("true OR true IS DISTINCT FROM true AND false", "true", "true"),
        ("false AND true IS NOT DISTINCT FROM true OR true", "false", "true"),
        ("NOT 1 IS DISTINCT FROM 1 + 1 AND true", "false", "false"),
    ] {
        let query = format!("SELECT {expression} AS answer");
        let bare_rows = rows_in(&bare(), &query).await;
        assert_eq!(bare_rows.unwrap_or_else(|_| "false".to_owned()), wrong, "{expression}");
        assert_eq!(our_rows(&owlet, &query).await.unwrap(), right, "{expression}");
    }
}
