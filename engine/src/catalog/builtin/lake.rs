//! The catalogue: its reads, each one query, and the way of a change.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::relations::named;
use super::row::{self, Kind};
use super::{databases, limits, partitions, relations};
use crate::catalog::transaction::Transaction;
use crate::catalog::{Catalog, Change, Database, Outcome, Partition, Relation};
use crate::error::{Error, ErrorCode, Result};
use crate::metastore::Metastore;
use crate::name::{DEFAULT_CATALOG, TableName};

/// The most names that are looked up at once. Two values each, and SQLite binds at most 32,766.
const NAMES_LIMIT: usize = 10_000;

/// The catalogue in a metastore.
#[derive(Clone, Debug)]
pub struct BuiltinCatalog {
    metastore: Metastore,
}

impl BuiltinCatalog {
    /// The catalogue in `metastore`.
    #[must_use]
    pub fn new(metastore: Metastore) -> Self {
        Self { metastore }
    }
}

#[async_trait]
impl Catalog for BuiltinCatalog {
    async fn databases(&self) -> Result<Vec<Database>> {
        let select = || {
            sqlx::query(AssertSqlSafe(format!(
                "SELECT {} FROM owlet_databases",
                databases::COLUMNS
            )))
        };
        let rows = self.metastore.fetch_all("list the databases", select).await?;
        let mut databases = rows.iter().map(databases::read).collect::<Result<Vec<_>>>()?;
        // Not by the database, whose order depends on its locale.
        databases.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(databases)
    }

    async fn database(&self, name: &str) -> Result<Option<Database>> {
        let select = || {
            let sql = format!("SELECT {} FROM owlet_databases WHERE name = $1", databases::COLUMNS);
            sqlx::query(AssertSqlSafe(sql)).bind(name.to_owned())
        };
        let rows = self.metastore.fetch_all("look up a database", select).await?;
        rows.first().map(databases::read).transpose()
    }

    async fn relations(&self, database: &str) -> Result<Vec<Relation>> {
        let select = || {
            let sql = format!("SELECT {} FROM owlet_relations WHERE database_name = $1", row::COLUMNS);
            sqlx::query(AssertSqlSafe(sql)).bind(database.to_owned())
        };
        let rows = self
            .metastore
            .fetch_all("list the tables of a database", select)
            .await?;
        let mut relations = rows.iter().map(row::read).collect::<Result<Vec<_>>>()?;
        relations.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(relations.into_iter().map(|(_, relation)| relation).collect())
    }

    async fn find(&self, names: &[TableName]) -> Result<Vec<Option<Relation>>> {
        let own: BTreeSet<&TableName> = names.iter().filter(|name| name.catalog == DEFAULT_CATALOG).collect();
        if own.len() > NAMES_LIMIT {
            let message = format!(
                "the statement names {} tables, where {NAMES_LIMIT} are the limit",
                own.len()
            );
            return Err(Error::new(ErrorCode::ExceededStatementLimit, message));
        }
        if own.is_empty() {
            return Ok(vec![None; names.len()]);
        }
        let pairs: Vec<String> = (0..own.len())
            .map(|name| format!("(${}, ${})", 2 * name + 1, 2 * name + 2))
            .collect();
        let sql = format!(
            "SELECT {} FROM owlet_relations WHERE (database_name, name) IN (VALUES {})",
            row::COLUMNS,
            pairs.join(", ")
        );
        let select = || {
            own.iter()
                .fold(sqlx::query(AssertSqlSafe(sql.clone())), |select, name| {
                    select.bind(name.database.clone()).bind(name.table.clone())
                })
        };
        let rows = self.metastore.fetch_all("look up tables", select).await?;
        let found = rows.iter().map(row::read).collect::<Result<HashMap<_, _>>>()?;
        Ok(names.iter().map(|name| found.get(name).cloned()).collect())
    }

    async fn partitions(&self, table: &TableName) -> Result<Vec<Partition>> {
        if table.catalog != DEFAULT_CATALOG {
            return Ok(Vec::new());
        }
        let select = || named(partitions::SELECT, table);
        let rows = self
            .metastore
            .fetch_all("list the partitions of a table", select)
            .await?;
        let mut partitions = rows.iter().map(partitions::read).collect::<Result<Vec<_>>>()?;
        partitions.sort_unstable();
        Ok(partitions)
    }

    async fn change(&self, change: Change) -> Result<Outcome> {
        limits::check(&change)?;
        let mut transaction = Transaction::begin(&self.metastore, "change the catalogue").await?;
        let outcome = apply(&mut transaction, &change).await?;
        transaction.commit().await?;
        Ok(outcome)
    }
}

async fn apply(transaction: &mut Transaction<'_>, change: &Change) -> Result<Outcome> {
    match change {
        Change::CreateDatabase {
            database,
            tables,
            if_exists,
        } => databases::create(transaction, database, tables, *if_exists).await,
        Change::DropDatabase {
            database,
            cascade,
            if_missing,
        } => databases::drop(transaction, database, *cascade, *if_missing).await,
        Change::CreateTable {
            table,
            if_exists,
            claim,
        } => relations::create_table(transaction, table, *if_exists, claim.as_ref()).await,
        Change::DropTable { table, if_missing } => relations::drop(transaction, table, Kind::Table, *if_missing).await,
        Change::CreateView { view, if_exists } => relations::create_view(transaction, view, *if_exists).await,
        Change::DropView { view, if_missing } => relations::drop(transaction, view, Kind::View, *if_missing).await,
        Change::AddPartitions {
            table,
            partitions,
            if_exists,
        } => partitions::add(transaction, table, partitions, *if_exists).await,
        Change::DropPartitions { table, partitions } => partitions::drop(transaction, table, partitions).await,
    }
}
