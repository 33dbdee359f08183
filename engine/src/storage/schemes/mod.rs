//! The schemes that a location may have: one file each, one line each in [`SCHEMES`].
//!
//! A scheme turns a bucket into stores in two steps: once a process it resolves what the bucket needs (address, region,
//! credentials), and once a query it builds a store over that, whose requests go through the query's own service.

mod azure;
mod file;
mod gcs;
mod http;
mod s3;

use std::sync::Arc;

use futures::future::BoxFuture;
use object_store::ObjectStore;

use super::location::Location;
use super::network::Network;
use super::service::QueryService;
use crate::error::Result;

/// Every scheme, in the order that help shows them.
pub const SCHEMES: &[Scheme] = &[
    s3::SCHEME,
    azure::SCHEME,
    gcs::SCHEME,
    http::HTTPS,
    http::HTTP,
    file::SCHEME,
];

/// The scheme of plain paths.
pub(super) const FILE: &str = "file";

/// One kind of store.
#[derive(Debug)]
pub struct Scheme {
    /// The name that locations are shown with.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// What it opens, in a few words, for help.
    pub description: &'static str,
    /// The canonical bucket of what stands between `://` and the path, if it is one.
    pub(super) bucket: fn(&str) -> Option<String>,
    /// Resolves a bucket, once a process.
    pub(super) open: for<'a> fn(&'a Network, &'a Location) -> BoxFuture<'a, Result<Kept>>,
}

/// What a process keeps of a bucket: it builds one query's store, whose requests go through that query's service.
pub(super) type Kept =
    Arc<dyn Fn(&QueryService, &Location) -> object_store::Result<Arc<dyn ObjectStore>> + Send + Sync>;

/// The scheme with this name or alias, in any case.
pub(super) fn by_name(name: &str) -> Option<&'static Scheme> {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    SCHEMES
        .iter()
        .find(|scheme| is(&scheme.name) || scheme.aliases.iter().any(|alias| is(&alias)))
}

/// A bucket's name as S3 and Google have it: letters, digits, `-`, `_` and `.`.
fn plain_bucket(authority: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!authority.is_empty() && authority.chars().all(plain)).then(|| authority.to_owned())
}
