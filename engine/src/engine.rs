//! The one place where the parts are put together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;

use crate::catalog::{self, BuiltinCatalog, Catalog, OwnDatabase, WithOwnDatabases, WriteClaims};
use crate::config::Config;
use crate::error::Result;
use crate::execution::{Claims, Effects, LocalExecutor};
use crate::formats::Formats;
use crate::governance::Principal;
use crate::history::{History, QueryExecutions};
use crate::metastore::Metastore;
use crate::planner::{Bounds, Planner};
use crate::query::{Parts, Running, Session};
use crate::storage::{Examination, Location, SampleFile, Storage, Terms};
use crate::workgroup::{Machine, SpillDirectory, WorkGroup};

/// An open engine. Cheap to clone; all clones are the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    parts: Arc<Parts>,
    metastore: Metastore,
    working_directory: PathBuf,
}

impl Engine {
    /// Opens the metastore and the spill directory that `config` names, making what is missing. No store is touched yet.
    ///
    /// The runtime that polls this is the engine's for as long as it is open: statements are watched over there, and their
    /// requests run there. Operators compute on threads of their own, so that no thread of it is kept busy.
    ///
    /// # Errors
    /// `INVALID_SETTING` that names what cannot be used.
    #[expect(clippy::disallowed_methods, reason = "the one place where a process gets its id")]
    pub async fn open(config: Config) -> Result<Self> {
        let Config {
            data_directory,
            working_directory,
            environment,
            settings,
        } = config;
        let metastore = Metastore::open(&settings.metastore, &data_directory).await?;
        let process_id = uuid::Uuid::now_v7().to_string();
        let history = History::open(metastore.clone(), settings.history, &process_id, Arc::new(clock)).await?;
        let spill_directory = if settings.workgroup.spill_directory.as_os_str().is_empty() {
            data_directory.join("spill")
        } else {
            working_directory.join(&settings.workgroup.spill_directory)
        };
        let machine = Machine::present();
        let workgroup = WorkGroup::new(settings.workgroup, machine, SpillDirectory::open(&spill_directory)?)?;
        let claims = WriteClaims::new(metastore.clone(), &settings.catalog);
        let lake = Arc::new(BuiltinCatalog::new(metastore.clone()));
        let mut storage = settings.storage;
        if !settings.catalog.sample {
            storage.sample.clear();
        }
        let own = own_databases(&history, &storage.sample)?;
        let catalog: Arc<dyn Catalog> = Arc::new(WithOwnDatabases::new(lake, own));
        let warehouse = match &settings.catalog.warehouse {
            Some(written) => Location::parse(written, &working_directory)?,
            None => Location::parse(
                &data_directory.join("warehouse").display().to_string(),
                &working_directory,
            )?,
        };
        let formats = Arc::new(Formats::new(settings.formats, Arc::new(clock)));
        let bounds = Bounds {
            target_partitions: workgroup.target_partitions(),
            call_limit_bytes: workgroup.call_limit_bytes(),
            limits: settings.statement.clone(),
            warehouse: warehouse.into_directory(),
        };
        let executor = LocalExecutor::start(machine.processors)?;
        let effects = Effects {
            catalog: Arc::clone(&catalog),
            claims: Claims {
                all: claims,
                history: history.clone(),
                clock: Arc::new(clock),
            },
            writing: formats.settings.write.clone(),
            processors: executor.processors().clone(),
            temporary_limit_bytes: settings.catalog.temporary_table_limit_bytes,
        };
        let parts = Parts {
            limits: settings.statement,
            storage: Storage::new(storage, environment, Handle::current())?,
            planner: Planner::new(catalog, formats, bounds),
            workgroup,
            history,
            executor: Arc::new(executor),
            effects,
            running: Running::none(),
        };
        Ok(Self {
            parts: Arc::new(parts),
            metastore,
            working_directory,
        })
    }

    /// A session of `principal`.
    #[must_use]
    pub fn session(&self, principal: Principal) -> Session {
        Session::new(Arc::clone(&self.parts), principal, self.working_directory.clone())
    }

