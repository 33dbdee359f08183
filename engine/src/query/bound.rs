//! A statement with the values of its parameters.

use arrow::array::RecordBatch;
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

/// The rows as a relation, whose columns are named `1`, `2` and so on.
fn numbered(parameters: &RecordBatch) -> Result<MemTable> {
    let names = (1..=parameters.num_columns()).map(|number| number.to_string());
    let columns = names
        .zip(parameters.columns().iter().cloned())
        .map(|(name, column)| (name, column, true));
    let fits = |error: &dyn std::fmt::Display| {
        let message = format!("the parameters are no rows: {error}");
        Error::new(ErrorCode::InvalidValue, message)
    };
    let rows = RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| fits(&error))?;
    MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(|error| fits(&error))
}
