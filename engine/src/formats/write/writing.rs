//! The writing of one statement's rows: which file each goes to, when files are ended, and what gives when memory is short.

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::object_store::path::Path;
use futures::StreamExt;
use futures::future::join_all;
use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use super::encoding::{self, Encoding};
use super::open_file::OpenFile;
use super::partitions::{Partitions, Values};
use super::stored::Stored;
use super::{Files, Target, WriteSettings, Written};
use crate::error::{Error, ErrorCode, Result};
use crate::storage::Location;

/// How many files are ended at once.
const ENDINGS_IN_FLIGHT: usize = 8;

/// The files of a statement, open and ended.
pub(super) struct Writing<'a> {
    target: &'a Target,
    files: Files,
    settings: &'a WriteSettings,
    encoding: &'static dyn Encoding,
    stored: Stored,
    partitions: Partitions,
    memory: MemoryReservation,
    open: BTreeMap<Values, OpenFile>,
    begun: usize,
    written: Written,
}

impl<'a> Writing<'a> {
    /// Checks what can be checked before the first row.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` for a place, format, column or partition column that cannot be written.
    pub(super) fn new(
        target: &'a Target,
        files: Files,
        memory: &Arc<dyn MemoryPool>,
        settings: &'a WriteSettings,
    ) -> Result<Self> {
        check_place(&target.directory)?;
        let encoding = encoding::of(&target.format)?;
        let partitions = Partitions::new(&target.columns, &target.partition_columns)?;
        let stored = Stored::new(&partitions.file_columns(&target.columns), encoding)?;
        Ok(Self {
            target,
            files,
            settings,
            encoding,
            stored,
            partitions,
            memory: MemoryConsumer::new("write").register(memory),
            open: BTreeMap::new(),
            begun: 0,
            written: Written::nothing(&target.storage),
        })
    }

