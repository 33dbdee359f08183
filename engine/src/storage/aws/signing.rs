//! The service that signs what goes to a bucket.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::client::{HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService};

use super::signer::{Held, Signer};
use crate::error::Error;
use crate::storage::refusal::Refusal;
use crate::storage::service::QueryService;

/// Credentials this young are not renewed for an answer that does not say that they have expired.
const YOUNG: Duration = Duration::from_mins(1);

/// Signs each request of one query with the credentials of the bucket, and once more with newer ones if the store says that
/// those have expired.
#[derive(Clone, Debug)]
pub(in crate::storage) struct SigningService {
    service: QueryService,
    signer: Arc<Signer>,
}

impl SigningService {
    pub(in crate::storage) fn new(service: &QueryService, signer: &Arc<Signer>) -> Self {
        Self {
            service: service.clone(),
            signer: Arc::clone(signer),
        }
    }

    async fn send(&self, held: &Held, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.signer.sign(held, &mut request).await;
        self.service.call(request).await
    }
}

#[async_trait]
impl HttpService for SigningService {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let held = self.signer.current().await.map_err(unsigned)?;
        let failure = match self.send(&held, request.clone()).await {
            Err(failure) if may_have_expired(&failure, &held) => failure,
            answer => return answer,
        };
        match self.signer.renewed(&held).await.map_err(unsigned)? {
            Some(newer) => {
                self.service.meter.retry();
                self.send(&newer, request).await
            }
            None => Err(failure),
        }
    }
}

fn may_have_expired(failure: &HttpError, held: &Held) -> bool {
    // downcast: the service below puts its refusals into HttpError, which keeps them as `dyn Error`.
    let refusal = std::error::Error::source(failure).and_then(|cause| cause.downcast_ref::<Refusal>());
    refusal.is_some_and(|refusal| match refusal.code {
        Some(_) => refusal.may_be_stale_credentials(),
        None => refusal.may_be_stale_credentials() && held.are_temporary() && held.age() > YOUNG,
    })
}

fn unsigned(cause: Error) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, cause)
}
