//! Rows that a caller has, written into a table: as the INSERT or CREATE TABLE of them, on the road of all statements.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::run::Parts;
use super::session::Session;
use super::stream::QueryStream;
use crate::error::{Error, ErrorCode, Result};
use crate::name::{TableName, quoted};
use crate::planner::Snapshot;
use crate::syntax;

/// The relation that the rows are. No other relation can have the name.
const ROWS: &str = "$rows";

/// Where rows of a caller go.
#[derive(Clone, Debug)]
pub struct Ingest {
    /// The catalogue of the table; the session's if there is none.
    pub catalog: Option<String>,
    /// The database of the table; the session's if there is none.
    pub database: Option<String>,
    /// The table.
    pub table: String,
    /// Whether it is a temporary table of the session.
    pub temporary: bool,
    /// The columns of the rows. Columns of a table that is there are found by their names.
    pub schema: SchemaRef,
    /// What to do where the table is not there.
    pub if_missing: IngestMissing,
    /// What to do where it is.
    pub if_exists: IngestExisting,
}

/// What to do where there is no table to write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IngestMissing {
    /// Refuse.
    Fail,
    /// Make it, with the columns of the rows.
    Create,
}

/// What to do where there is a table already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IngestExisting {
    /// Refuse.
    Fail,
    /// Add the rows to it.
    Append,
    /// Put one in its place that has these rows alone, in one step.
    Replace,
}

/// Runs the statement that writes the rows.
pub(super) async fn ingest(
    session: &Session,
    parts: &Parts,
    ingest: &Ingest,
    rows: BoxStream<'static, Result<RecordBatch>>,
) -> Result<QueryStream> {
    if ingest.schema.fields().is_empty() {
        let message = format!("there are no columns to write into the table {}", quoted(&ingest.table));
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    let mut snapshot = session.snapshot();
    let sql = sql(ingest, exists(parts, &snapshot, ingest).await?)?;
    let statement = syntax::parse(&sql, &parts.limits)?;
    let table = StreamingTable::try_new(
        Arc::clone(&ingest.schema),
        vec![Arc::new(Once::new(&ingest.schema, rows))],
    );
    let table = table.map_err(|error| {
        let message = "the rows do not fit their columns";
        Error::new(ErrorCode::Internal, message).caused_by(error)
    })?;
    snapshot.defaults.temporary.insert(ROWS.to_owned(), Arc::new(table));
    let kind = statement.kind();
    session.plan_in(&sql, kind, statement, snapshot).await?.start().await
}

/// Whether there is something of the table's name.
async fn exists(parts: &Parts, session: &Snapshot, ingest: &Ingest) -> Result<bool> {
    let name = ingest.table.to_lowercase();
    if ingest.temporary {
        return Ok(session.defaults.temporary.contains_key(&name));
    }
    let part = |given: &Option<String>, own: &String| given.as_ref().unwrap_or(own).to_lowercase();
    let name = TableName::new(
        part(&ingest.catalog, &session.defaults.catalog),
        part(&ingest.database, &session.defaults.database),
        name,
    );
    let storage = parts.storage.query(crate::storage::Access::Remote);
    let found = parts.planner.sources(&storage).catalog.find(&[name]).await?;
    Ok(found.into_iter().flatten().next().is_some())
}

/// The statement: what the history keeps of it.
fn sql(ingest: &Ingest, exists: bool) -> Result<String> {
    let parts = [&ingest.catalog, &ingest.database];
    let mut table: Vec<String> = parts.into_iter().flatten().map(|part| quoted(part)).collect();
    if ingest.temporary {
        table.clear();
    } else if ingest.catalog.is_some() && ingest.database.is_none() {
        let message = "the table has a catalogue and no database; name both, or neither";
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    table.push(quoted(&ingest.table));
    let table = table.join(".");
    let columns: Vec<String> = ingest
        .schema
        .fields()
        .iter()
        .map(|field| quoted(field.name()))
        .collect();
    let columns = columns.join(", ");
    let rows = format!("SELECT {columns} FROM {}", quoted(ROWS));
    let temporary = if ingest.temporary { "TEMPORARY " } else { "" };
    Ok(match (exists, ingest.if_missing, ingest.if_exists) {
        (true, _, IngestExisting::Append) | (false, IngestMissing::Fail, _) => {
            format!("INSERT INTO {table} ({columns}) {rows}")
        }
        (true, _, IngestExisting::Replace) => format!("CREATE OR REPLACE {temporary}TABLE {table} AS {rows}"),
        // Refused by the statement itself, as always.
        (true, _, IngestExisting::Fail) | (false, IngestMissing::Create, _) => {
            format!("CREATE {temporary}TABLE {table} AS {rows}")
        }
    })
}

/// Rows that can be read once.
struct Once {
    schema: SchemaRef,
    rows: Mutex<Option<BoxStream<'static, Result<RecordBatch>>>>,
}

impl Once {
    fn new(schema: &SchemaRef, rows: BoxStream<'static, Result<RecordBatch>>) -> Self {
        Self {
            schema: Arc::clone(schema),
            rows: Mutex::new(Some(rows)),
        }
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl PartitionStream for Once {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _task: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).take();
        let schema = Arc::clone(&self.schema);
        let rows = rows.unwrap_or_else(|| {
            let error = Error::new(ErrorCode::NotSupported, "the rows that a caller sends are read once");
            futures::stream::iter([Err(error)]).boxed()
        });
        let rows = rows.map(move |batch| {
            let batch = batch.map_err(|error| DataFusionError::External(Box::new(error)))?;
            Ok(RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec())?)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}
