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

mod arrow_file;
mod compressed;
mod delimited;
mod encoding;
mod json_lines;
mod open_file;
mod options;
mod parquet_file;
mod partitions;
mod settings;
mod stored;
mod target;
#[cfg(test)]
mod tests;
mod text;
mod upload;
mod writing;
mod written;

pub use options::{ARROW_OPTIONS, PARQUET_OPTIONS};
pub use settings::WriteSettings;
pub use target::{Files, Target};
pub use written::{Written, WrittenFile, remove};

use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryPool;
use std::sync::Arc;

use writing::Writing;

/// Writes all of `batches` below the directory of `target`.
///
/// When it returns, the files are visible, and they are removed again unless [`Written::keep`] is called. No row makes no
/// file. Dropping the future ends the uploads and removes what is there in the background, where each step has a quarter of a
/// minute. Nobody retries: requests are repeated by storage, and a file whose answer was lost is looked for before it is given
/// up.
///
/// # Errors
/// Those of `batches`, as they are. Our own in `DataFusionError::External`: `NOT_SUPPORTED` for a column that the format or a path
/// cannot hold, and for rows of several partitions where one file is to be written; `INVALID_VALUE` for a value that they cannot
/// hold; `EXCEEDED_STATEMENT_LIMIT` for more partitions than may be open; the storage's. `ResourcesExhausted` if `memory` has
/// not enough for the smallest part of a file. Nothing is left in any case, as far as the store could be reached.
pub async fn write(
    target: &Target,
    files: Files,
    batches: SendableRecordBatchStream,
    memory: &Arc<dyn MemoryPool>,
    settings: &WriteSettings,
) -> datafusion::common::Result<Written> {
    let mut writing = Writing::new(target, files, memory, settings)?;
    match writing.run(batches).await {
        Ok(()) => Ok(writing.into_written()),
        Err(failure) => {
            writing.give_up().await;
            Err(failure)
        }
    }
}
