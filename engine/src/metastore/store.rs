//! The connections to the metastore, and the three ways to use them: read, write one statement, write in a transaction.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyPoolOptions, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use super::failure::explain;
use super::location::{Kind, Location};
use super::migrations;
use super::patience::Patience;
use super::settings::Settings;
use crate::error::Result;

/// A statement of fixed text with its bound values. Bind `String`, `&str`, `i64` and `Option`s of them; sqlx 0.9 panics on an
/// `Arc<str>` that reaches SQLite through `Any`.
pub(crate) type Statement = Query<'static, Any, AnyArguments>;

/// How long a transaction may stand still on a server before the server ends it.
const IDLE_TRANSACTION_LIMIT: Duration = Duration::from_mins(1);

/// Owlet's own durable state. Clones share the connections.
#[derive(Clone)]
pub struct Metastore(Arc<Shared>);

struct Shared {
    pool: AnyPool,
    location: Location,
    busy_timeout: Duration,
    /// SQLite lets one connection write at a time and makes the others sleep and look again. The writers of this process stand
    /// in line here instead, which is fair and quick, so that only processes contend for the file.
    writers: Mutex<()>,
}

impl Metastore {
    /// Opens the metastore, and creates it or brings its schema up to date first where that is needed.
    ///
    /// Any number of processes may do so at once. `data_directory` is created for this user alone if it is missing.
    ///
    /// # Errors
    /// `INVALID_SETTING` if the directory, the file or the URL cannot be used; `BAD_DATA` if the file is damaged or no
    /// database; `NOT_SUPPORTED` if a newer Owlet wrote it; `STORAGE_UNAVAILABLE` if the server cannot be reached or other
    /// processes keep it locked. Every message names the metastore; none holds a password.
    pub async fn open(settings: &Settings, data_directory: &Path) -> Result<Self> {
        let location = Location::resolve(settings.url.as_ref(), data_directory)?;
        Self::connect(location, settings).await
    }

    /// An empty metastore in memory, for this process alone: for a shell whose data directory cannot be written.
    ///
    /// # Errors
    /// `INTERNAL`, if SQLite fails.
    pub async fn in_memory() -> Result<Self> {
        Self::connect(Location::memory()?, &Settings::default()).await
    }

