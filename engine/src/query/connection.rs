//! What a front end runs statements through.

use async_trait::async_trait;

use super::{Completions, QueryStream, Session};
use crate::error::Result;

/// A connection to an engine, in this process or elsewhere. The shell and the runner of the suites know nothing else.
///
/// To cancel a statement, drop the future of [`run`](Self::run) or the stream that it gave.
#[async_trait]
pub trait Connection: std::fmt::Debug + Send + Sync {
    /// Runs one statement; see [`Session::run`].
    ///
    /// # Errors
    /// Whatever is wrong with the statement or with what it reads, found before the first row. Errors found later come through
    /// the stream.
    async fn run(&self, sql: &str) -> Result<QueryStream>;

    /// What could stand at the byte `cursor` of `text`, one or more statements that need not be finished: keywords, and the
    /// names that this connection's principal may see.
    ///
    /// It is no statement, so it is neither recorded nor admitted. The answer is bounded in number and comes within about a
    /// second: what cannot be found by then, or not at all, is left out.
    async fn complete(&self, text: &str, cursor: usize) -> Completions;

    /// The database that names without one belong to now.
    fn database(&self) -> String;
}

#[async_trait]
impl Connection for Session {
    async fn run(&self, sql: &str) -> Result<QueryStream> {
        Self::run(self, sql).await
    }

    async fn complete(&self, text: &str, cursor: usize) -> Completions {
        Self::complete(self, text, cursor).await
    }

    fn database(&self) -> String {
        Self::database(self)
    }
}
