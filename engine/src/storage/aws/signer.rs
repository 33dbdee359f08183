//! Credentials of a bucket, kept until shortly before they expire, and the signature made with them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::time::SharedTimeSource;
use http_body_util::BodyExt;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::HttpRequest;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::{Error, ErrorCode, Result};

/// Credentials that expire within this time are renewed before they are used.
const RENEWED_BEFORE_EXPIRY: Duration = Duration::from_mins(5);
/// A provider that gives out credentials about to expire is not asked more often than this.
const LEAST_AGE: Duration = Duration::from_secs(30);
/// How long a provider may take: some start a program, some try addresses that do not answer.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Signs the requests to one bucket. All queries share it.
#[derive(Debug)]
pub(in crate::storage) struct Signer {
    provider: SharedCredentialsProvider,
    clock: SharedTimeSource,
    region: String,
    /// The bucket and the profile, for messages.
    bucket: String,
    profile: String,
    current: Mutex<Option<Arc<Held>>>,
}

/// Credentials as they were given out.
#[derive(Debug)]
pub(in crate::storage) struct Held {
    credential: AwsCredential,
    credentials: Credentials,
    obtained: Instant,
}

impl Held {
    /// Whether they are of a kind that expires.
    pub(in crate::storage) fn are_temporary(&self) -> bool {
        self.credential.token.is_some() || self.credentials.expiry().is_some()
    }

    /// The public half: it names the key and opens nothing.
    pub(in crate::storage) fn key_id(&self) -> &str {
        &self.credential.key_id
    }

    /// When they end, if whoever gave them out says so.
    pub(in crate::storage) fn expiry(&self) -> Option<SystemTime> {
        self.credentials.expiry()
    }

    /// Who gave them out, in words.
    pub(in crate::storage) fn giver(&self) -> &'static str {
        use AwsCredentialFeature as Feature;
        let features = self.credentials.get_property::<Vec<Feature>>();
        // A chain of providers notes each of its links; the first is the one that begins it.
        match features.and_then(|features| features.first()) {
            None => "the variables or files that the bucket's settings name",
            Some(Feature::CredentialsEnvVars) => "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            Some(Feature::CredentialsHttp) => "the container's credentials service",
            Some(Feature::CredentialsImds) => "the instance's metadata service",
            Some(Feature::CredentialsProcess | Feature::CredentialsProfileProcess) => {
                "the `credential_process` of the profile"
            }
            Some(Feature::CredentialsSso | Feature::CredentialsProfileSso) => "single sign-on of the profile",
            Some(
                Feature::CredentialsEnvVarsStsWebIdToken
                | Feature::CredentialsStsAssumeRoleWebId
                | Feature::CredentialsProfileStsWebIdToken,
            ) => "a web identity",
            Some(Feature::CredentialsStsAssumeRole) => "a role of the profile",
            Some(_) => "the profile in the shared AWS files",
        }
    }

    pub(super) fn age(&self) -> Duration {
        self.obtained.elapsed()
    }
}

impl Signer {
    pub(super) fn new(provider: SharedCredentialsProvider, region: String, bucket: String, profile: String) -> Self {
        Self {
            provider,
            clock: SharedTimeSource::default(),
            region,
            bucket,
            profile,
            current: Mutex::new(None),
        }
    }

    /// Credentials to sign with now. Whoever comes while they are being fetched waits for the same answer.
    pub(in crate::storage) async fn current(&self) -> Result<Arc<Held>> {
        let mut current = self.current.lock().await;
        match current.as_ref() {
            Some(held) if self.are_fresh(held) => Ok(Arc::clone(held)),
            _ => {
                let held = Arc::new(self.fetch().await?);
                *current = Some(Arc::clone(&held));
                Ok(held)
            }
        }
    }

    /// Other credentials than `refused`, which the store does not accept any more; nothing if there are no others.
    pub(super) async fn renewed(&self, refused: &Arc<Held>) -> Result<Option<Arc<Held>>> {
        let mut current = self.current.lock().await;
        if let Some(held) = current.as_ref().filter(|held| !Arc::ptr_eq(held, refused)) {
            return Ok(Some(Arc::clone(held)));
        }
        let held = Arc::new(self.fetch().await?);
        *current = Some(Arc::clone(&held));
        Ok((held.credential != refused.credential).then_some(held))
    }

    /// Adds date, digest and signature to `request`, in place of any that it has.
    pub(in crate::storage) async fn sign(&self, held: &Held, request: &mut HttpRequest) {
        // object_store's own digest takes an upload in several pieces for an empty one.
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        let mut body = request.body().clone();
        while let Some(Ok(frame)) = body.frame().await {
            if let Some(piece) = frame.data_ref() {
                digest.update(piece);
            }
        }
        let digest = digest.finish();
        AwsAuthorizer::new(&held.credential, "s3", &self.region).authorize(request, Some(digest.as_ref()));
    }

    fn are_fresh(&self, held: &Held) -> bool {
        let Some(expiry) = held.credentials.expiry() else {
            return true;
        };
        let left = expiry.duration_since(self.clock.now()).unwrap_or_default();
        left > RENEWED_BEFORE_EXPIRY || (!left.is_zero() && held.age() < LEAST_AGE)
    }

    async fn fetch(&self) -> Result<Held> {
        let given = tokio::time::timeout(LONGEST_WAIT, self.provider.provide_credentials()).await;
        let credentials = match given {
            Ok(Ok(credentials)) => credentials,
            Ok(Err(failure)) => return Err(self.missing(&failure)),
            Err(_) => return Err(self.missing(&CredentialsError::provider_timed_out(LONGEST_WAIT))),
        };
        let token = credentials.session_token().map(str::to_owned);
        // These two become headers, which hold printable ASCII alone.
        let headers = [Some(credentials.access_key_id()), token.as_deref()];
        if headers
            .into_iter()
            .flatten()
            .any(|text| !text.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            let message = format!(
                "the key or token for \"{}\" holds a character that no key has",
                self.bucket
            );
            return Err(Error::new(ErrorCode::StorageDenied, message));
        }
        Ok(Held {
            credential: AwsCredential {
                key_id: credentials.access_key_id().to_owned(),
                secret_key: credentials.secret_access_key().to_owned(),
                token,
            },
            credentials,
            obtained: Instant::now(),
        })
    }

    /// Why there are no credentials, without the providers' own words where these may repeat what a program printed.
    fn missing(&self, failure: &CredentialsError) -> Error {
        let Self { bucket, profile, .. } = self;
        let message = match failure {
            CredentialsError::CredentialsNotLoaded(_) => format!(
                "no credentials for \"{bucket}\": they are looked for in the environment (AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY), in the profile \"{profile}\" of the shared AWS files, and at the web identity, \
                 container and instance services; for a public bucket set `anonymous = true` under \
                 [storage.buckets.\"{bucket}\"]"
            ),
            CredentialsError::InvalidConfiguration(_) => {
                let why = std::error::Error::source(failure)
                    .map(|cause| format!(": {cause}"))
                    .unwrap_or_default();
                format!("the credentials for \"{bucket}\" (profile \"{profile}\") are not set up properly{why}")
            }
            CredentialsError::ProviderTimedOut(_) => {
                format!("the service that gives out the credentials for \"{bucket}\" did not answer in time")
            }
            _ => format!(
                "the service or program that gives out the credentials for \"{bucket}\" (profile \"{profile}\") refused; \
                 `aws sts get-caller-identity --profile {profile}` shows its own words"
            ),
        };
        Error::new(ErrorCode::StorageDenied, message)
    }
}
