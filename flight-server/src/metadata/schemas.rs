//! The databases, which the protocol calls schemas.

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::CommandGetDbSchemas;
use owlet_engine::{Result, Session};
use std::sync::Arc;

use super::pattern::{fits, is_catalog};
use super::unfit;

/// ADBC's driver refuses the answer unless the catalogue may be NULL.
pub(super) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("catalog_name", DataType::Utf8, true),
        Field::new("db_schema_name", DataType::Utf8, false),
    ]))
}

pub(super) async fn rows(command: &CommandGetDbSchemas, session: &Session) -> Result<RecordBatch> {
    let catalog = session.catalog();
    let mut names = Vec::new();
    if is_catalog(command.catalog.as_deref(), &catalog) {
        names = session.databases().await?;
        names.retain(|name| fits(command.db_schema_filter_pattern.as_deref(), name));
    }
    let catalogs: ArrayRef = Arc::new(StringArray::from(vec![catalog; names.len()]));
    RecordBatch::try_new(schema(), vec![catalogs, Arc::new(StringArray::from(names))]).map_err(unfit)
}