    /// The bytes that all queries together have reserved now.
    #[must_use]
    pub fn reserved_bytes(&self) -> usize {
        self.parts.workgroup.reserved_bytes()
    }

    /// The bytes of spilled data on disk now.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.parts.workgroup.spilled_bytes()
    }

    /// How many tasks compute for all queries together now. After a query was cancelled, it says when its work has ended.
    #[must_use]
    pub fn computing_tasks(&self) -> usize {
        self.parts.executor.tasks()
    }

    /// Examines the way to the store of `url`, a location as in a statement's FROM, without opening an engine: neither metastore
    /// nor data directory is touched, so it works where these do not.
    ///
    /// The requests of the examination run on the runtime that calls this. Nothing is asked before its first step.
    ///
    /// # Errors
    /// `INVALID_VALUE` if `url` is no location, `INVALID_SETTING` if a setting of the storage contradicts itself.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where an examination gets its id"
    )]
    pub fn examine(config: Config, url: &str, terms: Terms) -> Result<Examination> {
        let location = Location::parse(url, &config.working_directory)?;
        let mut settings = config.settings.storage;
        // The first answer is what is to be seen.
        settings.max_retries = 0;
        let storage = Storage::new(settings, config.environment, Handle::current())?;
        let id = uuid::Uuid::now_v7().to_string();
        Ok(storage.examine(location, terms, clock, id))
    }

    /// Waits until every statement has ended and its record is closed, then closes the metastore. Statements whose streams
    /// are still held run to their end first.
    ///
    /// # Errors
    /// `INTERNAL` if the record of a statement could not be closed.
    pub async fn close(self) -> Result<()> {
        self.parts.running.ended().await;
        let closed = self.parts.history.close().await;
        self.metastore.close().await;
        closed
    }
}

/// The databases that Owlet brings itself: that of the sample if there are files of it.
fn own_databases(history: &History, sample: &[SampleFile]) -> Result<Vec<OwnDatabase>> {
    let executions = Arc::new(QueryExecutions(history.clone()));
    let mut own = vec![catalog::system_database(vec![executions])];
    if !sample.is_empty() {
        own.push(catalog::sample_database()?);
    }
    Ok(own)
}

/// Microseconds since the Unix epoch, by the clock of this machine: the one place where it is read for records.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn clock() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::execution::Executor;
    use crate::planner::Plan;
    use crate::workgroup::Slot;
    use datafusion::execution::SendableRecordBatchStream;
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use futures::{StreamExt, stream};

    /// An operator with a defect.
    #[derive(Debug)]
    struct Panics;

    impl Executor for Panics {
        fn execute(&self, plan: &Plan, _slot: Slot) -> Result<SendableRecordBatchStream> {
            let batches = stream::once(async { panic!("on purpose") });
            Ok(Box::pin(RecordBatchStreamAdapter::new(plan.schema(), batches)))
        }

        fn tasks(&self) -> usize {
            0
        }
    }

    #[tokio::test]
    async fn a_panic_ends_its_query_with_internal_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().display().to_string();
        let config = Config::load(
            None,
            [("HOME", home)].into_iter().collect(),
            directory.path().to_owned(),
        )
        .unwrap();
        let mut engine = Engine::open(config).await.unwrap();
        let whole = Arc::clone(&engine.parts.executor);
        Arc::get_mut(&mut engine.parts).unwrap().executor = Arc::new(Panics);
        let mut stream = engine.session(Principal::local()).run("SELECT 1").await.unwrap();
        let query_id = stream.query_id().to_owned();
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Internal);
        drop(stream);
        engine.parts.running.ended().await;
        Arc::get_mut(&mut engine.parts).unwrap().executor = whole;
        let sql =
            format!("SELECT 1 FROM system.query_executions WHERE query_id = '{query_id}' AND error_code = 'INTERNAL'");
        let mut stream = engine.session(Principal::local()).run(&sql).await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap().num_rows(), 1);
    }
}
