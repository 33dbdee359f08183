//! One connection of one principal.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::datasource::MemTable;
use datafusion::object_store::ObjectStore;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream::BoxStream;

use super::QueryStream;
use super::bound;
use super::completion::{self, Completions};
use super::describe::{self, Description};
use super::ingest::{self, Ingest};
use super::planned::PlannedQuery;
use super::run::{self, Parts, Submitted};
use crate::error::{Error, ErrorCode, Result};
use crate::governance::{Defaults, Principal};
use crate::planner::{KeepMode, SessionChange, SessionSettings, SettingValue, Snapshot};
use crate::storage::Location;
use crate::syntax::{Statement, StatementKind};

/// The statements of one principal over one connection, with the defaults, settings, prepared statements and temporary tables that
/// they share. Clones are the same session.
#[derive(Clone, Debug)]
pub struct Session {
    parts: Arc<Parts>,
    principal: Principal,
    memory: Arc<SessionMemory>,
}

impl Session {
    /// A session of `principal` over the parts of one engine; relative paths start from `working_directory`.
    pub(crate) fn new(parts: Arc<Parts>, principal: Principal, working_directory: PathBuf) -> Self {
        Self {
            parts,
            principal,
            memory: Arc::new(SessionMemory::new(Defaults::new(working_directory))),
        }
    }

    /// Runs one statement. Returns once it is planned and admitted; its rows then come through the stream.
    ///
    /// What it changes of the session (USE, SET, PREPARE, temporary tables) holds for statements that are run after its stream has
    /// ended. Dropping the future or the stream cancels the statement.
    ///
    /// # Errors
    /// Whatever is wrong with the statement or with what it reads, found before the first row; see
    /// [`ErrorCode`](crate::ErrorCode). Errors found later come through the stream.
    pub async fn run(&self, sql: &str) -> Result<QueryStream> {
        self.plan(sql, None).await?.start().await
    }

    /// Plans one statement, which then waits for the word to run: see [`PlannedQuery`].
    ///
    /// `parameters` are what stands for the `?` or `$1`, `$2` … of the statement, each column for one of them. There is one row,
    /// or, for an INSERT of one row of VALUES, any number: they become one INSERT.
    ///
    /// # Errors
    /// As [`Self::run`]; `INVALID_VALUE` for a wrong number of parameters, and for several rows where one is taken.
    pub async fn plan(&self, sql: &str, parameters: Option<&RecordBatch>) -> Result<PlannedQuery> {
        let (statement, session) = bound::statement(sql, parameters, self.memory.snapshot(), &self.parts.limits)?;
        let kind = statement.kind();
        let statement = run::executed(statement, &session, &self.parts.limits)?;
        self.plan_in(sql, kind, statement, session).await
    }

    /// Plans `statement` in `session`.
    pub(super) async fn plan_in(
        &self,
        sql: &str,
        kind: StatementKind,
        statement: Statement,
        session: Snapshot,
    ) -> Result<PlannedQuery> {
        let submitted = Submitted {
            sql,
            kind,
            statement,
            session,
        };
        let (parts, memory) = (Arc::clone(&self.parts), Arc::clone(&self.memory));
        run::plan(parts, self.principal.clone(), memory, submitted).await
    }

    /// What a statement would give, and what its parameters are. It is planned for that, and neither run nor recorded.
    ///
    /// # Errors
    /// Whatever is wrong with the statement, as far as it can be told without the values of its parameters.
    pub async fn describe(&self, sql: &str) -> Result<Description> {
        describe::describe(&self.parts, &self.principal, self.memory.snapshot(), sql).await
    }

    /// Writes `rows` into a table, all or none: as one INSERT, or as one CREATE TABLE of them. The rows are pulled as they are
    /// written. The result is their number.
    ///
    /// # Errors
    /// As [`Self::run`]; an error among the rows ends the statement, and nothing of them is seen.
    pub async fn ingest(&self, ingest: &Ingest, rows: BoxStream<'static, Result<RecordBatch>>) -> Result<QueryStream> {
        ingest::ingest(self, &self.parts, ingest, rows).await
    }

    /// What could stand at the byte `cursor` of `text`; see [`Connection::complete`](super::Connection::complete).
    pub async fn complete(&self, text: &str, cursor: usize) -> Completions {
        completion::complete(&self.parts, &self.principal, &self.memory.snapshot(), text, cursor).await
    }

