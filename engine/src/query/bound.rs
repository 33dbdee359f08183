//! A statement with the values of its parameters.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array, UnionArray, new_empty_array};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;
use datafusion::datasource::MemTable;
use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::planner::Snapshot;
use crate::syntax::{self, Limits, Statement};

/// The relation that several rows of parameters are, for the one INSERT of them. No other relation can have the name.
const PARAMETERS: &str = "$parameters";

/// The statement of `sql` with `parameters`, and the session to plan it in.
///
/// # Errors
/// Those of [`syntax::parse`]; `INVALID_VALUE` for a wrong number of parameters, and for several rows where one is taken.
pub fn statement(
    sql: &str,
    parameters: Option<&RecordBatch>,
    mut session: Snapshot,
    limits: &Limits,
) -> Result<(Statement, Snapshot)> {
    let Some(parameters) = parameters else {
        return Ok((syntax::parse(sql, limits)?, session));
    };
    let parameters = &without_unions(parameters)?;
    let insert = match parameters.num_columns() {
        0 => None,
        columns => syntax::bind_rows(sql, PARAMETERS, columns, limits)?,
    };
    if let Some(statement) = insert {
        session
            .defaults
            .temporary
            .insert(PARAMETERS.to_owned(), Arc::new(numbered(parameters)?));
        return Ok((statement, session));
    }
    match parameters.num_rows() {
        1 => Ok((syntax::bind_row(sql, parameters, 0, limits)?, session)),
        rows => {
            let message = format!(
                "the statement takes one row of parameters, and {rows} are given; only an INSERT of one row of VALUES takes more"
            );
            Err(Error::new(ErrorCode::InvalidValue, message))
        }
    }
}

/// The rows with the values of unions in the places of the unions: some clients send every parameter as a union of all types that
/// they know.
fn without_unions(parameters: &RecordBatch) -> Result<RecordBatch> {
    let is_union = |field: &FieldRef| matches!(field.data_type(), DataType::Union(..));
    if !parameters.schema_ref().fields().iter().any(is_union) {
        return Ok(parameters.clone());
    }
    let columns = parameters.columns().iter().map(|column| match column.as_union_opt() {
        Some(union) => values_of(union),
        None => Ok(Arc::clone(column)),
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
    let named = (1..).map(|number: usize| number.to_string()).zip(columns);
    RecordBatch::try_from_iter_with_nullable(named.map(|(name, column)| (name, column, true))).map_err(not_rows)
}

/// The values of a union, which must be of one type.
fn values_of(union: &UnionArray) -> Result<ArrayRef> {
    let Some(first) = union.type_ids().first().copied() else {
        return Ok(new_empty_array(&DataType::Null));
    };
    if union.type_ids().iter().any(|id| *id != first) {
        let message = "the rows of one parameter are of several types; send them with one, or one row at a time";
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    let places = (0..union.len()).map(|row| union.value_offset(row) as u64);
    let places = UInt64Array::from_iter_values(places);
    take(union.child(first), &places, None).map_err(not_rows)
}

fn not_rows(error: ArrowError) -> Error {
    let message = format!("the parameters are no rows: {error}");
    Error::new(ErrorCode::InvalidValue, message).caused_by(error)
}

/// The rows as a relation, whose columns are named `1`, `2` and so on.
fn numbered(parameters: &RecordBatch) -> Result<MemTable> {
    let names = (1..=parameters.num_columns()).map(|number| number.to_string());
    let columns = names
        .zip(parameters.columns().iter().cloned())
        .map(|(name, column)| (name, column, true));
    let rows = RecordBatch::try_from_iter_with_nullable(columns).map_err(not_rows)?;
    MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(|error| {
        let message = "the parameters do not fit their columns";
        Error::new(ErrorCode::Internal, message).caused_by(error)
    })
}
