//! The `[storage]` section of the configuration.
//!
//! No secret stands in the configuration itself: it names the environment variable or the file that holds it.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use serde::Deserialize;

use super::location::Location;
use super::schemes::SampleFile;
use crate::error::{Error, ErrorCode, Result};

/// How Owlet reaches object stores, and what remote principals may reach.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Longest wait for a connection, in seconds.
    pub connect_timeout_seconds: u64,
    /// Longest wait for the first byte of an answer, in seconds. An upload is given more, by its size.
    pub request_timeout_seconds: u64,
    /// Longest silence inside an answer before it is given up and read on from where it stopped, in seconds.
    pub stall_timeout_seconds: u64,
    /// How often a failed request is sent again.
    pub max_retries: usize,
    /// After how long a failed request is no longer sent again, in seconds.
    pub retry_timeout_seconds: u64,
    /// How many requests of the whole process may be waiting for their answer at once.
    pub requests_in_flight: usize,
    /// A file of certificates (PEM) to trust beside the system's, as for a store with a private authority.
    pub ca_bundle_file: Option<PathBuf>,
    /// What a remote principal may read: URL prefixes such as `s3://bucket/public/`. A prefix ends at a whole directory or
    /// name. Empty: nothing.
    pub remote_prefixes: Vec<String>,
    /// The files that `sample://` opens. They are part of the program and in no configuration file.
    #[serde(skip)]
    pub sample: Vec<SampleFile>,
    /// Settings of single buckets, by `s3://bucket`, `az://container`, `gs://bucket` or `https://host`.
    pub buckets: BTreeMap<String, BucketSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout_seconds: 5,
            request_timeout_seconds: 30,
            stall_timeout_seconds: 10,
            max_retries: 6,
            retry_timeout_seconds: 120,
            requests_in_flight: 128,
            ca_bundle_file: None,
            remote_prefixes: Vec::new(),
            sample: Vec::new(),
            buckets: BTreeMap::new(),
        }
    }
}

/// How to reach one bucket, where it differs from what the environment says.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct BucketSettings {
    /// The address of the service, such as `http://127.0.0.1:9000`.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: Option<String>,
    /// Whether the bucket's name stands in the path of the URL (true) or in the host's name (false). Unset: in the path if
    /// the endpoint is not AWS's own.
    pub path_style: Option<bool>,
    /// Whether the endpoint may be reached over plain HTTP.
    pub allow_http: Option<bool>,
    /// Whether requests go unsigned, as for public buckets.
    pub anonymous: bool,
    /// The profile of the shared AWS files to take credentials, region and endpoint from.
    pub profile: Option<String>,
    /// The environment variable with the access key id (s3).
    pub access_key_id_env: Option<String>,
    /// The environment variable with the secret access key (s3).
    pub secret_access_key_env: Option<String>,
    /// The environment variable with the session token (s3).
    pub session_token_env: Option<String>,
    /// The file with the access key id (s3). Read again when the credentials have expired.
    pub access_key_id_file: Option<PathBuf>,
    /// The file with the secret access key (s3).
    pub secret_access_key_file: Option<PathBuf>,
    /// The file with the session token (s3).
    pub session_token_file: Option<PathBuf>,
    /// The storage account (az).
    pub account: Option<String>,
    /// The environment variable with the account's key (az).
    pub account_key_env: Option<String>,
    /// The file with the account's key (az).
    pub account_key_file: Option<PathBuf>,
    /// The environment variable with a shared access signature (az).
    pub sas_token_env: Option<String>,
    /// The file with a shared access signature (az).
    pub sas_token_file: Option<PathBuf>,
    /// The file with a service account's key (gs).
    pub service_account_file: Option<PathBuf>,
}

impl Settings {
    /// The same settings, checked, with each bucket under its canonical name.
    ///
    /// Fails with `INVALID_SETTING` on a value that would stop every request, and on a bucket that is none.
    pub(super) fn checked(mut self) -> Result<Self> {
        let positive = [
            ("connect_timeout_seconds", self.connect_timeout_seconds),
            ("request_timeout_seconds", self.request_timeout_seconds),
            ("stall_timeout_seconds", self.stall_timeout_seconds),
            ("requests_in_flight", self.requests_in_flight as u64),
        ];
        for (name, value) in positive {
            if value == 0 || value > LARGEST {
                return Err(invalid(format!("storage.{name} must be from 1 to {LARGEST}")));
            }
        }
        let named = std::mem::take(&mut self.buckets).into_iter();
        self.buckets = named
            .map(|(name, settings)| Ok((canonical(&name)?, settings)))
            .collect::<Result<_>>()?;
        Ok(self)
    }
}

/// The largest number of seconds or requests that is not a slip of the pen.
const LARGEST: u64 = 100_000;

fn canonical(name: &str) -> Result<String> {
    let bad = || {
        invalid(format!(
            "storage.buckets: \"{name}\" is not a bucket such as \"s3://name\" or \"https://host\""
        ))
    };
    let location = Location::parse(name, FilePath::new("/")).map_err(|_| bad())?;
    let whole = location.path().is_root() && location.is_directory() && !location.bucket().is_empty();
    if whole { Ok(location.address()) } else { Err(bad()) }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::InvalidSetting, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(name: &str) -> Result<Vec<String>> {
        let buckets = BTreeMap::from([(name.to_owned(), BucketSettings::default())]);
        let settings = Settings {
            buckets,
            ..Settings::default()
        }
        .checked()?;
        Ok(settings.buckets.into_keys().collect())
    }

    #[test]
    fn a_bucket_is_known_by_its_canonical_name() {
        assert_eq!(buckets("S3A://data/").unwrap(), ["s3://data"]);
        assert_eq!(buckets("abfss://c@acct.dfs.core.windows.net").unwrap(), ["az://c@acct"]);
        assert_eq!(buckets("https://Example.com:443").unwrap(), ["https://example.com"]);
    }

    #[test]
    fn what_is_no_bucket_is_refused() {
        for name in ["data", "s3://data/prefix", "file:///", "s3://", "ftp://data", "s3://*"] {
            assert_eq!(buckets(name).unwrap_err().code(), ErrorCode::InvalidSetting, "{name}");
        }
    }

    #[test]
    fn an_unknown_key_and_a_secret_in_the_file_are_refused() {
        for text in ["max_retrys = 1", "[buckets.\"s3://b\"]\nsecret_access_key = \"x\""] {
            assert!(toml::from_str::<Settings>(text).is_err(), "{text}");
        }
        let text = "max_retries = 1\n[buckets.\"s3://b\"]\nsecret_access_key_env = \"X\"";
        assert_eq!(toml::from_str::<Settings>(text).unwrap().max_retries, 1);
    }

    #[test]
    fn a_limit_of_nothing_is_refused() {
        let settings = Settings {
            requests_in_flight: 0,
            ..Settings::default()
        };
        assert!(
            settings
                .checked()
                .unwrap_err()
                .message()
                .contains("storage.requests_in_flight")
        );
    }
}
