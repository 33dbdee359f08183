//! What DataFusion 55.2 answers wrongly, and that ours never passes it on.
//!
//! Each test runs the bare engine beside ours and asserts that the bare engine is *still* wrong: when one of these fails
//! after an update, the cause may be gone, and the guard can go with it. Overflow of integers has its own file.

mod calls;
mod changes;
mod depth;
mod dynamic_filters;
mod ignored;
mod instants;
mod joins;
mod not_in;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::{SessionConfig, SessionContext};
use owlet_engine::{ErrorCode, Result};
use std::fmt::Write as _;

use crate::support::TestEngine;

/// DataFusion without us, with its defaults, in as many threads as ours.
fn bare() -> SessionContext {
    SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2))
}

/// The rows that the bare engine gives: values separated by a comma, rows by a semicolon.
async fn bare_rows(sql: &str) -> std::result::Result<String, String> {
    rows_in(&bare(), sql).await
}

async fn rows_in(context: &SessionContext, sql: &str) -> std::result::Result<String, String> {
    let frame = context.sql(sql).await.map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    Ok(rows(&batches))
}

/// The same of ours.
async fn our_rows(owlet: &TestEngine, sql: &str) -> Result<String> {
    owlet.run(sql).await.map(|answer| rows(&answer.batches))
}

fn rows(batches: &[RecordBatch]) -> String {
    let options = FormatOptions::new().with_null("null");
    let mut lines = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let values: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
            lines.push(values.join(","));
        }
    }
    lines.join("; ")
}

/// Asserts that ours refuses `sql`, and that the message says `part`.
async fn refusal(owlet: &TestEngine, sql: &str, code: ErrorCode, part: &str) -> std::result::Result<(), String> {
    match our_rows(owlet, sql).await {
        Ok(rows) => Err(format!("ours answers: {rows}")),
        Err(error) if error.code() == code && error.message().contains(part) => Ok(()),
        Err(error) => Err(format!("another error: {error}")),
    }
}

/// Collects the failures of a table, so that one run shows them all.
#[derive(Default)]
struct Failures(String);

impl Failures {
    fn note(&mut self, sql: &str, outcome: std::result::Result<(), String>) {
        if let Err(failure) = outcome {
            write!(self.0, "\n{sql}\n    {failure}").unwrap();
        }
    }

    fn assert_none(self) {
        assert!(self.0.is_empty(), "{}", self.0);
    }
}
