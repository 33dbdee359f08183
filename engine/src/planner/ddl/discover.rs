//! CREATE DATABASE … FROM: the tables that lie under a prefix.

use arrow::array::RecordBatch;

use super::place;
use crate::catalog::TableDefinition;
use crate::error::{Error, ErrorCode, Result};
use crate::planner::planner::Planning;

/// The tables that lie under `prefix`, as tables of `database`, and a report of what was found and what was left out.
pub async fn tables_under(
    planning: &Planning<'_>,
    _database: &str,
    prefix: &str,
) -> Result<(Vec<TableDefinition>, RecordBatch)> {
    place::directory(planning, prefix)?;
    let message = "CREATE DATABASE … FROM is not supported yet; create the tables one by one";
    Err(Error::new(ErrorCode::NotSupported, message))
}
