//! Finding a bucket: its endpoint, its region, and who signs for it.

use std::collections::HashMap;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::os_shim_internal::Env;
use aws_types::service_config::ServiceConfigKey;

use super::client::SharedClient;
use super::named::NamedCredentials;
use super::signer::Signer;
use crate::storage::environment::Environment;
use crate::storage::location::Location;
use crate::storage::network::Network;
use crate::storage::settings::BucketSettings;

/// The region of stores that have none, and of AWS where nothing says another.
const DEFAULT_REGION: &str = "us-east-1";

/// The variables that hold credentials themselves. A bucket that names a profile does not look at them.
const KEY_VARIABLES: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// Where a bucket is and who signs for it.
#[derive(Debug)]
pub(in crate::storage) struct Bucket {
    /// The address of the service; `None` for AWS's own.
    pub(in crate::storage) endpoint: Option<Told>,
    pub(in crate::storage) region: Told,
    /// `None` for requests without signature.
    pub(in crate::storage) signer: Option<Arc<Signer>>,
}

/// A setting, and who said it: for whoever must change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::storage) struct Told {
    pub(in crate::storage) value: String,
    pub(in crate::storage) by: String,
}

impl Told {
    fn new(value: impl Into<String>, by: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            by: by.into(),
        }
    }
}

/// The profile of the shared AWS files that a bucket's settings or the environment name.
pub(in crate::storage) fn profile_name<'a>(settings: &'a BucketSettings, environment: &'a Environment) -> &'a str {
    let named = settings.profile.as_deref().or(environment.get("AWS_PROFILE"));
    named.unwrap_or("default")
}

/// Finds the bucket of `location`, reading the shared files of AWS and, for AWS's own endpoint and where nothing else says
/// the region, asking the metadata service of the machine. Credentials are not asked for yet.
///
/// Endpoint: the bucket's setting, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT`, the profile's `endpoint_url`
/// (of its `services` section first). Region: the bucket's setting, `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's
/// `region`.
pub(in crate::storage) async fn resolve(network: &Arc<Network>, location: &Location) -> Bucket {
    let settings = network.bucket(location);
    // A first look must not wait for a metadata service, so it is told a region.
    let mut config = load(network, &settings, Some(DEFAULT_REGION)).await;
    let environment = &network.environment;
    let profile = profile_name(&settings, environment);
    let own = |value: &Option<String>, key: &str| {
        let by = format!("`{key}` under [storage.buckets.\"{}\"]", location.store_name());
        value.as_ref().map(|value| Told::new(value, by))
    };
    let variable = |names: &[&str]| {
        let told = |name: &&str| Some(Told::new(environment.get(name)?, format!("the variable {name}")));
        names.iter().find_map(told)
    };
    let of_profile = |key: &str, variable: &str| {
        let value = shared(&config, key, variable)?;
        Some(Told::new(value, format!("`{key}` of the profile \"{profile}\"")))
    };
    let endpoint = own(&settings.endpoint, "endpoint")
        .or_else(|| variable(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]))
        .or_else(|| of_profile("endpoint_url", "AWS_ENDPOINT_URL"));
    let region = own(&settings.region, "region")
        .or_else(|| variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]))
        .or_else(|| of_profile("region", "AWS_REGION"));
    let asked = region.is_none() && endpoint.is_none() && !settings.anonymous;
    if region.is_some() || asked {
        config = load(network, &settings, region.as_ref().map(|region| region.value.as_str())).await;
    }
    let of_machine = || {
        let region = config.region().filter(|_| asked)?;
        Some(Told::new(region.to_string(), "the metadata service of this machine"))
    };
    let region = region
        .or_else(of_machine)
        .unwrap_or_else(|| Told::new(DEFAULT_REGION, "the default"));
    let provider = match NamedCredentials::of(&settings, &network.environment) {
        Some(named) => Some(SharedCredentialsProvider::new(named)),
        None => config.credentials_provider(),
    };
    let signer = provider.filter(|_| !settings.anonymous).map(|provider| {
        Arc::new(Signer::new(
            provider,
            region.value.clone(),
            location.store_name(),
            profile.to_owned(),
        ))
    });
    Bucket {
        endpoint,
        region,
        signer,
    }
}

async fn load(network: &Arc<Network>, settings: &BucketSettings, region: Option<&str>) -> SdkConfig {
    let hidden = |name: &str| settings.profile.is_some() && KEY_VARIABLES.contains(&name);
    let variables = network
        .environment
        .iter()
        .filter(|(name, value)| !value.is_empty() && !hidden(name));
    let variables: HashMap<String, String> = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .env(Env::from(variables))
        .http_client(SharedClient::new(network));
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    loader.load().await
}

/// A setting of the profile, that of its `services` section for S3 first.
fn shared(config: &SdkConfig, name: &str, variable: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id("s3")
        .profile(name)
        .env(variable)
        .build()
        .ok()?;
    config.service_config()?.load_config(key)
}
