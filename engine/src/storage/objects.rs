//! One object of a listing after another.

use futures::{Stream, TryStreamExt};
use object_store::ObjectMeta;

use super::failure::from_object_store;
use super::location::Location;
use crate::error::Result;

/// The next object of a listing of `location`, with the store's errors in our words. A directory that is not there is empty: a local
/// one is listed as an error, a prefix of a bucket as nothing.
///
/// # Errors
/// The store's.
pub async fn next_object(
    listing: &mut (impl Stream<Item = object_store::Result<ObjectMeta>> + Unpin),
    location: &Location,
) -> Result<Option<ObjectMeta>> {
    match listing.try_next().await {
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        next => next.map_err(|error| from_object_store(error, location)),
    }
}
