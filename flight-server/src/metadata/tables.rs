//! The tables and views, with their columns if they are asked for.

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::sql::CommandGetTables;
use arrow_flight::{IpcMessage, SchemaAsIpc};
use bytes::Bytes;
use owlet_engine::{BrowsedRelation, Result, Session};
use std::sync::Arc;

use super::pattern::{fits, is_catalog};
use super::{columns, table_types, unfit};

/// Four columns, and a fifth if it is asked for: clients count them.
pub(super) fn schema(include_schema: bool) -> SchemaRef {
    let mut fields = vec![
        Field::new("catalog_name", DataType::Utf8, true),
        Field::new("db_schema_name", DataType::Utf8, true),
        Field::new("table_name", DataType::Utf8, false),
        Field::new("table_type", DataType::Utf8, false),
    ];
    if include_schema {
        fields.push(Field::new("table_schema", DataType::Binary, false));
    }
    Arc::new(Schema::new(fields))
}

pub(super) async fn rows(command: &CommandGetTables, session: &Session) -> Result<RecordBatch> {
    let mut found = Vec::new();
    if is_catalog(command.catalog.as_deref(), &session.catalog()) {
        let databases = command.db_schema_filter_pattern.as_deref();
        found = session.relations(|database| fits(databases, database)).await?;
        found.retain(|relation| {
            fits(command.table_name_filter_pattern.as_deref(), &relation.name)
                && table_types::is_wanted(relation.kind, &command.table_types)
        });
    }
    let text = |cell: fn(&BrowsedRelation) -> &str| -> ArrayRef {
        Arc::new(
            found
                .iter()
                .map(|relation| Some(cell(relation)))
                .collect::<StringArray>(),
        )
    };
    let mut arrays = vec![
        text(|relation| &relation.catalog),
        text(|relation| &relation.database),
        text(|relation| &relation.name),
        text(|relation| table_types::word(relation.kind)),
    ];
    if command.include_schema {
        let schemas = found
            .iter()
            .map(|relation| message(&columns::of_relation(relation)))
            .collect::<Result<Vec<_>>>()?;
        arrays.push(Arc::new(BinaryArray::from_iter_values(schemas)));
    }
    RecordBatch::try_new(schema(command.include_schema), arrays).map_err(unfit)
}

/// `schema` as an encapsulated IPC message, with its length before it: what readers of a stream begin with.
fn message(schema: &Schema) -> Result<Bytes> {
    let options = IpcWriteOptions::default();
    let IpcMessage(bytes) = SchemaAsIpc::new(schema, &options).try_into().map_err(unfit)?;
    Ok(bytes)
}
