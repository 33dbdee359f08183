//! `az://container/…` and `abfss://container@account.dfs.core.windows.net/…`: Azure Blob Storage.
//!
//! Account and credentials come from the bucket's settings and from the variables that begin with `AZURE_`, by the names
//! that `object_store` documents for `AzureConfigKey`.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};

use super::{Kept, Scheme, check_encryption, plain_bucket, secret, unmetered};
use crate::error::{Error, ErrorCode, Result};
use crate::storage::failure::from_object_store;
use crate::storage::location::Location;
use crate::storage::network::Network;
use crate::storage::service::Connector;

pub(super) const SCHEME: Scheme = Scheme {
    name: "az",
    aliases: &["azure", "abfss", "abfs"],
    description: "Azure Blob Storage",
    bucket: container,
    open,
};

/// The hosts of the service, which stand behind the account's name in Hadoop's form.
const SERVICES: [&str; 2] = [".dfs.core.windows.net", ".blob.core.windows.net"];

/// `c`, `c@account` or `c@account.dfs.core.windows.net`, without the last part.
fn container(authority: &str) -> Option<String> {
    let Some((container, host)) = authority.split_once('@') else {
        return plain_bucket(authority);
    };
    let host = host.to_ascii_lowercase();
    let account = SERVICES
        .iter()
        .find_map(|service| host.strip_suffix(service))
        .unwrap_or(&host);
    let known = account.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) && !account.is_empty();
    known.then(|| plain_bucket(container).map(|container| format!("{container}@{account}")))?
}

fn open<'a>(network: &'a Arc<Network>, location: &'a Location) -> BoxFuture<'a, Result<Kept>> {
    async move {
        let builder = builder(network, location)?;
        // Built once without a query, for the credentials that all queries share: asking for them is nobody's request.
        let template = builder
            .clone()
            .with_http_connector(Connector(unmetered(network)))
            .build();
        let credentials = Arc::clone(template.map_err(|cause| unusable(cause, location))?.credentials());
        let builder = builder.with_credentials(credentials);
        let kept: Kept = Arc::new(move |service, _| {
            let store = builder
                .clone()
                .with_http_connector(Connector(service.clone()))
                .build()?;
            Ok(Arc::new(store) as Arc<dyn ObjectStore>)
        });
        Ok(kept)
    }
    .boxed()
}

fn builder(network: &Network, location: &Location) -> Result<MicrosoftAzureBuilder> {
    let settings = network.bucket(location);
    let mut builder = MicrosoftAzureBuilder::new().with_retry(network.retries());
    for (name, value) in network
        .environment
        .iter()
        .filter(|(name, _)| name.starts_with("AZURE_"))
    {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AzureConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let (container, account) = match location.bucket().split_once('@') {
        Some((container, account)) => (container, Some(account)),
        None => (location.bucket(), settings.account.as_deref()),
    };
    builder = builder.with_container_name(container);
    if let Some(account) = account {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint.clone());
    }
    let key = secret(
        network,
        "account_key",
        settings.account_key_env.as_deref(),
        settings.account_key_file.as_deref(),
    )?;
    if let Some(key) = key {
        builder = builder.with_access_key(key.reveal());
    }
    let sas = secret(
        network,
        "sas_token",
        settings.sas_token_env.as_deref(),
        settings.sas_token_file.as_deref(),
    )?;
    if let Some(sas) = sas {
        builder = builder.with_config(AzureConfigKey::SasKey, sas.reveal());
    }
    let endpoint = builder.get_config_value(&AzureConfigKey::Endpoint).unwrap_or_default();
    let in_environment = network.environment.get("AZURE_ALLOW_HTTP") == Some("true");
    check_encryption(
        &endpoint,
        settings.allow_http.unwrap_or(in_environment),
        location,
        "AZURE_ALLOW_HTTP",
    )?;
    Ok(if settings.anonymous {
        builder.with_skip_signature(true)
    } else {
        builder
    })
}

/// What is missing is said by name; `object_store`'s own words may repeat a value.
fn unusable(cause: object_store::Error, location: &Location) -> Error {
    if cause.to_string().contains("Account must be specified") {
        let message = format!(
            "no account is known for \"{}\": set AZURE_STORAGE_ACCOUNT_NAME, or write az://container@account/…",
            location.store_name()
        );
        return Error::new(ErrorCode::InvalidSetting, message);
    }
    from_object_store(cause, location)
}