    /// Closes all connections once their statements have ended. Whoever uses a clone after that gets an error. On the way the
    /// last process to leave writes SQLite's log back into the file; ending the process without this loses nothing.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    /// The data directory, absolute; none if the metastore is in memory.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.0.location.directory.as_deref()
    }

    /// Whether processes of other data directories may use it.
    pub(crate) fn is_shared(&self) -> bool {
        self.0.location.kind == Kind::PostgreSql
    }

    /// Runs one statement that writes, on its own and whole. Gives the number of rows that it changed. `action` says in an
    /// error what could not be done. `statement` is called once for each try.
    pub(crate) async fn execute(&self, action: &str, statement: impl Fn() -> Statement + Send + Sync) -> Result<u64> {
        let _turn = self.turn().await;
        let mut patience = Patience::new(self.0.busy_timeout);
        loop {
            match self.try_execute(statement()).await {
                Ok(rows) => return Ok(rows),
                Err(error) => self.pause_after(&mut patience, action, error).await?,
            }
        }
    }

    /// Runs one statement that reads. `action` says in an error what could not be done.
    pub(crate) async fn fetch_all(
        &self,
        action: &str,
        statement: impl Fn() -> Statement + Send + Sync,
    ) -> Result<Vec<AnyRow>> {
        let mut patience = Patience::new(self.0.busy_timeout);
        loop {
            match self.try_fetch_all(statement()).await {
                Ok(rows) => return Ok(rows),
                Err(error) => self.pause_after(&mut patience, action, error).await?,
            }
        }
    }

    /// Begins a transaction that writes, beside which no other one runs on this metastore, in whatever process: it holds SQLite's
    /// write lock from the start (`BEGIN IMMEDIATE`), or a lock of ours on PostgreSQL. So what it reads of tables that are
    /// written in such transactions alone stays true until it commits, and it never meets a deadlock. Dropping it rolls back.
    /// Do not call `execute` of this metastore while it is open: that would wait for ever.
    pub(crate) async fn begin(&self, action: &str) -> Result<WriteTransaction<'_>> {
        let turn = self.turn().await;
        let mut patience = Patience::new(self.0.busy_timeout);
        loop {
            let begun = match self.0.location.kind {
                Kind::Sqlite | Kind::Memory => self.0.pool.begin_with("BEGIN IMMEDIATE").await,
                Kind::PostgreSql => self.begin_on_server().await,
            };
            match begun {
                Ok(transaction) => {
                    return Ok(WriteTransaction {
                        transaction,
                        _turn: turn,
                    });
                }
                Err(error) => self.pause_after(&mut patience, action, error).await?,
            }
        }
    }

    async fn begin_on_server(&self) -> sqlx::Result<Transaction<'static, Any>> {
        let mut transaction = self.0.pool.begin().await?;
        // Of a process that stops in the middle the server hangs up, so that it does not keep everybody else waiting. The number
        // is no more than a name that nobody else uses.
        let sql = "SELECT set_config('lock_timeout', $1, true), \
            set_config('idle_in_transaction_session_timeout', $2, true), \
            pg_advisory_xact_lock(8028075772393122402)::text";
        let lock = sqlx::query(sql)
            .bind(format!("{}ms", self.0.busy_timeout.as_millis().max(1)))
            .bind(format!("{}ms", IDLE_TRANSACTION_LIMIT.as_millis()));
        lock.execute(&mut *transaction).await?;
        Ok(transaction)
    }

    pub(super) fn location(&self) -> &Location {
        &self.0.location
    }

    /// The engine's error for a database error, met while doing `action`.
    pub(crate) fn failure(&self, action: &str, error: &sqlx::Error) -> crate::error::Error {
        explain(&self.0.location, action, error)
    }

    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.0.busy_timeout)
    }

    pub(super) async fn pause_after(&self, patience: &mut Patience, action: &str, error: sqlx::Error) -> Result<()> {
        patience
            .pause_after(error)
            .await
            .map_err(|error| self.failure(action, &error))
    }

    /// One try of a reading statement.
    pub(super) async fn try_fetch_all(&self, statement: Statement) -> sqlx::Result<Vec<AnyRow>> {
        let mut connection = self.0.pool.acquire().await?;
        let rows = statement.fetch_all(&mut *connection).await;
        // Left to its drop, the connection comes back from a task of its own, and whoever asks next opens another one.
        connection.return_to_pool().await;
        rows
    }

    async fn try_execute(&self, statement: Statement) -> sqlx::Result<u64> {
        let mut connection = self.0.pool.acquire().await?;
        let result = statement.execute(&mut *connection).await;
        connection.return_to_pool().await;
        Ok(result?.rows_affected())
    }

    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.0.location.kind {
            Kind::Sqlite | Kind::Memory => Some(self.0.writers.lock().await),
            Kind::PostgreSql => None,
        }
    }

    async fn connect(location: Location, settings: &Settings) -> Result<Self> {
        // sqlx keeps the list of its drivers in a static of its own. Only the first call does anything.
        sqlx::any::install_default_drivers();
        let busy_timeout = Duration::from_millis(settings.busy_timeout_ms.into());
        let pool = pool_options(location.kind, settings).acquire_timeout(busy_timeout);
        let metastore = Self(Arc::new(Shared {
            pool: pool.connect_lazy_with(location.options.clone()),
            location,
            busy_timeout,
            writers: Mutex::new(()),
        }));
        migrations::bring_up_to_date(&metastore).await?;
        Ok(metastore)
    }
}

impl fmt::Debug for Metastore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metastore(\"{}\")", self.0.location.shown)
    }
}

/// A transaction that may write, and that keeps the other writers of this process waiting.
pub(crate) struct WriteTransaction<'a> {
    // The order of the fields is the order of their drop: roll back, then let the next writer in.
    transaction: Transaction<'static, Any>,
    _turn: Option<MutexGuard<'a, ()>>,
}

impl WriteTransaction<'_> {
    /// The connection, for statements in the transaction.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    /// Makes all of it durable and visible, or fails and changes nothing.
    pub(crate) async fn commit(self) -> sqlx::Result<()> {
        self.transaction.commit().await
    }
}

