//! TPC-H: the 22 queries at scale 0.1 through Owlet, value by value against an independent engine.

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::path::Path;

use crate::support::{TestEngine, duckdb, tpch};

/// Answers of one query: rows of values as text.
type Rows = Vec<Vec<String>>;

fn rows(batches: &[RecordBatch]) -> Rows {
    let mut rows = Vec::new();
    for batch in batches {
        let options = FormatOptions::default();
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|column| column.value(row).to_string()).collect());
        }
    }
    rows
}

/// The answers of DuckDB over the same files, by query.
fn answers_of_duckdb(data: &Path) -> Vec<Rows> {
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/tpch/queries");
    duckdb::answers("tpch_duckdb.py", [data, &queries])
}

/// Whether two values are the same: as text, or as numbers to the last digit that both have.
///
/// The engines give averages different types (DECIMAL here, DOUBLE there), so that they differ in the number of digits.
fn same(ours: &str, theirs: &str) -> bool {
    if ours == theirs {
        return true;
    }
    let (Ok(a), Ok(b)) = (ours.parse::<f64>(), theirs.parse::<f64>()) else {
        return false;
    };
    let digits = |text: &str| text.split_once('.').map_or(0, |(_, digits)| digits.len().min(12));
    let unit = 10_f64.powi(-i32::try_from(digits(ours).min(digits(theirs))).unwrap());
    (a - b).abs() <= unit.max(a.abs() * 1e-12)
}

#[tokio::test]
async fn the_22_queries_answer_as_duckdb_does_value_by_value() {
    let data = tpch::data();
    let expected = answers_of_duckdb(&data);
    let owlet = TestEngine::local().await;
    for number in 1..=22 {
        let answer = owlet
            .run(&tpch::query(number, &data.display().to_string()))
            .await
            .unwrap();
        let (ours, theirs) = (rows(&answer.batches), &expected[number - 1]);
        assert_eq!(ours.len(), theirs.len(), "rows of query {number}");
        assert!(
            number == 11 || !ours.is_empty(),
            "query {number} proves nothing without rows"
        );
        for (row, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let equal = ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b));
            assert!(equal, "query {number}, row {row}: {ours:?} here, {theirs:?} in DuckDB");
        }
    }
}
