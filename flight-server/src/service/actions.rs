//! The actions: prepared statements, sessions, cancelling.

use arrow_flight::sql::{
    ActionCancelQueryRequest, ActionCancelQueryResult, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, Any, ProstMessageExt,
};
use arrow_flight::{Action, ActionType, CancelFlightInfoRequest, CancelFlightInfoResult, FlightInfo};
use bytes::Bytes;
use futures::{StreamExt, stream};
use prost::Message;
use tonic::{Response, Status};

use super::{Answer, Caller, Messages, cancel, options, prepared, set_cookie};
use crate::failure;
use crate::messages::{CloseSessionResult, CloseSessionStatus, SetSessionOptionsRequest};

pub(super) const CLOSE_SESSION: &str = "CloseSession";

/// The actions that are offered, and what each does.
const ACTIONS: &[(&str, &str)] = &[
    (
        "CreatePreparedStatement",
        "Keeps a statement to execute it with parameters. ActionCreatePreparedStatementRequest to \
         ActionCreatePreparedStatementResult.",
    ),
    (
        "ClosePreparedStatement",
        "Forgets a prepared statement. ActionClosePreparedStatementRequest to nothing.",
    ),
    (
        "CancelFlightInfo",
        "Cancels a result that was announced. CancelFlightInfoRequest to CancelFlightInfoResult.",
    ),
    (
        "CancelQuery",
        "CancelFlightInfo under its earlier name. ActionCancelQueryRequest to ActionCancelQueryResult.",
    ),
    (
        "SetSessionOptions",
        "Sets options of the session. SetSessionOptionsRequest to SetSessionOptionsResult.",
    ),
    (
        "GetSessionOptions",
        "The options of the session. GetSessionOptionsRequest to GetSessionOptionsResult.",
    ),
    (
        CLOSE_SESSION,
        "Ends the session with everything in it. CloseSessionRequest to CloseSessionResult.",
    ),
];

/// The actions of the protocol that are known and not offered, and what they are about.
const NOT_OFFERED: &[(&str, &str)] = &[
    ("BeginTransaction", "a transaction"),
    ("EndTransaction", "a transaction"),
    ("BeginSavepoint", "a savepoint"),
    ("EndSavepoint", "a savepoint"),
    ("CreatePreparedSubstraitPlan", "Substrait"),
    ("RenewFlightEndpoint", "renewing an endpoint"),
];

/// The actions that are offered.
pub(super) fn all() -> Vec<Result<ActionType, Status>> {
    let actions = ACTIONS.iter().map(|(name, description)| ActionType {
        r#type: (*name).to_owned(),
        description: (*description).to_owned(),
    });
    actions.map(Ok).collect()
}

/// Does what is asked for, and gives the message to answer with, if there is one.
pub(super) async fn run(caller: &Caller, action: &Action) -> Answer<Option<Bytes>> {
    let answer = match action.r#type.as_str() {
        "CreatePreparedStatement" => {
            let request: ActionCreatePreparedStatementRequest = unpacked(action)?;
            prepared::create(caller, request).await?.as_any().encode_to_vec()
        }
        "ClosePreparedStatement" => {
            prepared::close(caller, &unpacked::<ActionClosePreparedStatementRequest>(action)?);
            return Ok(None);
        }
        "CancelFlightInfo" => {
            let request: CancelFlightInfoRequest = plain(action)?;
            let status = cancel::cancel(caller, request.info.as_ref())?.into();
            CancelFlightInfoResult { status }.encode_to_vec()
        }
        "CancelQuery" => {
            let request: ActionCancelQueryRequest = unpacked(action)?;
            let info = FlightInfo::decode(request.info).map_err(|error| unreadable(action, &error))?;
            // The numbers of its result are those of CancelStatus.
            let result = cancel::cancel(caller, Some(&info))?.into();
            ActionCancelQueryResult { result }.as_any().encode_to_vec()
        }
        "SetSessionOptions" => {
            let request: SetSessionOptionsRequest = plain(action)?;
            options::set(caller, request).await.encode_to_vec()
        }
        "GetSessionOptions" => options::get(caller).encode_to_vec(),
        CLOSE_SESSION => {
            caller.sessions.end(&caller.visit);
            close_result()
        }
        other => return Err(not_offered(other)),
    };
    Ok(Some(answer.into()))
}

/// What a client hears that closes a session which has ended.
pub(super) fn closed() -> Response<Messages<arrow_flight::Result>> {
    let body = close_result().into();
    let mut response = Response::new(stream::iter([Ok(arrow_flight::Result { body })]).boxed());
    set_cookie(response.metadata_mut(), "ended; Max-Age=0");
    response
}

fn close_result() -> Vec<u8> {
    let status = CloseSessionStatus::Closed.into();
    CloseSessionResult { status }.encode_to_vec()
}

fn not_offered(name: &str) -> Status {
    let known = NOT_OFFERED.iter().find(|(known, _)| *known == name);
    match known {
        Some((_, what)) => failure::not_offered(what),
        None => failure::not_offered(&format!("the action \"{name}\"")),
    }
}

/// The message of an action of Flight SQL, which stands in an envelope.
fn unpacked<M: ProstMessageExt>(action: &Action) -> Answer<M> {
    let any = Any::decode(&*action.body).map_err(|error| unreadable(action, &error))?;
    let message = any.unpack().map_err(|error| unreadable(action, &error))?;
    message.ok_or_else(|| unreadable(action, &format!("it is a \"{}\"", any.type_url)))
}

/// The message of an action of Flight itself, which has no envelope.
fn plain<M: Message + Default>(action: &Action) -> Answer<M> {
    M::decode(&*action.body).map_err(|error| unreadable(action, &error))
}

fn unreadable(action: &Action, reason: &dyn std::fmt::Display) -> Status {
    failure::invalid(format!(
        "the message of the action \"{}\" cannot be read: {reason}",
        action.r#type
    ))
}
