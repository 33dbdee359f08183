//! A connection as sqllogictest wants one.

use async_trait::async_trait;
use futures::StreamExt;
use owlet_engine::{Connection, Error, ErrorCode, StatementKind};
use sqllogictest::{AsyncDB, DBOutput};
use std::fmt;
use std::process::{Command, Output};
use std::sync::Arc;

use crate::column_type::ColumnType;
use crate::text;

/// What suites call the places of their data, such as `{lake}`, so that one suite runs wherever those are.
///
/// A name in a statement becomes its place. A place in a value or in an error becomes its name, so that those are the same
/// everywhere, too. A place that is written in several ways (a URL and a path) has several pairs: the first is what goes into
/// statements, all of them are taken out of results.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<(String, String)>);

impl Names {
    /// Pairs of a name and a place. A place that another one begins with stands after it.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    fn with_places(&self, sql: &str) -> String {
        self.0
            .iter()
            .fold(sql.to_owned(), |sql, (name, place)| sql.replace(name, place))
    }

    fn without_places(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, (name, place)| text.replace(place, name))
    }
}

/// Why a statement failed: what its record's pattern is compared with.
#[derive(Debug)]
pub struct StatementError(String);

impl fmt::Display for StatementError {
    /// `CODE: message (line 1, column 8)`, with the names of places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StatementError {}

/// One session of the engine, for the records of a suite.
#[derive(Debug)]
pub struct Driver {
    connection: Arc<dyn Connection>,
    names: Names,
}

impl Driver {
    /// Runs statements over `connection`, in which `names` stand for places.
    #[must_use]
    pub fn new(connection: Arc<dyn Connection>, names: Names) -> Self {
        Self { connection, names }
    }

    fn failure(&self, error: &Error) -> StatementError {
        StatementError(self.names.without_places(&error.to_string()))
    }

    async fn answer(&self, sql: &str) -> Result<DBOutput<ColumnType>, Error> {
        let mut stream = self.connection.run(&self.names.with_places(sql)).await?;
        let schema = stream.schema();
        let kind = stream.kind();
        let mut rows = Vec::new();
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            for row in 0..batch.num_rows() {
                let values = batch.columns().iter().map(|column| text::of_value(column, row));
                let values: Vec<String> = values.collect::<Result<_, _>>().map_err(|error| {
                    Error::new(
                        ErrorCode::Internal,
                        format!("a value cannot be written as text: {error}"),
                    )
                })?;
                rows.push(values.iter().map(|value| self.names.without_places(value)).collect());
            }
        }
        Ok(match written(kind, &rows) {
            Some(count) => DBOutput::StatementComplete(count),
            None if schema.fields().is_empty() => DBOutput::StatementComplete(0),
            None => DBOutput::Rows {
                types: schema
                    .fields()
                    .iter()
                    .map(|field| ColumnType::of(field.data_type()))
                    .collect(),
                rows,
            },
        })
    }
}

/// The rows that a statement wrote, if that is its result.
fn written(kind: StatementKind, rows: &[Vec<String>]) -> Option<u64> {
    match (kind, rows) {
        (StatementKind::Insert | StatementKind::CreateTableAsSelect, [row]) => row.first()?.parse().ok(),
        _ => None,
    }
}

#[async_trait]
impl AsyncDB for Driver {
    type Error = StatementError;
    type ColumnType = ColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<ColumnType>, StatementError> {
        self.answer(sql).await.map_err(|error| self.failure(&error))
    }

    /// A session ends with its last owner.
    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &'static str {
        "owlet"
    }

    /// A suite is data: it must not be able to start programs on the machine of whoever runs it.
    async fn run_command(_: Command) -> std::io::Result<Output> {
        Err(std::io::Error::other("a suite runs statements, no commands"))
    }
}
