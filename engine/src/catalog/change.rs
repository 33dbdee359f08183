//! The ways to change a catalogue. Each is made whole or not at all.

use super::definition::{Database, Partition, TableDefinition, ViewDefinition};
use super::writes::WriteClaim;
use crate::name::TableName;

/// What to do where a name that is to be made is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// Refuse.
    Fail,
    /// Leave everything as it is, and succeed (IF NOT EXISTS).
    Keep,
    /// Put the new one in its place (OR REPLACE): a view in that of a view, a table in that of a table.
    Replace,
}

/// What to do where a name that is to go is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Refuse.
    Fail,
    /// Succeed (IF EXISTS).
    Ignore,
}

/// One change of a catalogue.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new database, with tables in it from the start.
    CreateDatabase {
        /// The database.
        database: Database,
        /// The tables that it opens with, whose names say this database.
        tables: Vec<TableDefinition>,
        /// Where it is there already.
        if_exists: IfExists,
    },
    /// The end of a database.
    DropDatabase {
        /// Its name.
        database: String,
        /// Whether its tables and views go with it. Without, it must be empty.
        cascade: bool,
        /// Where it is not there.
        if_missing: IfMissing,
    },
    /// A new table. Its database must be there.
    CreateTable {
        /// The table.
        table: Box<TableDefinition>,
        /// Where a table or view of the name is there already.
        if_exists: IfExists,
        /// The claim under which its files were written. It is released together with this change; if it is no longer held,
        /// the change is refused.
        claim: Option<WriteClaim>,
    },
    /// The end of a table.
    DropTable {
        /// Its name.
        table: TableName,
        /// Where it is not there.
        if_missing: IfMissing,
    },
    /// A new view. Its database must be there.
    CreateView {
        /// The view.
        view: Box<ViewDefinition>,
        /// Where a table or view of the name is there already.
        if_exists: IfExists,
    },
    /// The end of a view.
    DropView {
        /// Its name.
        view: TableName,
        /// Where it is not there.
        if_missing: IfMissing,
    },
    /// Partitions that a table has from now on. One that was dropped is no longer.
    AddPartitions {
        /// The table.
        table: TableName,
        /// The partitions.
        partitions: Vec<Partition>,
        /// Where one is registered already.
        if_exists: IfExists,
    },
    /// Partitions that a table has no longer, whether registered or found by listing.
    DropPartitions {
        /// The table.
        table: TableName,
        /// The values of each.
        partitions: Vec<Vec<Option<String>>>,
    },
}

/// What a change came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Changed,
    /// There was nothing to do: IF NOT EXISTS of what is there, IF EXISTS of what is not.
    Unchanged,
}

impl Change {
    /// The database that it concerns.
    #[must_use]
    pub fn database(&self) -> &str {
        match self {
            Self::CreateDatabase { database, .. } => &database.name,
            Self::DropDatabase { database, .. } => database,
            Self::CreateTable { table, .. } => &table.name.database,
            Self::CreateView { view, .. } => &view.name.database,
            Self::DropTable { table, .. } | Self::AddPartitions { table, .. } | Self::DropPartitions { table, .. } => {
                &table.database
            }
            Self::DropView { view, .. } => &view.database,
        }
    }
}
