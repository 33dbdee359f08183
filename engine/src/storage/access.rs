//! Who may open which location.

use std::path::Path as FilePath;

use super::location::Location;
use super::schemes::{FILE, SAMPLE};
use crate::error::{Error, ErrorCode, Result};

/// On whose behalf locations are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The local shell: every location, the local file system included.
    Local,
    /// A principal of the network: only what lies under `remote_prefixes` and the sample, which is the same for everybody, and
    /// never a local file.
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
        let is_open = match location.scheme() {
            FILE => false,
            SAMPLE => true,
            _ => self.0.iter().any(|prefix| holds(prefix, location)),
        };
        if access == Access::Local || is_open {
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
pub(super) fn holds(prefix: &Location, location: &Location) -> bool {
    prefix.scheme() == location.scheme()
        && prefix.bucket() == location.bucket()
        && location.path().prefix_matches(prefix.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIXES: [&str; 4] = [
        "s3://open/public/",
        "https://example.com/data",
        "az://c@acct/",
        "s3://other/one.parquet",
    ];

    /// Whether a remote principal may open `text`.
    fn check(text: &str, expected: bool) {
        let prefixes = RemotePrefixes::parse(&PREFIXES.map(str::to_owned)).unwrap();
        let opened =
            Location::parse(text, FilePath::new("/srv")).and_then(|location| prefixes.check(Access::Remote, &location));
        assert_eq!(opened.is_ok(), expected, "{text}");
    }

    #[test]
    fn a_remote_principal_reaches_what_lies_under_a_prefix() {
        for text in [
            "s3://open/public/a.parquet",
            "s3://open/public/",
            "s3://open/public",
            "s3://open/public/x=*/y",
            "S3A://open/public/a",
            "https://EXAMPLE.com:443/data/a",
            "https://example.com/x/../data/a",
            "https://example.com/data?signature=x",
            "abfss://c@acct.blob.core.windows.net/anything",
            "s3://other/one.parquet",
            "sample://trips/month=2026-05/part-0.parquet",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn a_remote_principal_reaches_nothing_else_however_it_is_spelt() {
        for text in [
            "s3://open/private/a",
            "s3://open/public2/a",
            "s3://open/publi*/a",
            "s3://open/*",
            "s3://open/",
            "s3://open/public/../private/a",
            "s3://open/public/%2e%2e/../private/a",
            "s3://open//public/a",
            "s3://open/Public/a",
            "s3://OPEN/public/a",
            "s3://user@open/public/a",
            "s3://open:1/public/a",
            "s3://open.evil/public/a",
            "gs://open/public/a",
            "http://example.com/data/a",
            "https://example.com:8443/data/a",
            "https://example.com/data/../private/a",
            "https://example.com/data/%2e%2e/private/a",
            "https://example.com/data/..%2fprivate/a",
            "https://example.com/data%2f..%2fprivate/a",
            "https://example.com/data\\..\\..\\private/a",
            "https://example.com./data/a",
            "https://example.com@evil.com/data/a",
            "https://evil.com/https://example.com/data/a",
            "az://c/anything",
            "az://c@other/anything",
            "az://d@acct/anything",
            "s3://other/one.parquet.bak",
            "s3://other/",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn a_remote_principal_reaches_no_file_even_if_a_bucket_is_named_like_it() {
        for text in [
            "/etc/passwd",
            "etc/passwd",
            "../etc/passwd",
            "file:///etc/passwd",
            "FILE:/etc/passwd",
            "file://localhost/etc/passwd",
            "file:///open/public/a",
            "open/public/a",
            "/srv",
            "",
            ".",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn the_local_shell_reaches_everything() {
        let prefixes = RemotePrefixes::parse(&[]).unwrap();
        for text in ["/etc/passwd", "s3://any/thing", "https://h/x"] {
            let location = Location::parse(text, FilePath::new("/srv")).unwrap();
            assert!(prefixes.check(Access::Local, &location).is_ok());
            assert_eq!(
                prefixes.check(Access::Remote, &location).unwrap_err().code(),
                ErrorCode::PermissionDenied
            );
        }
    }

    #[test]
    fn a_prefix_that_is_local_or_a_pattern_stops_the_start() {
        for text in [
            "/srv",
            "file:///srv",
            "s3://open/*",
            "https://h/x?sig=1",
            "ftp://x",
            "s3://a//b",
        ] {
            let cause = RemotePrefixes::parse(&[text.to_owned()]).unwrap_err();
            assert_eq!(cause.code(), ErrorCode::InvalidSetting, "{text}");
        }
    }
}
