//! What names mean: a [`Catalog`] says which databases, tables and views there are, and changes them.
//!
//! Must hold: a lookup reads the present state each time; nothing is remembered between statements, so that what another
//! process changes is seen by the next one. A [`Change`] is made whole or not at all.
//! Must not know: principals, SQL text, plans.

mod builtin;
mod change;
#[cfg(test)]
mod contract;
mod definition;
mod own;
mod sample;
mod settings;
pub mod standard;
mod system;
mod transaction;
pub mod types;
mod writes;

pub use builtin::BuiltinCatalog;
pub use change::{Change, IfExists, IfMissing, Outcome};
pub use definition::{Column, Database, Ownership, Partition, TableDefinition, ViewDefinition, schema_of};
pub use own::{OwnDatabase, WithOwnDatabases};
pub use sample::sample_database;
pub use settings::Settings;
pub use system::{SystemTable, system_database};
pub use writes::{Liveness, WriteClaim, WriteClaims, Writer};

use async_trait::async_trait;
use std::sync::Arc;

use crate::error::Result;
use crate::name::TableName;

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Relation {
    /// Files.
    Table(Arc<TableDefinition>),
    /// A query.
    View(Arc<ViewDefinition>),
    /// A table that Owlet itself keeps, whose rows are read anew for each statement.
    System(Arc<dyn SystemTable>),
}

impl Relation {
    /// Its name within its database.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Table(table) => &table.name.table,
            Self::View(view) => &view.name.table,
            Self::System(table) => table.name(),
        }
    }
}

/// A catalogue: databases with tables and views. Implementations answer from their present state and may be asked and changed
/// by many queries and processes at once.
#[async_trait]
pub trait Catalog: std::fmt::Debug + Send + Sync {
    /// Its databases, in the order of their names.
    ///
    /// # Errors
    /// Those of the place where the names are kept.
    async fn databases(&self) -> Result<Vec<Database>>;

    /// The database of that name (lower case), or `None` if there is none.
    ///
    /// # Errors
    /// Those of the place where the names are kept.
    async fn database(&self, name: &str) -> Result<Option<Database>>;

    /// What the database of that name holds, in the order of the names; nothing if there is no such database.
    ///
    /// # Errors
    /// Those of the place where the names are kept.
    async fn relations(&self, database: &str) -> Result<Vec<Relation>>;

    /// What each of `names` stands for, in their order, `None` where there is nothing: all read at one moment.
    ///
    /// # Errors
    /// Those of the place where the names are kept.
    async fn find(&self, names: &[TableName]) -> Result<Vec<Option<Relation>>>;

    /// The registered partitions of a table, dropped ones among them, in the order of their values; nothing if there is no
    /// such table.
    ///
    /// # Errors
    /// Those of the place where they are kept.
    async fn partitions(&self, table: &TableName) -> Result<Vec<Partition>>;

    /// Makes one change, whole or not at all; whoever asks afterwards, in whatever process, sees it. Nobody retries. If the
    /// future is dropped, the change is made or not. So it is if the place where the names are kept fails on the last step.
    ///
    /// # Errors
    /// `ALREADY_EXISTS`, `DATABASE_NOT_FOUND`, `TABLE_NOT_FOUND` that name what is or is not there, with the nearest name;
    /// `NOT_SUPPORTED` and `PERMISSION_DENIED` where the catalogue cannot be changed so; `INVALID_VALUE` and
    /// `EXCEEDED_STATEMENT_LIMIT` for what it cannot keep; `OBJECT_CHANGED` if the claim of a new table was taken over; those of
    /// the place where the names are kept.
    async fn change(&self, change: Change) -> Result<Outcome>;
}