    /// What the files beside this one answer from.
    pub(super) fn reads(&self) -> (&Parts, &Principal, Snapshot) {
        (&self.parts, &self.principal, self.memory.snapshot())
    }

    /// The store of a URL or path, and what the text means in it: for a front end that writes files which are no table's yet. It
    /// has the settings, credentials and refusals that statements have, and its failures are put into words by
    /// [`from_object_store`](crate::storage::from_object_store). What it does is in no history.
    ///
    /// No request is made yet.
    ///
    /// # Errors
    /// `INVALID_VALUE` if the text is no location, `PERMISSION_DENIED` if the principal does not reach it.
    pub fn store(&self, text: &str) -> Result<(Arc<dyn ObjectStore>, Location)> {
        let location = Location::parse(text, &self.memory.snapshot().defaults.working_directory)?;
        let storage = self.parts.storage.query(self.principal.access());
        Ok((storage.store(&location)?, location))
    }

    /// The catalogue that names without one belong to now.
    #[must_use]
    pub fn catalog(&self) -> String {
        self.memory.snapshot().defaults.catalog
    }

    /// What SET may change, with what it is set to now.
    #[must_use]
    pub fn settings(&self) -> Vec<SettingValue> {
        self.parts.planner.settings(&self.memory.snapshot())
    }

    /// The session as a statement that begins now finds it.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.memory.snapshot()
    }

    /// The database that names without one belong to now.
    #[must_use]
    pub fn database(&self) -> String {
        self.memory.snapshot().defaults.database
    }
}

/// What a session remembers from statement to statement.
#[derive(Debug)]
pub(super) struct SessionMemory(Mutex<Remembered>);

#[derive(Debug)]
struct Remembered {
    snapshot: Snapshot,
    temporary: BTreeMap<String, Kept>,
}

/// A temporary table.
#[derive(Debug)]
struct Kept {
    columns: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl SessionMemory {
    fn new(defaults: Defaults) -> Self {
        let snapshot = Snapshot {
            defaults,
            settings: SessionSettings::default(),
            prepared: BTreeMap::new(),
        };
        Self(Mutex::new(Remembered {
            snapshot,
            temporary: BTreeMap::new(),
        }))
    }

    /// The session as a statement that begins now finds it.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.remembered().snapshot.clone()
    }

    /// Remembers what a statement has changed.
    ///
    /// # Errors
    /// `ALREADY_EXISTS` for a second temporary table of one name, `INTERNAL` if rows do not fit their table.
    pub(super) fn note(&self, change: SessionChange) -> Result<()> {
        let mut remembered = self.remembered();
        let Remembered { snapshot, temporary } = &mut *remembered;
        match change {
            SessionChange::Use { catalog, database } => {
                snapshot.defaults.catalog = catalog;
                snapshot.defaults.database = database;
            }
            SessionChange::Settings(settings) => snapshot.settings = settings,
            SessionChange::Prepare(name, prepared) => {
                snapshot.prepared.insert(name, prepared);
            }
            SessionChange::Deallocate(name) => {
                snapshot.prepared.remove(&name);
            }
            SessionChange::DeallocateAll => snapshot.prepared.clear(),
            SessionChange::DropTemporary(name) => {
                temporary.remove(&name);
                snapshot.defaults.temporary.remove(&name);
            }
            SessionChange::Keep {
                table,
                columns,
                batches,
                mode,
            } => {
                let rows = match temporary.get_mut(&table) {
                    Some(kept) if mode == KeepMode::Append && kept.columns == columns => {
                        kept.batches.extend(batches);
                        kept.batches.clone()
                    }
                    None if mode != KeepMode::Append => batches,
                    Some(_) if mode == KeepMode::Replace => batches,
                    _ => {
                        let message =
                            format!("the temporary table \"{table}\" was changed meanwhile; run the statement again");
                        return Err(Error::new(ErrorCode::AlreadyExists, message));
                    }
                };
                let provider = MemTable::try_new(Arc::clone(&columns), vec![rows.clone()]).map_err(|error| {
                    let message = format!("the rows of the temporary table \"{table}\" do not fit its columns");
                    Error::new(ErrorCode::Internal, message).caused_by(error)
                })?;
                snapshot.defaults.temporary.insert(table.clone(), Arc::new(provider));
                temporary.insert(table, Kept { columns, batches: rows });
            }
        }
        Ok(())
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
