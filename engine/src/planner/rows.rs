//! Rows that planning itself has found, as a plan: the answers of SHOW, DESCRIBE and of statements that report.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

use super::failure::from_datafusion;
use crate::error::{Error, ErrorCode, Result};

/// The columns of a statement's answer that says how many rows it wrote.
pub fn count_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("count", DataType::Int64, false)]))
}

/// The answer of a statement that wrote `rows` rows.
///
/// # Errors
/// None but a defect's.
pub fn count(rows: u64) -> Result<RecordBatch> {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![i64::try_from(rows).unwrap_or(i64::MAX)]));
    RecordBatch::try_new(count_schema(), vec![column]).map_err(defect)
}

/// Rows of text: `names` of the columns, and one list of values a row.
///
/// # Errors
/// None but a defect's.
pub fn of_text<const N: usize>(names: [&str; N], rows: Vec<[Option<String>; N]>) -> Result<RecordBatch> {
    let fields: Vec<Field> = names
        .iter()
        .map(|name| Field::new(*name, DataType::Utf8, true))
        .collect();
    let columns = (0..N).map(|index| {
        let values: StringArray = rows.iter().map(|row| row[index].as_deref()).collect();
        Arc::new(values) as ArrayRef
    });
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.collect()).map_err(defect)
}

/// No rows and no columns.
#[must_use]
pub fn nothing() -> RecordBatch {
    RecordBatch::new_empty(Arc::new(Schema::empty()))
}

/// The operator that gives `rows`.
///
/// # Errors
/// None but a defect's.
pub fn operators(rows: RecordBatch) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = rows.schema();
    let operator = MemorySourceConfig::try_new_exec(&[vec![rows]], schema, None).map_err(from_datafusion)?;
    Ok(operator)
}

fn defect(error: arrow::error::ArrowError) -> Error {
    Error::new(
        ErrorCode::Internal,
        format!("the rows of an answer do not fit its columns: {error}"),
    )
    .caused_by(error)
}
