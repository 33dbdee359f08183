//! What all queries of a process share: settings, environment, one HTTP client, one limit on requests.

use std::time::Duration;

use object_store::{BackoffConfig, RetryConfig};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use super::access::RemotePrefixes;
use super::environment::Environment;
use super::location::Location;
use super::settings::{BucketSettings, Settings};
use crate::error::{Error, ErrorCode, Result};

/// The slowest upload or download that is waited for, in bytes a second.
const SLOWEST_BYTES_PER_SECOND: u64 = 64 * 1024;

#[derive(Debug)]
pub(super) struct Network {
    pub(super) settings: Settings,
    pub(super) environment: Environment,
    pub(super) remote: RemotePrefixes,
    pub(super) in_flight: Semaphore,
    client: OnceCell<reqwest::Client>,
}

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For its first byte, and on the whole for a small body.
    pub(super) answer: Duration,
    /// For the next byte.
    pub(super) stall: Duration,
}

impl Patience {
    /// For a body of `bytes` bytes to be sent or received.
    pub(super) fn for_bytes(self, bytes: u64) -> Duration {
        self.answer + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND)
    }
}

impl Network {
    pub(super) fn new(settings: Settings, environment: Environment, remote: RemotePrefixes) -> Self {
        Self {
            in_flight: Semaphore::new(settings.requests_in_flight),
            client: OnceCell::new(),
            settings,
            environment,
            remote,
        }
    }

    /// The HTTP client of the process, made when it is first asked for.
    pub(super) async fn client(&self) -> Result<&reqwest::Client> {
        self.client.get_or_try_init(|| async { self.build_client() }).await
    }

    pub(super) fn patience(&self) -> Patience {
        Patience {
            answer: Duration::from_secs(self.settings.request_timeout_seconds),
            stall: Duration::from_secs(self.settings.stall_timeout_seconds),
        }
    }

    pub(super) fn retries(&self) -> RetryConfig {
        RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(15),
                base: 2.0,
            },
            max_retries: self.settings.max_retries,
            retry_timeout: Duration::from_secs(self.settings.retry_timeout_seconds),
        }
    }

    /// The settings of the location's bucket.
    pub(super) fn bucket(&self, location: &Location) -> BucketSettings {
        self.settings
            .buckets
            .get(&location.store_name())
            .cloned()
            .unwrap_or_default()
    }

    fn build_client(&self) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("owlet/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(self.settings.connect_timeout_seconds))
            // A redirect is a request of its own: it is counted, and it may lead where the query may not go.
            .redirect(reqwest::redirect::Policy::none())
            // Object stores give more through many connections than through one multiplexed one.
            .http1_only()
            .no_proxy();
        for proxy in self.proxies()? {
            builder = builder.proxy(proxy);
        }
        for certificate in self.certificates()? {
            builder = builder.add_root_certificate(certificate);
        }
        builder
            .build()
            .map_err(|cause| Error::new(ErrorCode::Internal, format!("the HTTP client cannot be made: {cause}")))
    }

    /// The proxies that the environment names, by the rules of curl.
    fn proxies(&self) -> Result<Vec<reqwest::Proxy>> {
        let excepted = self
            .environment
            .first_of(&["no_proxy", "NO_PROXY"])
            .and_then(reqwest::NoProxy::from_string);
        let mut proxies = Vec::new();
        for (names, make) in [
            (
                ["https_proxy", "HTTPS_PROXY"],
                reqwest::Proxy::https as fn(Url) -> reqwest::Result<reqwest::Proxy>,
            ),
            (["http_proxy", "HTTP_PROXY"], reqwest::Proxy::http),
            (["all_proxy", "ALL_PROXY"], reqwest::Proxy::all),
        ] {
            let Some(address) = self.environment.first_of(&names) else {
                continue;
            };
            // The address may hold a password: the message names the variable alone.
            let bad = || {
                Error::new(
                    ErrorCode::InvalidSetting,
                    format!("the variable {} is not a proxy's URL", names[1]),
                )
            };
            let proxy = make(address.parse().map_err(|_| bad())?).map_err(|_| bad())?;
            proxies.push(proxy.no_proxy(excepted.clone()));
        }
        Ok(proxies)
    }

    fn certificates(&self) -> Result<Vec<reqwest::Certificate>> {
        let from_environment = || self.environment.get("AWS_CA_BUNDLE").map(std::path::PathBuf::from);
        let Some(path) = self.settings.ca_bundle_file.clone().or_else(from_environment) else {
            return Ok(Vec::new());
        };
        let bad = |why: String| {
            let message = format!("the certificates in \"{}\" cannot be read: {why}", path.display());
            Error::new(ErrorCode::InvalidSetting, message)
        };
        let text = std::fs::read(&path).map_err(|cause| bad(cause.to_string()))?;
        reqwest::Certificate::from_pem_bundle(&text).map_err(|cause| bad(cause.to_string()))
    }
}