fn pool_options(kind: Kind, settings: &Settings) -> AnyPoolOptions {
    let options = AnyPoolOptions::new();
    match kind {
        Kind::PostgreSql => options.max_connections(settings.connection_limit.max(1)),
        Kind::Memory => local(options).max_connections(1),
        Kind::Sqlite => {
            // A process that starts alone reads the whole write-ahead log, so the log is kept to a fourth of its usual length.
            let pragmas = format!(
                "PRAGMA busy_timeout = {}; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 250;",
                i32::try_from(settings.busy_timeout_ms).unwrap_or(i32::MAX)
            );
            local(options)
                .max_connections(settings.connection_limit.max(1))
                .after_connect(move |connection, _| {
                    let pragmas = pragmas.clone();
                    Box::pin(async move {
                        // sqlx answers an error from here with new tries until its timeout, and then hides it. Without these
                        // the connection is slower, not wrong; and what is wrong with the file, the first statement will say.
                        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(pragmas)).execute(connection).await {
                            tracing::debug!(%error, "cannot tune a connection to the metastore");
                        }
                        Ok(())
                    })
                })
        }
    }
}

/// A connection within this process neither dies nor grows old.
fn local(options: AnyPoolOptions) -> AnyPoolOptions {
    options.test_before_acquire(false).idle_timeout(None).max_lifetime(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(metastore: &Metastore, sql: &'static str) {
        metastore.execute("test", || sqlx::query(sql)).await.unwrap();
    }

    /// The reason why the schema has no BOOLEAN. When this fails, sqlx has learnt it, and the rule in `mod.rs` may go.
    #[tokio::test]
    async fn sqlx_any_still_cannot_read_a_boolean_column_of_sqlite() {
        let metastore = Metastore::in_memory().await.unwrap();
        run(&metastore, "CREATE TABLE t (flag BOOLEAN)").await;
        run(&metastore, "INSERT INTO t VALUES (TRUE)").await;
        let read = metastore.fetch_all("test", || sqlx::query("SELECT flag FROM t")).await;
        let error = read.err().unwrap();
        assert!(error.message().contains("does not support the SQLite type"), "{error}");
    }

    #[tokio::test]
    async fn a_transaction_that_is_dropped_leaves_nothing_and_lets_the_next_writer_in() {
        let directory = tempfile::tempdir().unwrap();
        let metastore = Metastore::open(&Settings::default(), directory.path()).await.unwrap();
        run(&metastore, "CREATE TABLE t (n BIGINT)").await;
        for commit in [false, true] {
            let mut transaction = metastore.begin("test").await.unwrap();
            sqlx::query("INSERT INTO t VALUES (1)")
                .execute(transaction.connection())
                .await
                .unwrap();
            if commit {
                transaction.commit().await.unwrap();
            }
        }
        let rows = metastore
            .fetch_all("test", || sqlx::query("SELECT n FROM t"))
            .await
            .unwrap();
        assert_eq!(rows.len(), 1);
    }

    #[tokio::test]
    async fn a_transaction_locks_other_processes_out_from_its_first_moment() {
        let directory = tempfile::tempdir().unwrap();
        let impatient = Settings {
            busy_timeout_ms: 50,
            ..Settings::default()
        };
        // Two metastores share no line of writers, as two processes do not.
        let first = Metastore::open(&impatient, directory.path()).await.unwrap();
        let second = Metastore::open(&impatient, directory.path()).await.unwrap();
        let transaction = first.begin("test").await.unwrap();
        let error = second.begin("test").await.err().unwrap();
        assert_eq!(error.code(), crate::error::ErrorCode::StorageUnavailable);
        assert!(error.message().contains("another process kept it locked"), "{error}");
        transaction.commit().await.unwrap();
        assert!(second.begin("test").await.is_ok());
    }

    #[tokio::test]
    async fn one_statement_after_another_shares_one_connection() {
        let directory = tempfile::tempdir().unwrap();
        let metastore = Metastore::open(&Settings::default(), directory.path()).await.unwrap();
        run(&metastore, "CREATE TABLE t (n BIGINT)").await;
        for _ in 0..20 {
            run(&metastore, "INSERT INTO t VALUES (1)").await;
            metastore
                .fetch_all("test", || sqlx::query("SELECT n FROM t"))
                .await
                .unwrap();
        }
        assert!(metastore.0.pool.size() <= 2, "{} connections", metastore.0.pool.size());
    }
}
