//! What a front end runs statements through.

use async_trait::async_trait;

use super::{QueryStream, Session};
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

    /// The database that names without one belong to now.
    fn database(&self) -> String;
}

#[async_trait]
impl Connection for Session {
    async fn run(&self, sql: &str) -> Result<QueryStream> {
        Self::run(self, sql).await
    }

    fn database(&self) -> String {
        Self::database(self)
    }
}
