//! Query executions as Arrow: the table `system.query_executions`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;

use super::execution::QueryExecution;
use crate::error::{Error, ErrorCode, Result};

/// How one column is made from the rows.
enum Column {
    Text(fn(&QueryExecution) -> Option<&str>),
    Time(fn(&QueryExecution) -> Option<i64>),
    Count(fn(&QueryExecution) -> u64),
}

/// Name, whether it may be NULL, and where it comes from.
const COLUMNS: &[(&str, bool, Column)] = &[
    ("query_id", false, Column::Text(|e| Some(&e.query_id))),
    ("state", false, Column::Text(|e| Some(e.state.as_str()))),
    ("statement_type", false, Column::Text(|e| Some(&e.statement_type))),
    ("principal", false, Column::Text(|e| Some(&e.principal))),
    ("sql", false, Column::Text(|e| Some(&e.sql))),
    ("submitted_at", false, Column::Time(|e| Some(e.submitted_at))),
    ("started_at", true, Column::Time(|e| e.started_at)),
    ("ended_at", true, Column::Time(|e| e.ended_at)),
    ("rows", false, Column::Count(|e| e.statistics.rows)),
    ("bytes_scanned", false, Column::Count(|e| e.statistics.bytes_scanned)),
    ("bytes_written", false, Column::Count(|e| e.statistics.bytes_written)),
    ("spilled_bytes", false, Column::Count(|e| e.statistics.spilled_bytes)),
    ("requests", false, Column::Count(|e| e.statistics.requests.total())),
    ("get_requests", false, Column::Count(|e| e.statistics.requests.get)),
    ("head_requests", false, Column::Count(|e| e.statistics.requests.head)),
    ("list_requests", false, Column::Count(|e| e.statistics.requests.list)),
    ("put_requests", false, Column::Count(|e| e.statistics.requests.put)),
    ("post_requests", false, Column::Count(|e| e.statistics.requests.post)),
    (
        "delete_requests",
        false,
        Column::Count(|e| e.statistics.requests.delete),
    ),
    ("error_code", true, Column::Text(|e| e.error_code.as_deref())),
    ("error_message", true, Column::Text(|e| e.error_message.as_deref())),
];

impl Column {
    fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Time(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Count(_) => DataType::Int64,
        }
    }

    fn array(&self, executions: &[QueryExecution]) -> ArrayRef {
        let rows = executions.iter();
        match self {
            Self::Text(text) => Arc::new(rows.map(text).collect::<StringArray>()),
            Self::Time(time) => Arc::new(
                rows.map(time)
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
            Self::Count(count) => Arc::new(Int64Array::from_iter_values(rows.map(|row| stored(count(row))))),
        }
    }
}

/// The schema of `system.query_executions`: text as Utf8, counts as Int64, times as microseconds in UTC.
#[must_use]
pub fn schema() -> SchemaRef {
    let field = |(name, nullable, column): &(&str, bool, Column)| Field::new(*name, column.data_type(), *nullable);
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

/// `executions` in the columns of [`schema`], in their order.
///
/// # Errors
/// `INTERNAL`, if Arrow refuses the columns.
pub fn record_batch(executions: &[QueryExecution]) -> Result<RecordBatch> {
    let arrays = COLUMNS.iter().map(|(_, _, column)| column.array(executions)).collect();
    RecordBatch::try_new(schema(), arrays).map_err(|error| {
        Error::new(ErrorCode::Internal, "cannot show the query executions as a table").caused_by(error)
    })
}

/// A count as the signed number that databases and Arrow hold. No count comes near the limit.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
