//! Handshake: a client says who it is, and gets a bearer for its later calls.
//!
//! The JDBC, ODBC and ADBC drivers send the header `authorization: Basic …` and read the header of the answer; older clients
//! put name and password into the message and read its payload. Both are answered in both ways.

use arrow_flight::{BasicAuth, HandshakeRequest, HandshakeResponse};
use futures::{StreamExt, stream};
use prost::Message;
use std::time::Duration;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Streaming};

use super::{Answer, Messages, origin, set_cookie};
use crate::authentication::Credentials;
use crate::failure;
use crate::sessions::Sessions;

/// How long a client may take to send its name.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets a client in.
pub(super) async fn introduce(
    sessions: &Sessions,
    request: Request<Streaming<HandshakeRequest>>,
) -> Answer<Response<Messages<HandshakeResponse>>> {
    let (headers, extensions, mut messages) = request.into_parts();
    let mut origin = origin(&headers, &extensions)?;
    if matches!(origin.credentials, Credentials::Absent)
        && let Ok(first) = tokio::time::timeout(PATIENCE, messages.message()).await
        && let Some(first) = first?
    {
        origin.credentials = named(&first);
    }
    let (entered, bearer) = sessions.introduce(&origin)?;
    let bearer = bearer.text();
    let answer = HandshakeResponse {
        protocol_version: 0,
        payload: bearer.clone().into(),
    };
    let mut response = Response::new(stream::iter([Ok(answer)]).boxed());
    let header = MetadataValue::try_from(format!("Bearer {bearer}"));
    let header = header.map_err(|error| failure::invalid(error.to_string()))?;
    response.metadata_mut().insert("authorization", header);
    set_cookie(response.metadata_mut(), &entered.visit.id().text());
    Ok(response)
}

/// The name in the message, if it has one.
fn named(message: &HandshakeRequest) -> Credentials {
    match BasicAuth::decode(&*message.payload) {
        Ok(auth) if !auth.username.is_empty() => Credentials::Basic { user: auth.username },
        _ => Credentials::Absent,
    }
}
