//! A change of the catalogue under way.

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::{Error, ErrorCode, Result};
use crate::metastore::{Metastore, Statement, WriteTransaction};

/// A transaction beside which no other one changes the metastore. Dropped, it changes nothing.
pub(super) struct Transaction<'a> {
    metastore: &'a Metastore,
    inner: WriteTransaction<'a>,
    /// What cannot be done if it fails.
    action: &'static str,
}

impl<'a> Transaction<'a> {
    pub(super) async fn begin(metastore: &'a Metastore, action: &'static str) -> Result<Self> {
        let inner = metastore.begin(action).await?;
        Ok(Self {
            metastore,
            inner,
            action,
        })
    }

    /// Runs a statement that writes. Gives the number of rows that it changed.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<u64> {
        let done = statement.execute(self.inner.connection()).await;
        let done = done.map_err(|error| self.metastore.failure(self.action, &error))?;
        Ok(done.rows_affected())
    }

    pub(super) async fn fetch_all(&mut self, statement: Statement) -> Result<Vec<AnyRow>> {
        let rows = statement.fetch_all(self.inner.connection()).await;
        rows.map_err(|error| self.metastore.failure(self.action, &error))
    }

    /// The first column of each row, which is text.
    pub(super) async fn fetch_texts(&mut self, statement: Statement) -> Result<Vec<String>> {
        let rows = self.fetch_all(statement).await?;
        rows.iter().map(|row| column(row, 0)).collect()
    }

    pub(super) async fn commit(self) -> Result<()> {
        let committed = self.inner.commit().await;
        committed.map_err(|error| self.metastore.failure(self.action, &error))
    }
}

/// A column of a row, by its place.
pub(super) fn column<'r, T>(row: &'r AnyRow, place: usize) -> Result<T>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    row.try_get(place).map_err(|error| {
        Error::new(
            ErrorCode::Internal,
            format!("a row of the catalogue is not understood: {error}"),
        )
        .caused_by(error)
    })
}
