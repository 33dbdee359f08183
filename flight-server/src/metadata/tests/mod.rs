//! The answers of a real engine, checked as drivers check them.

mod listing;
mod server;
mod truth;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef, UInt32Type};
use arrow::util::display::array_value_to_string;
use futures::TryStreamExt;
use owlet_engine::{Config, Engine, Principal, Result, Session};
use tempfile::TempDir;

use super::Metadata;
use crate::settings::Settings;

/// An engine over temporary state.
struct TestEngine {
    session: Session,
    _engine: Engine,
    _directory: TempDir,
}

impl TestEngine {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().display().to_string();
        let variables = [("OWLET_HOME", home.as_str()), ("HOME", home.as_str())];
        let config = Config::load(None, variables.into_iter().collect(), directory.path().to_owned()).unwrap();
        let engine = Engine::open(config).await.unwrap();
        Self {
            session: engine.session(Principal::local()),
            _engine: engine,
            _directory: directory,
        }
    }

    /// With tables, a view and a temporary table.
    async fn with_tables() -> Self {
        let engine = Self::open().await;
        for sql in [
            "CREATE DATABASE sales COMMENT 'what was sold'",
            "CREATE TABLE sales.orders (order_id BIGINT NOT NULL COMMENT 'from the shop', price DECIMAL(12,2), note STRING, \
             at TIMESTAMP)",
            "CREATE TABLE sales.order_lines (line INT)",
            "CREATE TABLE sales.orderxlines (line INT)",
            "CREATE EXTERNAL TABLE sales.away (n BIGINT, note STRING) PARTITIONED BY (day DATE) STORED AS PARQUET \
             LOCATION '/is/not/there/'",
            "CREATE VIEW sales.dear AS SELECT order_id, price FROM sales.orders WHERE price > 100",
            "CREATE TABLE hidden (kept INT)",
            "CREATE TEMPORARY TABLE hidden AS SELECT 1 AS fleeting",
        ] {
            engine.run(sql).await.unwrap();
        }
        engine
    }

    async fn run(&self, sql: &str) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        let stream = self.session.run(sql).await?;
        let schema = stream.schema();
        Ok((schema, stream.try_collect().await?))
    }

    async fn value(&self, sql: &str) -> String {
        let (_, batches) = self.run(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        array_value_to_string(batches[0].column(0), 0).unwrap()
    }

    /// The rows of `metadata`, which must have the schema that it announces.
    async fn rows(&self, metadata: &Metadata) -> RecordBatch {
        let rows = metadata.rows(&self.session, &Settings::default()).await.unwrap();
        assert_eq!(rows.schema(), metadata.schema());
        rows
    }

    /// The text of the first columns of each row, with dots between them.
    async fn names(&self, metadata: Metadata, columns: std::ops::Range<usize>) -> Vec<String> {
        let rows = self.rows(&metadata).await;
        let cells = |row| columns.clone().map(move |column| (column, row));
        (0..rows.num_rows())
            .map(|row| {
                let cells = cells(row).map(|(column, row)| array_value_to_string(rows.column(column), row).unwrap());
                cells.collect::<Vec<_>>().join(".")
            })
            .collect()
    }
}

/// The names, types and nullability of the fields.
fn fields(schema: &Schema) -> Vec<(&str, DataType, bool)> {
    let fields = schema.fields().iter();
    fields
        .map(|field| (field.name().as_str(), field.data_type().clone(), field.is_nullable()))
        .collect()
}

/// The codes of SqlInfo in `rows`.
fn codes(rows: &RecordBatch) -> Vec<u32> {
    rows.column(0).as_primitive::<UInt32Type>().values().to_vec()
}

/// The value of `code`, with the place of its kind among the children of the union.
fn value_of(rows: &RecordBatch, code: u32) -> (i8, arrow::array::ArrayRef) {
    let row = codes(rows).iter().position(|known| *known == code).unwrap();
    let union = rows
        .column(1)
        .as_any()
        .downcast_ref::<arrow::array::UnionArray>()
        .unwrap();
    (union.type_id(row), union.value(row))
}
