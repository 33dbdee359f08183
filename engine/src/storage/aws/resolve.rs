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
    pub(in crate::storage) endpoint: Option<String>,
    pub(in crate::storage) region: String,
    /// `None` for requests without signature.
    pub(in crate::storage) signer: Option<Arc<Signer>>,
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
    let endpoint = settings
        .endpoint
        .clone()
        .or_else(|| {
            network
                .environment
                .first_of(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
                .map(str::to_owned)
        })
        .or_else(|| network.environment.get("AWS_ENDPOINT").map(str::to_owned))
        .or_else(|| shared(&config, "endpoint_url", "AWS_ENDPOINT_URL"));
    let region = settings
        .region
        .clone()
        .or_else(|| {
            network
                .environment
                .first_of(&["AWS_REGION", "AWS_DEFAULT_REGION"])
                .map(str::to_owned)
        })
        .or_else(|| shared(&config, "region", "AWS_REGION"));
    let asked = region.is_none() && endpoint.is_none() && !settings.anonymous;
    if region.is_some() || asked {
        config = load(network, &settings, region.as_deref()).await;
    }
    let region = region
        .or_else(|| config.region().filter(|_| asked).map(ToString::to_string))
        .unwrap_or_else(|| DEFAULT_REGION.to_owned());
    let provider = match NamedCredentials::of(&settings, &network.environment) {
        Some(named) => Some(SharedCredentialsProvider::new(named)),
        None => config.credentials_provider(),
    };
    let signer = provider.filter(|_| !settings.anonymous).map(|provider| {
        let profile = settings
            .profile
            .as_deref()
            .or(network.environment.get("AWS_PROFILE"))
            .unwrap_or("default");
        Arc::new(Signer::new(
            provider,
            region.clone(),
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
