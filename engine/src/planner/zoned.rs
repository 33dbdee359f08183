//! Tables as a session sees them that has named a time zone.
//!
//! A TIMESTAMP WITH TIME ZONE is a moment, and a stored one says no more than that: its files have UTC, whatever the zone in which
//! it was written. The zone in which its day, its hour and its text are taken is the session's, as in PostgreSQL and `DuckDB`, and
//! as a literal has it here. DataFusion 55.2 takes it from the type of the column, so the column gets the session's.

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::common::{Column, Result, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast};
use std::sync::Arc;

/// `table` with its moments in `zone`; itself if it has none, or has them there. Filters reach the files as before: of two types that
/// differ by their zone alone, the optimizer compares the stored one.
///
/// # Errors
/// `DataFusion`'s, if the plan cannot be put together.
pub fn in_zone(name: &str, table: Arc<dyn TableProvider>, zone: &str) -> Result<Arc<dyn TableProvider>> {
    let columns: SchemaRef = table.schema();
    let elsewhere =
        |data_type: &DataType| matches!(data_type, DataType::Timestamp(_, Some(own)) if own.as_ref() != zone);
    if !columns.fields().iter().any(|field| elsewhere(field.data_type())) {
        return Ok(table);
    }
    let name = TableReference::bare(name);
    let shown = columns.fields().iter().map(|field| {
        let column = Expr::Column(Column::new(Some(name.clone()), field.name()));
        match field.data_type() {
            DataType::Timestamp(unit, Some(_)) if elsewhere(field.data_type()) => {
                let zoned = DataType::Timestamp(*unit, Some(Arc::from(zone)));
                cast(column, zoned).alias(field.name())
            }
            _ => column.alias(field.name()),
        }
    });
    let plan = LogicalPlanBuilder::scan(name.clone(), provider_as_source(table), None)?
        .project(shown)?
        .build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}
