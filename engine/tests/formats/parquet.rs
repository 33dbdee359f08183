//! What Parquet files hold that the library below reads otherwise.

use arrow::array::{ArrayRef, Int64Array, IntervalDayTimeArray, StructArray};
use arrow::datatypes::{DataType, Field, IntervalDayTime, IntervalUnit};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions;
use owlet_engine::ErrorCode;
use std::sync::Arc;

use super::{batch, column, put, refused};
use crate::support::TestEngine;

/// A file with an interval on its own and one inside a structure; `with_units` says which parts of it count, as Arrow does and
/// DuckDB does not.
fn intervals(with_units: bool) -> Vec<u8> {
    let iv = column(IntervalDayTimeArray::from(vec![IntervalDayTime::new(2, 3_000)]));
    let field = Field::new("iv", DataType::Interval(IntervalUnit::DayTime), true);
    let inside = StructArray::from(vec![(Arc::new(field), Arc::clone(&iv))]);
    let rows = batch(&[
        ("id", column(Int64Array::from(vec![7]))),
        ("Iv", iv),
        ("deep", Arc::new(inside) as ArrayRef),
    ]);
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(!with_units);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), rows.schema(), options).unwrap();
    writer.write(&rows).unwrap();
    writer.into_inner().unwrap()
}

#[tokio::test]
async fn an_interval_whose_months_would_be_lost_is_refused_where_it_is_read() {
    let owlet = TestEngine::local().await;
    put(owlet.directory.path(), "t.parquet", intervals(false));
    for (what, column) in [
        ("iv", "\"iv\""),
        ("*", "\"iv\""),
        ("deep['iv']", "\"deep\""),
        ("id FROM 't.parquet' WHERE iv > INTERVAL '1 day' --", "\"iv\""),
    ] {
        let sql = format!("SELECT {what} FROM 't.parquet'");
        refused(
            &owlet,
            &sql.replace(" -- FROM 't.parquet'", ""),
            ErrorCode::NotSupported,
            &["t.parquet\"", column],
        )
        .await;
    }
    assert_eq!(owlet.value("SELECT id FROM 't.parquet' WHERE id > 1").await, "7");
    assert_eq!(owlet.value("SELECT count(*) FROM 't.parquet'").await, "1");
}

#[tokio::test]
async fn an_interval_that_is_known_to_have_no_months_is_read() {
    let owlet = TestEngine::local().await;
    put(owlet.directory.path(), "t.parquet", intervals(true));
    assert_eq!(owlet.value("SELECT iv FROM 't.parquet'").await, "2 days 3.000 secs");
}
