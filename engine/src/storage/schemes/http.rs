//! stub
use super::{Kept, Scheme, plain_bucket};
use crate::error::Result;
use crate::error::{Error, ErrorCode};
use crate::storage::location::Location;
use crate::storage::network::Network;
use futures::future::BoxFuture;

pub(super) const HTTPS: Scheme = Scheme {
    name: "https",
    aliases: &[],
    description: "files of a web server",
    bucket: plain_bucket,
    open,
};
pub(super) const HTTP: Scheme = Scheme {
    name: "http",
    aliases: &[],
    description: "files of a web server, unencrypted",
    bucket: plain_bucket,
    open,
};
fn open<'a>(_: &'a Network, location: &'a Location) -> BoxFuture<'a, Result<Kept>> {
    Box::pin(async move { Err(Error::new(ErrorCode::NotSupported, format!("\"{location}\": not yet"))) })
}
