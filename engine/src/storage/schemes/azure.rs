//! stub
use super::{Kept, Scheme, plain_bucket};
use crate::error::Result;
use crate::error::{Error, ErrorCode};
use crate::storage::location::Location;
use crate::storage::network::Network;
use futures::future::BoxFuture;

pub(super) const SCHEME: Scheme = Scheme {
    name: "az",
    aliases: &["azure", "abfss", "abfs"],
    description: "Azure Blob Storage",
    bucket: plain_bucket,
    open,
};
fn open<'a>(_: &'a Network, location: &'a Location) -> BoxFuture<'a, Result<Kept>> {
    Box::pin(async move { Err(Error::new(ErrorCode::NotSupported, format!("\"{location}\": not yet"))) })
}
