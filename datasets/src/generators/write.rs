//! A plan carried out: files made, encoded and uploaded, several side by side.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::error::ArrowError;
use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::check::give_back;
use super::encoding::Encoding;
use super::plan::{Plan, PlannedFile};
use super::upload::{Ended, PART_BYTES, Step, Upload};
use super::wishes::Refusal;

/// The empty file that Hadoop and Spark leave in a directory whose files are all there.
pub(super) const SUCCESS: &str = "_SUCCESS";

/// Where a data set goes.
#[derive(Clone, Debug)]
pub struct Target {
    /// The store to write to.
    pub store: Arc<dyn ObjectStore>,
    /// The directory in it, below which each table gets one.
    pub directory: Path,
    /// Whether there may be files of the same names.
    pub may_overwrite: bool,
}

/// How far the writing is. Read it from anywhere, at any time.
#[derive(Debug, Default)]
pub struct Progress {
    files: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
}

/// The word that the writing is to end before its time. Clones share it.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

/// Why a data set was not written, or not to its end.
#[derive(Debug)]
pub enum Failure {
    /// The place is not one for this set.
    Refused(Refusal),
    /// The store failed at an object.
    Store {
        /// The object.
        path: Path,
        /// What the store said.
        cause: object_store::Error,
    },
    /// A file could not be generated or encoded, which is a defect.
    Encoding {
        /// The file, below the target.
        path: String,
        /// What went wrong.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// [`Stop::stop`] was called.
    Stopped,
}

/// Writes the files of `plan`, up to `parallel` side by side, and into each directory of a table, once its last file is there,
/// the mark `_SUCCESS`. Returns when all is visible.
///
/// Each file has a thread that makes it, of the runtime's blocking ones, and a task that uploads it. Nobody retries here: the
/// store does.
///
/// After an error, and after [`Stop::stop`], no upload is left under way that the store lets end within 20 seconds; files that
/// were whole stay, and [`Progress::files`] counts them. A dropped future leaves its uploads to the store: call
/// [`Stop::stop`] and wait instead.
///
/// # Errors
/// The first [`Failure`]; the other files are given up then.
pub async fn write(
    plan: Plan,
    target: &Target,
    parallel: NonZeroUsize,
    progress: &Arc<Progress>,
    stop: &Stop,
) -> Result<(), Failure> {
    let tables = plan.tables();
    let outcome = write_files(plan, target, parallel, progress, stop).await;
    give_back(&tables, target).await;
    outcome
}

async fn write_files(
    plan: Plan,
    target: &Target,
    parallel: NonZeroUsize,
    progress: &Arc<Progress>,
    stop: &Stop,
) -> Result<(), Failure> {
    let mut unwritten: HashMap<&'static str, usize> = HashMap::new();
    for file in &plan.files {
        *unwritten.entry(file.table).or_default() += 1;
    }
    let (encoding, mut waiting) = (plan.encoding, plan.files.into_iter());
    // A failure stops the others as the caller does, and is not the caller's word.
    let own_stop = Stop::new();
    let mut writing = JoinSet::new();
    let mut outcome = Ok(());
    loop {
        while outcome.is_ok() && writing.len() < parallel.get() {
            let Some(file) = waiting.next() else { break };
            let (target, progress) = (target.clone(), Arc::clone(progress));
            writing.spawn(write_file(file, encoding, target, progress, own_stop.clone()));
        }
        let written = tokio::select! {
            written = writing.join_next() => written,
            () = stop.stopped(), if outcome.is_ok() => {
                outcome = Err(Failure::Stopped);
                own_stop.stop();
                continue;
            }
        };
        let ended = match written {
            None => return outcome,
            Some(Ok(Ok(table))) => count_down(&mut unwritten, table, target).await,
            Some(Ok(Err(failure))) => Err(failure),
            Some(Err(broken)) => Err(defect(String::new(), broken.into())),
        };
        if let (Err(failure), Ok(())) = (ended, &outcome) {
            outcome = Err(failure);
            own_stop.stop();
        }
    }
}

/// Writes one file, and tells whose it was.
async fn write_file(
    file: PlannedFile,
    encoding: Encoding,
    target: Target,
    progress: Arc<Progress>,
    stop: Stop,
) -> Result<&'static str, Failure> {
    let (table, name) = (file.table, file.path.clone());
    let path = target.path(&name);
    let (steps, taken) = mpsc::channel(1);
    let making = {
        let progress = Arc::clone(&progress);
        tokio::task::spawn_blocking(move || make(file, encoding, &steps, &progress))
    };
    let upload = Upload {
        store: Arc::clone(&target.store),
        path: path.clone(),
        progress: Arc::clone(&progress),
        replaces: target.may_overwrite,
    };
    let sent = upload.run(taken, &stop).await;
    let made = making.await;
    match (sent, made) {
        (Err(cause), _) => Err(Failure::Store { path, cause }),
        (Ok(_), Err(broken)) => Err(defect(name, broken.into())),
        (Ok(_), Ok(Err(cause))) => Err(defect(name, cause.into())),
        (Ok(Ended::TakenBack), Ok(Ok(()))) => Err(Failure::Stopped),
        (Ok(Ended::Whole), Ok(Ok(()))) => {
            progress.files.fetch_add(1, Ordering::Relaxed);
            Ok(table)
        }
    }
}

