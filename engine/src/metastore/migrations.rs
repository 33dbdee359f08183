//! The schema's versions, and how a database comes to the newest one.
//!
//! sqlx's own migrator is not used: on SQLite it takes no lock, so of eight processes that start at once several would run the
//! same step, and it costs several round trips at each start. Here a start that finds the newest version costs one query.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::failure::is_missing_table;
use super::location::Kind;
use super::store::Metastore;
use crate::error::{Error, ErrorCode, Result};

/// The steps of the schema, oldest first: the step at index `n` leads from version `n` to `n + 1`. A step that was ever
/// released is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_query_executions.sql"),
    include_str!("migrations/0002_catalogue.sql"),
];

const ACTION: &str = "prepare the schema";
const VERSION_ACTION: &str = "read the schema's version";

/// Brings the schema to the newest version, or refuses one that is newer still.
pub(super) async fn bring_up_to_date(metastore: &Metastore) -> Result<()> {
    match stored_version(metastore).await? {
        Some(version) if version == newest() => return Ok(()),
        Some(version) => refuse_newer(metastore, version)?,
        None => prepare_new_database(metastore).await?,
    }
    migrate(metastore).await
}

/// The schema's version; none if the database is not a metastore yet.
async fn stored_version(metastore: &Metastore) -> Result<Option<i64>> {
    let mut patience = metastore.patience();
    loop {
        match metastore
            .try_fetch_all(sqlx::query("SELECT version FROM owlet_schema_version"))
            .await
        {
            Ok(rows) => return version_in(metastore, rows.first()).map(Some),
            Err(error) if is_missing_table(&error) => return Ok(None),
            Err(error) => metastore.pause_after(&mut patience, VERSION_ACTION, error).await?,
        }
    }
}

fn version_in(metastore: &Metastore, row: Option<&AnyRow>) -> Result<i64> {
    let version = row.map_or(Ok(0), |row| row.try_get(0));
    version.map_err(|error| metastore.failure(VERSION_ACTION, &error))
}

/// Makes a new SQLite file private and gives it a write-ahead log, so that readers and a writer do not wait for each other.
/// The file keeps that mode. Where it cannot have one (some network file systems) SQLite stays with its rollback journal,
/// which is slower and as right.
async fn prepare_new_database(metastore: &Metastore) -> Result<()> {
    if metastore.location().kind != Kind::Sqlite {
        return Ok(());
    }
    metastore.location().make_private()?;
    metastore
        .fetch_all(ACTION, || sqlx::query("PRAGMA journal_mode = WAL"))
        .await?;
    Ok(())
}

/// Runs the missing steps in one transaction, beside which there is no other: of many processes one does the work and the others
/// then find it done.
async fn migrate(metastore: &Metastore) -> Result<()> {
    let failure = |error: sqlx::Error| metastore.failure(ACTION, &error);
    let mut transaction = metastore.begin(ACTION).await?;
    let table = sqlx::query("CREATE TABLE IF NOT EXISTS owlet_schema_version (version BIGINT NOT NULL)");
    table.execute(transaction.connection()).await.map_err(failure)?;
    let select = sqlx::query("SELECT version FROM owlet_schema_version");
    let row = select.fetch_optional(transaction.connection()).await.map_err(failure)?;
    let version = version_in(metastore, row.as_ref())?;
    refuse_newer(metastore, version)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        sqlx::raw_sql(*migration)
            .execute(transaction.connection())
            .await
            .map_err(failure)?;
    }
    let clear = sqlx::query("DELETE FROM owlet_schema_version");
    clear.execute(transaction.connection()).await.map_err(failure)?;
    let insert = sqlx::query("INSERT INTO owlet_schema_version (version) VALUES ($1)").bind(newest());
    insert.execute(transaction.connection()).await.map_err(failure)?;
    transaction.commit().await.map_err(failure)
}

fn refuse_newer(metastore: &Metastore, version: i64) -> Result<()> {
    if version <= newest() {
        return Ok(());
    }
    let (shown, newest) = (&metastore.location().shown, newest());
    let message = format!(
        "the metastore \"{shown}\" was written by a newer owlet (schema {version}, this one knows {newest}): \
         upgrade owlet or choose another data directory"
    );
    Err(Error::new(ErrorCode::NotSupported, message))
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}
