//! What the engine's tests share: an engine over temporary state, statements to their end, TPC-H data.

pub mod duckdb;
#[allow(dead_code, reason = "shared with the contract suites inside the engine")]
pub mod place;
pub mod tpch;

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use futures::StreamExt;
use owlet_engine::{Config, Engine, Environment, Principal, Result, Session, Statistics};
use owlet_s3_fixture::S3Fixture;
use std::path::Path;
use tempfile::TempDir;

/// An engine with a data directory of its own, removed at the end.
pub struct TestEngine {
    pub engine: Engine,
    pub directory: TempDir,
}

impl TestEngine {
    /// Over local files alone.
    pub async fn local() -> Self {
        Self::open(&[]).await
    }

    /// Over the buckets of `fixture` too.
    pub async fn over(fixture: &S3Fixture) -> Self {
        let variables = fixture.environment();
        let variables: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        Self::open(&variables).await
    }

    /// With these variables in its environment.
    pub async fn open(variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let engine = open_in(directory.path(), variables).await;
        Self { engine, directory }
    }

    pub fn session(&self) -> Session {
        self.engine.session(Principal::local())
    }

    /// Runs `sql` to its end.
    pub async fn run(&self, sql: &str) -> Result<Answer> {
        run(&self.session(), sql).await
    }

    /// The rows of `sql` as a table in text, which must succeed.
    pub async fn table(&self, sql: &str) -> String {
        self.run(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
            .table()
    }

    /// The only value of `sql`, as text.
    pub async fn value(&self, sql: &str) -> String {
        self.run(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
            .value()
    }
}

/// An engine whose state is in `directory`.
pub async fn open_in(directory: &Path, variables: &[(&str, &str)]) -> Engine {
    let home = directory.display().to_string();
    let own = [("OWLET_HOME", home.as_str()), ("HOME", home.as_str())];
    let environment: Environment = own.into_iter().chain(variables.iter().copied()).collect();
    let config = Config::load(None, environment, directory.to_owned()).unwrap();
    Engine::open(config).await.unwrap()
}

/// What a statement gave, and what it cost.
#[derive(Debug)]
pub struct Answer {
    pub batches: Vec<RecordBatch>,
    pub statistics: Statistics,
    pub query_id: String,
}

impl Answer {
    pub fn table(&self) -> String {
        pretty_format_batches(&self.batches).unwrap().to_string()
    }

    /// Its rows, each as its values with `|` between them.
    pub fn lines(&self) -> Vec<String> {
        let options = arrow::util::display::FormatOptions::default().with_null("NULL");
        let mut lines = Vec::new();
        for batch in &self.batches {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| arrow::util::display::ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                let values: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
                lines.push(values.join("|"));
            }
        }
        lines
    }

    pub fn value(&self) -> String {
        assert_eq!(
            self.batches.iter().map(RecordBatch::num_rows).sum::<usize>(),
            1,
            "{}",
            self.table()
        );
        assert_eq!(self.batches[0].num_columns(), 1);
        arrow::util::display::array_value_to_string(self.batches[0].column(0), 0).unwrap()
    }
}

pub async fn run(session: &Session, sql: &str) -> Result<Answer> {
    let mut stream = session.run(sql).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(stream.schema()));
    }
    Ok(Answer {
        batches,
        statistics: stream.statistics(),
        query_id: stream.query_id().to_owned(),
    })
}

/// The bytes of a Parquet file with these batches.
pub fn parquet_bytes(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = datafusion::parquet::arrow::ArrowWriter::try_new(Vec::new(), batches[0].schema(), None).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A Parquet file with one BIGINT column `name`.
pub fn numbers(name: &str, values: impl IntoIterator<Item = i64>) -> Vec<u8> {
    let column: arrow::array::ArrayRef = std::sync::Arc::new(arrow::array::Int64Array::from_iter_values(values));
    parquet_bytes(&[RecordBatch::try_from_iter_with_nullable([(name, column, true)]).unwrap()])
}

/// Polls `condition` until it holds, for at most `seconds`.
pub async fn within_seconds(seconds: u64, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    while !condition() {
        assert!(std::time::Instant::now() < deadline, "not within {seconds} s: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
