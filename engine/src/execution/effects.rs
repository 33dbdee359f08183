//! What a plan changes, carried out: files first, the catalogue last.
//!
//! Must hold: nothing that a statement wrote is visible before the whole of it is; a change that was made is never undone by the end
//! of whoever waited for it.

use arrow::array::{Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::claim::{Claims, Held, objects, refuse_occupied};
use crate::catalog::{Catalog, Change, Outcome, Ownership};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::write::{self, WriteSettings, Written};
use crate::name::quoted;
use crate::planner::{CatalogEffect, Effect, KeepEffect, Plan, SessionChange, WriteEffect, count, from_datafusion};
use crate::storage::{Location, QueryStorage};

/// What statements change: the catalogue, and places that files are written to.
#[derive(Clone)]
pub struct Effects {
    /// The catalogue.
    pub catalog: Arc<dyn Catalog>,
    /// The places.
    pub claims: Claims,
    /// How files are written.
    pub writing: WriteSettings,
    /// Where rows are encoded: the threads that compute, so that those that answer callers stay free.
    pub processors: Handle,
    /// The most bytes of rows that one temporary table may keep.
    pub temporary_limit_bytes: usize,
}

/// What carrying out came to.
#[derive(Debug, Default)]
pub struct Done {
    /// The rows of the answer.
    pub rows: Vec<RecordBatch>,
    /// What the session must note.
    pub session: Option<SessionChange>,
}

impl Effects {
    /// Carries out what `plan` changes, with its `rows`, and gives the answer. Dropping the future before the catalogue is changed
    /// leaves nothing visible; afterwards it changes nothing.
    ///
    /// # Errors
    /// Those of the rows, of writing and of the catalogue; nothing has been changed then, unless the message says so.
    pub async fn carry_out(
        &self,
        plan: &Plan,
        rows: SendableRecordBatchStream,
        storage: &Arc<QueryStorage>,
        memory: &Arc<dyn MemoryPool>,
    ) -> Result<Done> {
        match plan.effect() {
            Effect::None => Ok(Done {
                rows: collect(rows).await?,
                session: None,
            }),
            Effect::Catalog(effect) => {
                let rows = collect(rows).await?;
                self.change_catalog(effect, storage).await?;
                Ok(Done { rows, session: None })
            }
            Effect::Session(change) => Ok(Done {
                rows: collect(rows).await?,
                session: Some(change.clone()),
            }),
            Effect::Write(effect) => {
                let rows = self.write(effect, rows, memory).await?;
                Ok(Done {
                    rows: vec![count(rows)?],
                    session: None,
                })
            }
            Effect::Keep(effect) => self.keep(effect, rows, memory).await,
        }
    }

    async fn change_catalog(&self, effect: &CatalogEffect, storage: &Arc<QueryStorage>) -> Result<()> {
        self.catalog.change(effect.change.clone()).await?;
        for directory in &effect.orphaned {
            remove_orphaned(storage, directory).await?;
        }
        Ok(())
    }

    async fn write(
        &self,
        effect: &WriteEffect,
        rows: SendableRecordBatchStream,
        memory: &Arc<dyn MemoryPool>,
    ) -> Result<u64> {
        let held = match &effect.claim {
            None => None,
            Some(claim) => Some(self.claims.take(claim, &effect.target.storage).await?),
        };
        if held.is_some() && !is_managed(effect) {
            refuse_occupied(&effect.target.storage, &effect.target.directory).await?;
        }
        let rows = checked(rows, &effect.target.columns);
        match self.encode(effect, rows, memory).await? {
            Ok(written) => self.commit(effect, written, held).await,
            Err(error) => {
                tidy(effect).await;
                give_back(held).await;
                Err(from_datafusion(error))
            }
        }
    }

    /// Writes the rows, on the threads that compute. Dropping the future takes back what was written.
    async fn encode(
        &self,
        effect: &WriteEffect,
        rows: SendableRecordBatchStream,
        memory: &Arc<dyn MemoryPool>,
    ) -> Result<datafusion::common::Result<Written>> {
        let (target, files) = (effect.target.clone(), effect.files);
        let (memory, settings) = (Arc::clone(memory), self.writing.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn_on(
            async move { write::write(&target, files, rows, &memory, &settings).await },
            &self.processors,
        );
        match tasks.join_next().await {
            Some(Ok(written)) => Ok(written),
            _ => Err(Error::new(
                ErrorCode::Internal,
                "writing ended by a panic; this is a defect, please report it",
            )),
        }
    }

    /// Makes what was written count. It goes on to its end when nobody waits for it any more: a table is there or not, whoever lost
    /// patience.
    async fn commit(&self, effect: &WriteEffect, mut written: Written, held: Option<Held>) -> Result<u64> {
        let rows = written.rows;
        let Some(change) = effect.create.clone() else {
            written.keep();
            return Ok(rows);
        };
        let effects = self.clone();
        let (storage, orphaned) = (Arc::clone(&effect.target.storage), effect.orphaned.clone());
        let committing = tokio::spawn(async move {
            let made = effects.register(change, written, held).await?;
            match orphaned {
                Some(directory) if made => remove_orphaned(&storage, &directory).await.map(|()| made),
                _ => Ok(made),
            }
        });
        let committed = committing.await;
        let made = committed.unwrap_or_else(|_| {
            let message = "the commit of the table ended by a panic";
            Err(Error::new(ErrorCode::Internal, message))
        })?;
        if !made {
            tidy(effect).await;
        }
        Ok(if made { rows } else { 0 })
    }

    /// Whether the table was made: not if it was there already, and the statement allows that.
    async fn register(&self, change: Change, mut written: Written, held: Option<Held>) -> Result<bool> {
        let outcome = self.catalog.change(change).await;
        let fate = self.fate(&outcome, held.as_ref()).await;
        match fate {
            Fate::Made => {
                written.keep();
                if let Some(held) = held {
                    held.spent();
                }
                Ok(true)
            }
            // Files that belong to no table are less harm than a table without its files.
            Fate::Unknown => {
                written.keep();
                outcome.map(|_| false)
            }
            Fate::NotMade => {
                // What cannot be removed now is found by its claim, which then counts as abandoned.
                if written.discard().await.is_ok() {
                    give_back(held).await;
                }
                outcome.map(|_| false)
            }
        }
    }

    /// Whether the change was made. Where its answer was lost the claim tells, which is given back in the same transaction.
    async fn fate(&self, outcome: &Result<Outcome>, held: Option<&Held>) -> Fate {
        match outcome {
            Ok(Outcome::Changed) => Fate::Made,
            Ok(Outcome::Unchanged) => Fate::NotMade,
            Err(error) if !matches!(error.code(), ErrorCode::StorageUnavailable | ErrorCode::Internal) => Fate::NotMade,
            Err(_) => match held {
                None => Fate::Unknown,
                Some(held) => match self.claims.is_held(held).await {
                    Ok(true) => Fate::NotMade,
                    Ok(false) => Fate::Made,
                    Err(_) => Fate::Unknown,
                },
            },
        }
    }

    async fn keep(
        &self,
        effect: &KeepEffect,
        rows: SendableRecordBatchStream,
        memory: &Arc<dyn MemoryPool>,
    ) -> Result<Done> {
        let reservation = MemoryConsumer::new("temporary table").register(memory);
        let mut rows = checked(rows, &effect.columns);
        let mut batches = Vec::new();
        let mut bytes = 0_usize;
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(from_datafusion)?;
            bytes += batch.get_array_memory_size();
            if bytes > self.temporary_limit_bytes {
                let limit = self.temporary_limit_bytes;
                let message =
                    format!("a temporary table keeps at most {limit} bytes in memory; make a table without TEMPORARY");
                return Err(Error::new(ErrorCode::ExceededMemoryLimit, message));
            }
            reservation.try_resize(bytes).map_err(from_datafusion)?;
            batches.push(batch);
        }
        let kept: usize = batches.iter().map(RecordBatch::num_rows).sum();
        Ok(Done {
            rows: vec![count(kept as u64)?],
            session: Some(SessionChange::Keep {
                table: effect.table.clone(),
                columns: Arc::clone(&effect.columns),
                batches,
                mode: effect.mode,
            }),
        })
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effects")
            .field("catalog", &self.catalog)
            .finish_non_exhaustive()
    }
}

/// Removes the directories that a table of the warehouse would have had.
async fn tidy(effect: &WriteEffect) {
    if is_managed(effect) {
        let target = &effect.target;
        target.storage.remove_empty_directories(&target.directory).await;
    }
}

async fn give_back(held: Option<Held>) {
    if let Some(held) = held {
        held.release().await;
    }
}

/// What became of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Made,
    NotMade,
    Unknown,
}

