//! Rows into files: encoded, uploaded, and gone again if the statement fails.
//!
//! Must hold:
//! - A file is visible whole or not at all: a bucket shows an object when its PUT, or the end of its upload in parts, is
//!   answered; on disk a file gets its name when its bytes are safe.
//! - What a statement wrote goes with it: an error, a dropped future and a panic end the uploads and remove the files, for as
//!   long as nobody has said [`Written::keep`].
//! - Values are stored as they are, or refused: a format that cannot hold a column names it.
//! - What encoders and uploads hold is reserved from the query's memory.
//!
//! Must not know: the catalogue, SQL. Whether the files count is decided by whoever registers them, or by their name alone
//! where a table is whatever lies in its directory.

mod settings;
mod target;
mod written;

pub use settings::WriteSettings;
pub use target::{Files, Target};
pub use written::{Written, WrittenFile};

use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryPool;
use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::storage::{Location, QueryStorage};

/// Writes all of `batches` below the directory of `target`.
///
/// When it returns, the files are visible, and they are removed again unless [`Written::keep`] is called. No row makes no
/// file. Dropping the future ends the uploads and removes what is there in the background, for half a minute at most. Nobody
/// retries: requests are repeated by storage, and a file whose answer was lost is looked for before it is given up.
///
/// # Errors
/// Those of `batches`. `NOT_SUPPORTED` for a column that the format or a path cannot hold, and for rows of several
/// partitions where one file is to be written; `INVALID_VALUE` for a value that they cannot hold;
/// `EXCEEDED_STATEMENT_LIMIT` for more partitions than may be open; `EXCEEDED_MEMORY_LIMIT` if `memory` has not enough for
/// the smallest part of a file; the storage's own. Nothing is left in any case, as far as the store could be reached.
#[expect(clippy::unused_async, reason = "what it waits for comes with the next commit")]
pub async fn write(
    target: &Target,
    files: Files,
    batches: SendableRecordBatchStream,
    memory: &Arc<dyn MemoryPool>,
    settings: &WriteSettings,
) -> Result<Written> {
    let _ = (target, files, batches, memory, settings);
    Err(Error::new(ErrorCode::NotSupported, "writing is not there yet"))
}

/// Removes `files`. One that is not there is as good as removed.
///
/// # Errors
/// The storage's, of the first file that could not be removed; the others are removed all the same.
#[expect(clippy::unused_async, reason = "what it waits for comes with the next commit")]
pub async fn remove(storage: &QueryStorage, files: &[Location]) -> Result<()> {
    let _ = (storage, files);
    Err(Error::new(ErrorCode::NotSupported, "writing is not there yet"))
}