    /// Writes everything, and makes it visible.
    ///
    /// # Errors
    /// As [`write`](super::write).
    pub(super) async fn run(&mut self, mut batches: SendableRecordBatchStream) -> datafusion::common::Result<()> {
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            for (values, rows) in self.partitions.split(&batch)? {
                self.write(&values, &rows).await?;
            }
        }
        // What made the rows gives its memory back before the files are ended.
        drop(batches);
        let open = mem::take(&mut self.open).into_values().collect();
        Ok(self.finish(open).await?)
    }

    /// What was written, after [`Self::run`].
    pub(super) fn into_written(self) -> Written {
        self.written
    }

    /// Takes everything back, and waits for it.
    pub(super) async fn give_up(self) {
        join_all(self.open.into_values().map(OpenFile::give_up)).await;
        if let Err(failure) = self.written.discard().await {
            tracing::warn!(%failure, "files of a statement that failed could not be removed");
        }
    }

    async fn write(&mut self, values: &Values, rows: &RecordBatch) -> datafusion::common::Result<()> {
        let rows = self.stored.convert(rows)?;
        if !self.open.contains_key(values) {
            let file = self.begin(values)?;
            self.open.insert(values.clone(), file);
        }
        let Some(file) = self.open.get_mut(values) else {
            return Ok(());
        };
        file.write(&rows)?;
        if let Err(shortage) = file.reserve() {
            self.relieve(values, shortage).await?;
        }
        let Some(file) = self.open.get_mut(values) else {
            return Ok(());
        };
        file.send().await?;
        // What is on its way has its own memory now.
        file.reserve()?;
        if self.files == Files::Many && file.size() >= self.settings.target_file_bytes {
            self.finish_one(&values.clone()).await?;
        }
        Ok(())
    }

    fn begin(&mut self, values: &Values) -> Result<OpenFile> {
        if self.files == Files::One && self.begun > 0 {
            return Err(self.several_partitions(values));
        }
        if self.open.len() >= self.settings.writers_open {
            return Err(self.too_many_partitions());
        }
        let location = self.location(values)?;
        self.begun += 1;
        OpenFile::begin(
            self.target,
            self.encoding,
            self.stored.columns(),
            (location, values.clone()),
            self.memory.new_empty(),
            self.settings,
        )
    }

    fn location(&self, values: &Values) -> Result<Location> {
        let directory = self.target.directory.path().as_ref();
        let slash = if directory.is_empty() { "" } else { "/" };
        let path = format!(
            "{directory}{slash}{}{}-{:05}.{}",
            self.partitions.directory(values)?,
            self.target.file_stem,
            self.begun,
            self.encoding.ending(&self.target.format)?
        );
        let path = Path::parse(&path).map_err(|cause| {
            Error::new(
                ErrorCode::InvalidValue,
                format!("\"{path}\" is no name for a file: {cause}"),
            )
        })?;
        Ok(self.target.directory.object(&path))
    }

    /// Makes room for what the file of `values` has taken beyond its reservation: first it shrinks itself, then others are ended
    /// before their time, the largest first, itself last.
    async fn relieve(
        &mut self,
        values: &Values,
        shortage: datafusion::common::DataFusionError,
    ) -> datafusion::common::Result<()> {
        if let Some(file) = self.open.get_mut(values) {
            file.shrink().await?;
            if file.reserve().is_ok() {
                return Ok(());
            }
        }
        while self.files == Files::Many
            && let Some(largest) = self.largest_but(values)
        {
            self.finish_one(&largest).await?;
            if self.open.get_mut(values).is_none_or(|file| file.reserve().is_ok()) {
                return Ok(());
            }
        }
        Err(shortage)
    }

    /// The file that takes most memory, that of `values` only if there is no other.
    fn largest_but(&self, values: &Values) -> Option<Values> {
        let others = self.open.iter().filter(|(other, _)| *other != values);
        let largest = others
            .max_by_key(|(_, file)| file.memory())
            .map(|(other, _)| other.clone());
        largest.or_else(|| self.open.contains_key(values).then(|| values.clone()))
    }

    async fn finish_one(&mut self, values: &Values) -> Result<()> {
        let file = self.open.remove(values);
        self.finish(file.into_iter().collect()).await
    }

    /// Ends `files`. All are ended, or have left nothing, when this returns.
    async fn finish(&mut self, files: Vec<OpenFile>) -> Result<()> {
        for file in &files {
            self.written.expect(file.location());
        }
        let mut files = files.into_iter();
        loop {
            let some = files.by_ref().take(ENDINGS_IN_FLIGHT).map(OpenFile::finish);
            let ended = join_all(some).await;
            if ended.is_empty() {
                return Ok(());
            }
            let mut failure = None;
            for file in ended {
                match file {
                    Ok(file) => self.written.add(file),
                    Err(first) => failure = failure.or(Some(first)),
                }
            }
            if let Some(failure) = failure {
                join_all(files.map(OpenFile::give_up)).await;
                return Err(failure);
            }
        }
    }

    fn several_partitions(&self, values: &Values) -> Error {
        let first = self.open.keys().next().map(|first| self.partitions.shown(first));
        let message = format!(
            "the rows fall into several partitions (\"{}\" and \"{}\"), and an INSERT into a table that is there writes one \
             file so far: insert the rows of each partition with a statement of its own",
            first.unwrap_or_default(),
            self.partitions.shown(values)
        );
        Error::new(ErrorCode::NotSupported, message)
    }

    fn too_many_partitions(&self) -> Error {
        let limit = self.settings.writers_open;
        let message = format!(
            "the rows fall into more than {limit} partitions, each of which keeps a file open: write those of fewer partitions \
             at a time, or raise formats.write.writers_open"
        );
        Error::new(ErrorCode::ExceededStatementLimit, message)
    }
}

fn check_place(directory: &Location) -> Result<()> {
    let refuse = |why: &str| Err(Error::new(ErrorCode::NotSupported, format!("\"{directory}\" {why}")));
    if directory.is_glob() {
        return refuse("is a pattern, and cannot be written to: name a directory");
    }
    if directory.scheme().starts_with("http") {
        return refuse("is on a web server, which can only be read: write to a bucket or a local directory");
    }
    Ok(())
}