/// Whether the files go to a directory that no other statement can know.
fn is_managed(effect: &WriteEffect) -> bool {
    matches!(&effect.create, Some(Change::CreateTable { table, .. }) if table.ownership == Ownership::Managed)
}

async fn collect(mut rows: SendableRecordBatchStream) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    while let Some(batch) = rows.next().await {
        batches.push(batch.map_err(from_datafusion)?);
    }
    Ok(batches)
}

/// Removes the files of a table that is gone.
async fn remove_orphaned(storage: &Arc<QueryStorage>, directory: &Location) -> Result<()> {
    remove_all(storage, directory).await.map_err(|error| {
        let message = format!(
            "the table is dropped, but its files at \"{directory}\" could not be removed: {}",
            error.message()
        );
        Error::new(error.code(), message).caused_by(error)
    })
}

/// Removes every object below `directory`.
async fn remove_all(storage: &Arc<QueryStorage>, directory: &Location) -> Result<()> {
    let files = objects(storage, directory).await?;
    write::remove(storage, &files).await?;
    storage.remove_empty_directories(directory).await;
    Ok(())
}

/// `rows` under `columns`, whose NOT NULL they must keep.
fn checked(rows: SendableRecordBatchStream, columns: &SchemaRef) -> SendableRecordBatchStream {
    let schema = Arc::clone(columns);
    let rows = rows.map(move |batch| {
        let batch = batch?;
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            if !field.is_nullable() && column.null_count() > 0 {
                let name = quoted(field.name());
                let message = format!("the column {name} is declared NOT NULL, and a row has NULL there");
                return Err(Error::new(ErrorCode::InvalidValue, message).into());
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&schema),
            batch.columns().to_vec(),
            &options,
        )?)
    });
    Box::pin(RecordBatchStreamAdapter::new(Arc::clone(columns), rows))
}
