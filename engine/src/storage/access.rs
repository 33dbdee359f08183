//! Who may open which location.

use std::path::Path as FilePath;

use super::location::Location;
use super::schemes::FILE;
use crate::error::{Error, ErrorCode, Result};

/// On whose behalf locations are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The local shell: every location, the local file system included.
    Local,
    /// A principal of the network: only what lies under `remote_prefixes`, and never a local file.
    Remote,
}

/// What remote principals may read, parsed from the settings.
#[derive(Debug)]
pub(super) struct RemotePrefixes(Vec<Location>);

impl RemotePrefixes {
    /// Fails with `INVALID_SETTING` on a prefix that is no location, is a pattern, or is local.
    pub(super) fn parse(prefixes: &[String]) -> Result<Self> {
        prefixes
            .iter()
            .map(|text| parse_prefix(text))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Fails with `PERMISSION_DENIED` if `access` does not reach `location`.
    pub(super) fn check(&self, access: Access, location: &Location) -> Result<()> {
        if access == Access::Local || (location.scheme() != FILE && self.0.iter().any(|prefix| holds(prefix, location)))
        {
            return Ok(());
        }
        let message =
            format!("\"{location}\" is not among the locations that the configuration allows to remote users");
        Err(Error::new(ErrorCode::PermissionDenied, message))
    }
}

fn parse_prefix(text: &str) -> Result<Location> {
    let bad = |why: &str| {
        let shown = text.split('?').next().unwrap_or_default();
        Error::new(
            ErrorCode::InvalidSetting,
            format!("storage.remote_prefixes: \"{shown}\" {why}"),
        )
    };
    let prefix = Location::parse(text, FilePath::new("/")).map_err(|cause| bad("is not a URL").caused_by(cause))?;
    if prefix.scheme() == FILE {
        return Err(bad("is local: files are for the local shell alone"));
    }
    if prefix.is_glob() || prefix.query().is_some() {
        return Err(bad("is a pattern: write a directory or a whole name"));
    }
    Ok(prefix)
}

/// Whether all that `location` may mean lies under `prefix`: compared step by step, so that `data` does not hold `data2`.
fn holds(prefix: &Location, location: &Location) -> bool {
    prefix.scheme() == location.scheme()
        && prefix.bucket() == location.bucket()
        && location.path().prefix_matches(prefix.path())
}
