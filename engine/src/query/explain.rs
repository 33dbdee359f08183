//! What EXPLAIN adds to a plan: what the statement has cost.

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{Schema, SchemaRef};
use std::sync::Arc;

use super::statistics::Statistics;
use crate::error::{Error, ErrorCode, Result};

/// One more row for the answer of EXPLAIN, whose columns are `plan_type` and `plan`: the requests and bytes of planning, and with
/// ANALYZE of running.
///
/// # Errors
/// None but a defect's.
pub fn cost(statistics: &Statistics, schema: &SchemaRef) -> Result<RecordBatch> {
    let requests = &statistics.requests;
    let kinds = [
        ("GET", requests.get),
        ("HEAD", requests.head),
        ("LIST", requests.list),
        ("PUT", requests.put),
        ("POST", requests.post),
        ("DELETE", requests.delete),
    ];
    let total: u64 = kinds.iter().map(|(_, count)| count).sum();
    let by_kind: Vec<String> = kinds
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    let by_kind = if by_kind.is_empty() {
        String::new()
    } else {
        format!(" ({})", by_kind.join(", "))
    };
    let text = format!(
        "requests={total}{by_kind}, bytes_scanned={}, spilled_bytes={}",
        statistics.bytes_scanned, statistics.spilled_bytes
    );
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["storage"])),
        Arc::new(StringArray::from(vec![text])),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(schema.fields().clone())), columns)
        .and_then(|batch| batch.with_schema(Arc::clone(schema)))
        .map_err(|error| {
            let message = format!("the cost does not fit the columns of EXPLAIN: {error}");
            Error::new(ErrorCode::Internal, message).caused_by(error)
        })
}
