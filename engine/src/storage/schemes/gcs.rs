//! `gs://`: Google Cloud Storage. Wired like the others, but never run against the service or an emulator.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};

use super::{Kept, Scheme, check_encryption, plain_bucket, unmetered};
use crate::error::Result;
use crate::storage::failure::from_object_store;
use crate::storage::location::Location;
use crate::storage::network::Network;
use crate::storage::service::Connector;
use crate::storage::settings::BucketSettings;

pub(super) const SCHEME: Scheme = Scheme {
    name: "gs",
    aliases: &["gcs"],
    description: "Google Cloud Storage",
    bucket: plain_bucket,
    open,
};

fn open<'a>(network: &'a Arc<Network>, location: &'a Location) -> BoxFuture<'a, Result<Kept>> {
    async move {
        let settings = network.bucket(location);
        let allow_http = settings.allow_http.unwrap_or(false);
        check_encryption(
            settings.endpoint.as_deref().unwrap_or_default(),
            allow_http,
            location,
            "`allow_http`",
        )?;
        let builder = builder(network, location, settings);
        // Built once without a query, for the credentials that all queries share: asking for them is nobody's request.
        let template = builder
            .clone()
            .with_http_connector(Connector(unmetered(network)))
            .build();
        let credentials = Arc::clone(
            template
                .map_err(|cause| from_object_store(cause, location))?
                .credentials(),
        );
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

fn builder(network: &Network, location: &Location, settings: BucketSettings) -> GoogleCloudStorageBuilder {
    let mut builder = GoogleCloudStorageBuilder::new().with_retry(network.retries());
    for (name, value) in network.environment.iter() {
        // The names that object_store itself would read, `GOOGLE_SERVICE_ACCOUNT` and its like.
        if !name.starts_with("GOOGLE_") {
            continue;
        }
        if let Ok(key) = name.to_ascii_lowercase().parse::<GoogleConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(path) = settings.service_account_file {
        builder = builder.with_service_account_path(path.to_string_lossy());
    }
    if let Some(endpoint) = settings.endpoint {
        builder = builder.with_base_url(&endpoint);
    }
    builder
        .with_bucket_name(location.bucket())
        .with_skip_signature(settings.anonymous)
}