/// Generates and encodes a file, for as long as somebody takes its bytes. Blocks.
fn make(
    file: PlannedFile,
    encoding: Encoding,
    steps: &mpsc::Sender<Step>,
    progress: &Progress,
) -> Result<(), ArrowError> {
    let mut encoder = encoding.begin(&file.schema)?;
    let mut ready = BytesMut::new();
    for batch in (file.begin)() {
        let batch = batch?;
        encoder.write(&batch)?;
        progress.rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        if !send_parts(&mut ready, encoder.take(), steps) {
            return Ok(());
        }
    }
    encoder.finish()?;
    if send_parts(&mut ready, encoder.take(), steps) {
        // Whoever does not take it has a reason of his own.
        drop(steps.blocking_send(Step::End(ready.freeze())));
    }
    Ok(())
}

/// Sends what fills whole parts, keeps the rest in `ready`, and tells whether anybody listens.
fn send_parts(ready: &mut BytesMut, bytes: Vec<u8>, steps: &mpsc::Sender<Step>) -> bool {
    let mut bytes = Bytes::from(bytes);
    while ready.len() + bytes.len() >= PART_BYTES {
        ready.extend_from_slice(&bytes.split_to(PART_BYTES - ready.len()));
        let part = std::mem::take(ready).freeze();
        if steps.blocking_send(Step::Part(part)).is_err() {
            return false;
        }
    }
    ready.extend_from_slice(&bytes);
    !steps.is_closed()
}

/// Marks a table as whole after its last file.
async fn count_down(
    unwritten: &mut HashMap<&'static str, usize>,
    table: &'static str,
    target: &Target,
) -> Result<(), Failure> {
    let Some(left) = unwritten.get_mut(table) else {
        return Ok(());
    };
    *left -= 1;
    if *left > 0 {
        return Ok(());
    }
    let path = target.path(table).join(SUCCESS);
    let marked = target.store.put(&path, Bytes::new().into()).await;
    marked.map(drop).map_err(|cause| Failure::Store { path, cause })
}

fn defect(path: String, cause: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    Failure::Encoding { path, cause }
}

impl Target {
    /// The place of what `below` says, steps with `/` between them.
    pub(super) fn path(&self, below: &str) -> Path {
        below.split('/').fold(self.directory.clone(), Path::join)
    }
}

impl Progress {
    /// Files that are visible.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Rows that were generated.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Bytes that the store has taken.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Stop {
    /// A word that has not been said.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Says it. Whoever listens ends what is under way.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is said.
    pub(super) async fn stopped(&self) {
        // The channel is open: one end of it is here.
        drop(self.0.subscribe().wait_for(|said| *said).await);
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "{refusal}"),
            Self::Store { path, cause } => write!(f, "\"{path}\" could not be written: {cause}"),
            Self::Encoding { path, cause } => write!(f, "the file \"{path}\" could not be made: {cause}"),
            Self::Stopped => f.write_str("the writing was stopped"),
        }
    }
}

impl std::error::Error for Failure {}
