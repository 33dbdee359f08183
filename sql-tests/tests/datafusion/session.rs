//! Owlet as the sqllogictest runner wants a database: one statement in, rows as the crate's own code writes them out.

use async_trait::async_trait;
use datafusion_sqllogictest::{DFColumnType, convert_batches, convert_schema_to_types};
use futures::{FutureExt, TryStreamExt};
use owlet_engine::{Config, Connection, Engine, Environment, ErrorCode, Principal, Session};
use sqllogictest::{AsyncDB, DBOutput};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use tempfile::TempDir;

/// A fresh engine with an empty catalogue, and one session of it.
pub struct OwletDatabase {
    engine: Option<Engine>,
    session: Session,
    spark: bool,
    _state: TempDir,
}

/// How a statement failed: the code and the message of Owlet's error.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: ErrorCode,
    pub message: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}

impl From<owlet_engine::Error> for Failure {
    fn from(error: owlet_engine::Error) -> Self {
        Self {
            code: error.code(),
            message: error.message().to_owned(),
        }
    }
}

impl OwletDatabase {
    /// Relative paths start from `directory`. `spark` is how the crate writes doubles in the results of its Spark files.
    pub async fn open(directory: &Path, spark: bool) -> Self {
        let state = tempfile::tempdir().unwrap();
        let home = state.path().display().to_string();
        let environment: Environment = [("OWLET_HOME", home.as_str()), ("HOME", home.as_str())]
            .into_iter()
            .collect();
        let config = Config::load(None, environment, directory.to_owned()).unwrap();
        let engine = Engine::open(config).await.unwrap();
        let session = engine.session(Principal::local());
        let mut database = Self {
            engine: Some(engine),
            session,
            spark,
            _state: state,
        };
        // The crate's runner has it so.
        database.rows("SET target_partitions = 4").await.unwrap();
        database
    }

    async fn rows(&mut self, sql: &str) -> Result<DBOutput<DFColumnType>, Failure> {
        let stream = Connection::run(&self.session, sql).await?;
        let schema = stream.schema();
        let types = convert_schema_to_types(schema.fields());
        let batches = stream.try_collect().await?;
        let rows = convert_batches(&schema, batches, self.spark).map_err(|error| Failure {
            code: ErrorCode::Internal,
            message: error.to_string(),
        })?;
        Ok(if rows.is_empty() && types.is_empty() {
            DBOutput::StatementComplete(0)
        } else {
            DBOutput::Rows { types, rows }
        })
    }
}

#[async_trait]
impl AsyncDB for OwletDatabase {
    type Error = Failure;
    type ColumnType = DFColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DFColumnType>, Failure> {
        let caught = AssertUnwindSafe(self.rows(sql)).catch_unwind().await;
        caught.unwrap_or_else(|_| {
            Err(Failure {
                code: ErrorCode::Internal,
                message: "a panic".to_owned(),
            })
        })
    }

    async fn shutdown(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.close().await.unwrap();
        }
    }

    /// The crate's name for itself: what it says `onlyif` and `skipif` of.
    fn engine_name(&self) -> &'static str {
        "DataFusion"
    }
}
