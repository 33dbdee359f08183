//! The HTTP client of the process for `aws-config`, which otherwise brings a second TLS stack.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use crate::storage::network::Network;

/// How long a service that gives out credentials may take, if `aws-config` sets no limit of its own.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct SharedClient {
    network: Arc<Network>,
    timeout: Duration,
}

impl SharedClient {
    pub(super) fn new(network: &Arc<Network>) -> Self {
        Self {
            network: Arc::clone(network),
            timeout: LONGEST_ANSWER,
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let client = self
            .network
            .client()
            .await
            .map_err(|cause| ConnectorError::user(cause.into()))?;
        let request = request
            .try_into_http1x()
            .map_err(|cause| ConnectorError::user(cause.into()))?;
        let (parts, body) = request.into_parts();
        // What asks for credentials is a few lines long and never a stream.
        let body = body.bytes().unwrap_or_default().to_vec();
        let request = http::Request::from_parts(parts, body);
        let request = reqwest::Request::try_from(request).map_err(|cause| ConnectorError::user(cause.into()))?;
        let answer = client.execute(request).await.map_err(failed)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await.map_err(failed)?;
        let mut answer = http::Response::new(SdkBody::from(bytes.to_vec()));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        HttpResponse::try_from(answer).map_err(|cause| ConnectorError::other(cause.into(), None))
    }
}

fn failed(cause: reqwest::Error) -> ConnectorError {
    let (slow, unreached) = (cause.is_timeout(), cause.is_connect());
    let cause = Box::new(cause.without_url());
    if slow || unreached {
        ConnectorError::timeout(cause)
    } else {
        ConnectorError::io(cause)
    }
}

impl HttpClient for SharedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let longest = |limit: Option<Duration>| limit.unwrap_or(LONGEST_ANSWER);
        // One limit for connection and answer together: the metadata service of a machine that has none is never reached.
        let timeout = match (settings.connect_timeout(), settings.read_timeout()) {
            (None, None) => LONGEST_ANSWER,
            (connect, read) => longest(connect).min(LONGEST_ANSWER) + read.unwrap_or_default(),
        };
        SharedHttpConnector::new(Self {
            timeout,
            ..self.clone()
        })
    }
}

impl HttpConnector for SharedClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            match tokio::time::timeout(this.timeout, this.send(request)).await {
                Ok(answer) => answer,
                Err(elapsed) => Err(ConnectorError::timeout(elapsed.into())),
            }
        })
    }
}
