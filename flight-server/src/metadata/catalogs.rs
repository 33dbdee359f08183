//! The catalogues. There is one.

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use owlet_engine::{Result, Session};
use std::sync::Arc;

use super::unfit;

pub(super) fn schema() -> SchemaRef {
    let name = Field::new("catalog_name", DataType::Utf8, false);
    Arc::new(Schema::new(vec![name]))
}

pub(super) fn rows(session: &Session) -> Result<RecordBatch> {
    let names = StringArray::from(vec![session.catalog()]);
    RecordBatch::try_new(schema(), vec![Arc::new(names)]).map_err(unfit)
}
