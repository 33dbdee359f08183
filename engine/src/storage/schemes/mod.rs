//! The schemes that a location may have: one file each, one line each in [`SCHEMES`].
//!
//! A scheme turns a bucket into stores in two steps: once a process it resolves what the bucket needs (address, region,
//! credentials), and once a query it builds a store over that, whose requests go through the query's own service.

mod azure;
mod file;
mod gcs;
mod http;
mod s3;
mod sample;
mod staged_file;

use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore};

use super::access::Access;
use super::location::Location;
use super::network::Network;
use super::secret::Secret;
use super::service::QueryService;
use super::usage::Meter;
use crate::error::{Error, ErrorCode, Result};

pub(super) use s3::{check_endpoint, is_in_path, service_url};

/// Every scheme, in the order that help shows them.
pub const SCHEMES: &[Scheme] = &[
    s3::SCHEME,
    azure::SCHEME,
    gcs::SCHEME,
    http::HTTPS,
    http::HTTP,
    file::SCHEME,
    sample::SCHEME,
];

pub(super) use http::{HTTP, HTTPS};
pub use sample::SampleFile;

/// The scheme of plain paths.
pub(super) const FILE: &str = "file";

/// The scheme of what is part of the program.
pub(super) const SAMPLE: &str = "sample";

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
    pub(super) open: for<'a> fn(&'a Arc<Network>, &'a Location) -> BoxFuture<'a, Result<Kept>>,
}

/// What a process keeps of a bucket: it builds one query's store, whose requests go through that query's service.
pub(super) type Kept =
    Arc<dyn Fn(&QueryService, &Location) -> object_store::Result<Arc<dyn ObjectStore>> + Send + Sync>;

/// The scheme with this name or alias, in any case.
pub(super) fn by_name(name: &str) -> Option<&'static Scheme> {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    SCHEMES
        .iter()
        .find(|scheme| is(&scheme.name) || scheme.aliases.iter().any(is))
}

/// A bucket's name as S3 and Google have it: letters, digits, `-`, `_` and `.`.
fn plain_bucket(authority: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!authority.is_empty() && authority.chars().all(plain)).then(|| authority.to_owned())
}

/// Each of `ranges` by a read of its own: where nothing lies between a reader and the bytes, there is nothing to save by joining them.
async fn each_range(store: &dyn ObjectStore, path: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
    let read = |range: &Range<u64>| {
        let options = GetOptions::new().with_range(Some(range.clone()));
        async move { store.get_opts(path, options).await?.bytes().await }
    };
    futures::future::try_join_all(ranges.iter().map(read)).await
}

/// A service for what no query asked for, such as credentials.
fn unmetered(network: &Arc<Network>) -> QueryService {
    QueryService {
        network: Arc::clone(network),
        access: Access::Local,
        meter: Arc::new(Meter::default()),
        permitted: Arc::default(),
    }
}

/// Fails with `INVALID_SETTING` if `endpoint` is unencrypted and nobody has said that this is meant.
fn check_encryption(endpoint: &str, allow_http: bool, location: &Location, variable: &str) -> Result<()> {
    if allow_http || !endpoint.trim_start().to_ascii_lowercase().starts_with("http://") {
        return Ok(());
    }
    let message = format!(
        "the endpoint of \"{0}\" is unencrypted (http://): if that is meant, set {variable}=true in the environment, or \
         `allow_http = true` under [storage.buckets.\"{0}\"]",
        location.store_name()
    );
    Err(Error::new(ErrorCode::InvalidSetting, message))
}

/// The value of the variable or the file that a setting names, `setting` being the name of the two without their ends.
///
/// Fails with `INVALID_SETTING` if one is named and not there; a file's surrounding white space is cut.
fn secret(network: &Network, setting: &str, variable: Option<&str>, file: Option<&FilePath>) -> Result<Option<Secret>> {
    let absent = |what: String| Error::new(ErrorCode::InvalidSetting, format!("storage.buckets: {setting}{what}"));
    match (variable, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(absent("_env and _file are both set".to_owned())),
        (Some(variable), None) => {
            let value = network.environment.get(variable);
            let value = value.ok_or_else(|| absent(format!("_env: the variable \"{variable}\" is not set")))?;
            Ok(Some(Secret::new(value)))
        }
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file);
            let text =
                text.map_err(|cause| absent(format!("_file: \"{}\" cannot be read: {cause}", file.display())))?;
            Ok(Some(Secret::new(text.trim())))
        }
    }
}
