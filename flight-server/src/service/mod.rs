//! The calls of Flight SQL, one file a family.
//!
//! Every call comes through one door, [`FlightSql::answer`]: it finds the session, gives the client its cookie, and turns a panic
//! into an error of this call alone. arrow-flight's own dispatch (`FlightSqlService`) is not used: it leaves GetSchema and
//! PollFlightInfo out, cannot send `is_update`, and has no place for a door.

mod actions;
mod cancel;
mod execute;
mod handshake;
mod ingest;
mod metadata;
mod options;
mod prepared;
mod statements;
mod updates;

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::{Any, Command};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse,
    PollInfo, PutResult, SchemaResult, Ticket,
};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, stream};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Extensions, Request, Response, Status, Streaming};

use crate::authentication::Credentials;
use crate::connections::ConnectionId;
use crate::failure;
use crate::identifier::Secret;
use crate::results::{Compression, Delivery, client_limit_bytes};
use crate::sessions::{Origin, Sessions, Visit};
use crate::settings::Settings;
use crate::uploads::{Upload, command};

/// The name that the protocol suggests for the cookie of a session.
const COOKIE: &str = "arrow_flight_session_id";

/// The header by which one call asks for compression. There is no standard for it.
const COMPRESSION_HEADER: &str = "owlet-compression";

/// The Flight SQL service of one server.
#[derive(Clone)]
pub(crate) struct FlightSql {
    sessions: Arc<Sessions>,
    settings: Arc<Settings>,
    /// Cancelled when no new work is taken any more.
    closing: CancellationToken,
}

/// A call that came through the door.
struct Caller {
    /// Its session.
    visit: Visit,
    /// How its results are sent.
    delivery: Delivery,
    /// Bytes of one message that its client takes.
    client_limit_bytes: usize,
    sessions: Arc<Sessions>,
    settings: Arc<Settings>,
}

type Answer<T> = Result<T, Status>;
type Messages<T> = BoxStream<'static, Result<T, Status>>;

impl FlightSql {
    /// The service over `sessions`. It refuses calls once `closing` is cancelled.
    pub(crate) fn new(sessions: Arc<Sessions>, settings: Arc<Settings>, closing: CancellationToken) -> Self {
        Self {
            sessions,
            settings,
            closing,
        }
    }

    /// The door: lets a call in, and answers it with what `respond` gives.
    async fn answer<T, R, F>(&self, request: Request<T>, respond: impl FnOnce(Caller, T) -> F) -> Answer<Response<R>>
    where
        F: Future<Output = Answer<R>>,
    {
        let (headers, extensions, message) = request.into_parts();
        self.open()?;
        let (origin, compression) = (origin(&headers, &extensions)?, compression(&headers)?);
        let entered = match self.sessions.enter(&origin) {
            Ok(entered) => entered,
            Err(mut status) => {
                // The client forgets the cookie, and its next call begins another session.
                set_cookie(status.metadata_mut(), "ended; Max-Age=0");
                return Err(status);
            }
        };
        let cookie = entered.needs_cookie.then(|| entered.visit.id().text());
        let user_agent = headers.get("user-agent").and_then(|value| value.to_str().ok());
        let client_limit_bytes = client_limit_bytes(user_agent.unwrap_or_default(), &self.settings);
        let session_delivery = entered.visit.wishes().delivery(client_limit_bytes);
        let caller = Caller {
            delivery: compression.map_or(session_delivery, |compression| Delivery {
                compression,
                ..session_delivery
            }),
            client_limit_bytes,
            visit: entered.visit,
            sessions: Arc::clone(&self.sessions),
            settings: Arc::clone(&self.settings),
        };
        let (work, server_ends) = (caller.visit.work(), caller.visit.server_ends().clone());
        let response = AssertUnwindSafe(respond(caller, message)).catch_unwind();
        let answer = work.run_until_cancelled(response).await;
        let answer = answer.unwrap_or_else(|| Ok(Err(failure::stopped(server_ends.is_cancelled(), None))));
        let mut answer = answer
            .unwrap_or_else(|panic| Err(failure::panicked(panic)))
            .map(Response::new);
        if let Some(cookie) = cookie {
            let headers = match &mut answer {
                Ok(response) => response.metadata_mut(),
                Err(status) => status.metadata_mut(),
            };
            set_cookie(headers, &cookie);
        }
        answer
    }

    /// Refuses calls once the server is to end.
    fn open(&self) -> Answer<()> {
        if self.closing.is_cancelled() {
            let message = "the server is about to end; connect again later";
            return Err(failure::refused(Code::Unavailable, "SERVER_ENDS", message));
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl FlightService for FlightSql {
    type HandshakeStream = Messages<HandshakeResponse>;
    type ListFlightsStream = Messages<FlightInfo>;
    type DoGetStream = Messages<FlightData>;
    type DoPutStream = Messages<PutResult>;
    type DoActionStream = Messages<arrow_flight::Result>;
    type ListActionsStream = Messages<ActionType>;
    type DoExchangeStream = Messages<FlightData>;

    async fn handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Answer<Response<Self::HandshakeStream>> {
        self.open()?;
        handshake::introduce(&self.sessions, request).await
    }

    async fn list_flights(&self, request: Request<Criteria>) -> Answer<Response<Self::ListFlightsStream>> {
        // What there is to fetch is found by the metadata commands.
        self.answer(request, |_, _| async { Ok(stream::empty().boxed()) }).await
    }

    async fn get_flight_info(&self, request: Request<FlightDescriptor>) -> Answer<Response<FlightInfo>> {
        self.answer(request, flight_info).await
    }

    async fn poll_flight_info(&self, request: Request<FlightDescriptor>) -> Answer<Response<PollInfo>> {
        self.answer(request, |caller, descriptor| async {
            Ok(PollInfo {
                info: Some(flight_info(caller, descriptor).await?),
                // All that is to come is in the answer: there is nothing to poll for.
                flight_descriptor: None,
                progress: Some(1.0),
                expiration_time: None,
            })
        })
        .await
    }

    async fn get_schema(&self, request: Request<FlightDescriptor>) -> Answer<Response<SchemaResult>> {
        self.answer(request, schema).await
    }

    async fn do_get(&self, request: Request<Ticket>) -> Answer<Response<Self::DoGetStream>> {
        self.answer(request, get).await
    }

    async fn do_put(&self, request: Request<Streaming<FlightData>>) -> Answer<Response<Self::DoPutStream>> {
        self.answer(request, |caller, messages| async {
            let result = put(caller, messages).await?;
            Ok(stream::iter([Ok(result)]).boxed())
        })
        .await
    }

    async fn do_exchange(&self, request: Request<Streaming<FlightData>>) -> Answer<Response<Self::DoExchangeStream>> {
        self.answer(request, |_, _| async { Err(failure::not_offered("DoExchange")) })
            .await
    }

    async fn do_action(&self, request: Request<Action>) -> Answer<Response<Self::DoActionStream>> {
        let closes = request.get_ref().r#type == actions::CLOSE_SESSION;
        let answer = self
            .answer(request, |caller, action| async move {
                let body = actions::run(&caller, &action).await?;
                let results = body.into_iter().map(|body| Ok(arrow_flight::Result { body }));
                Ok(stream::iter(results.collect::<Vec<_>>()).boxed())
            })
            .await;
        match answer {
            // A session that has ended is closed.
            Err(status) if closes && status.code() == Code::NotFound => Ok(actions::closed()),
            answer => answer,
        }
    }

    async fn list_actions(&self, request: Request<Empty>) -> Answer<Response<Self::ListActionsStream>> {
        self.answer(request, |_, _| async { Ok(stream::iter(actions::all()).boxed()) })
            .await
    }
}

async fn flight_info(caller: Caller, descriptor: FlightDescriptor) -> Answer<FlightInfo> {
    match asked(&descriptor)? {
        Command::CommandStatementQuery(query) => statements::flight_info(&caller, query, descriptor).await,
        Command::CommandPreparedStatementQuery(query) => prepared::flight_info(&caller, &query, descriptor).await,
        other => metadata::flight_info(&other, descriptor),
    }
}

async fn schema(caller: Caller, descriptor: FlightDescriptor) -> Answer<SchemaResult> {
    let schema = match asked(&descriptor)? {
        Command::CommandStatementQuery(query) => statements::schema(&caller, query).await?,
        Command::CommandPreparedStatementQuery(query) => prepared::schema(&caller, &query).await?,
        other => metadata::schema(&other)?,
    };
    Ok(SchemaResult { schema })
}

async fn get(caller: Caller, ticket: Ticket) -> Answer<Messages<FlightData>> {
    match command(&ticket.ticket)? {
        Command::TicketStatementQuery(ticket) => statements::fetch(&caller, &ticket),
        Command::CommandPreparedStatementQuery(query) => prepared::fetch(&caller, &query).await,
        other => metadata::fetch(&caller, &other).await,
    }
}

async fn put(caller: Caller, messages: Streaming<FlightData>) -> Answer<PutResult> {
    let upload = Upload::read(messages, caller.settings.received_message_limit_bytes).await?;
    match upload.command.clone() {
        Command::CommandStatementUpdate(update) => updates::statement(&caller, update).await,
        Command::CommandPreparedStatementQuery(query) => prepared::bind(&caller, &query, upload).await,
        Command::CommandPreparedStatementUpdate(update) => updates::prepared(&caller, &update, upload).await,
        Command::CommandStatementIngest(command) => ingest::ingest(&caller, command, upload).await,
        other => Err(unknown(&other)),
    }
}

/// The command of a descriptor.
fn asked(descriptor: &FlightDescriptor) -> Answer<Command> {
    if descriptor.cmd.is_empty() {
        return Err(failure::invalid(
            "the descriptor has no command: paths name nothing here",
        ));
    }
    command(&descriptor.cmd)
}

/// What a call gives for a command that it does not know.
fn unknown(command: &Command) -> Status {
    match command {
        Command::CommandStatementSubstraitPlan(_) => failure::not_offered("Substrait"),
        Command::Unknown(Any { type_url, .. }) => failure::not_offered(&format!("the command \"{type_url}\"")),
        other => failure::not_offered(&format!("the command \"{}\" in this call", other.type_url())),
    }
}

/// Refuses what belongs to a transaction: there are none, and every statement stands alone.
fn refuse_transaction(id: Option<&[u8]>) -> Answer<()> {
    match id {
        Some(id) if !id.is_empty() => Err(failure::not_offered("a transaction")),
        _ => Ok(()),
    }
}

/// What the headers of a call say about its session.
fn origin(headers: &MetadataMap, extensions: &Extensions) -> Answer<Origin> {
    let connection = extensions.get::<ConnectionId>().copied().ok_or_else(|| {
        let message = "the call came over no connection";
        failure::status(
            &owlet_engine::Error::new(owlet_engine::ErrorCode::Internal, message),
            None,
        )
    })?;
    Ok(Origin {
        credentials: Credentials::of(headers)?,
        cookie: cookie(headers),
        connection,
    })
}

/// The session that the headers' cookies name, if one of them is ours.
fn cookie(headers: &MetadataMap) -> Option<Secret> {
    let lines = headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(name, value)| {
        let value = value.trim().trim_matches('"');
        (name.trim() == COOKIE).then(|| Secret::from_text(value)).flatten()
    })
}

/// The compression that the headers ask for, if they do.
fn compression(headers: &MetadataMap) -> Answer<Option<Compression>> {
    let Some(value) = headers.get(COMPRESSION_HEADER) else {
        return Ok(None);
    };
    let known = value.to_str().ok().and_then(Compression::named);
    let refused = || failure::invalid(format!("the header \"{COMPRESSION_HEADER}\" takes none, lz4 or zstd"));
    known.map(Some).ok_or_else(refused)
}

fn set_cookie(headers: &mut MetadataMap, value: &str) {
    if let Ok(value) = MetadataValue::try_from(format!("{COOKIE}={value}")) {
        headers.insert("set-cookie", value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authentication::Authentication;
    use owlet_engine::{Config, Engine};

    #[tokio::test]
    async fn a_panic_is_an_error_of_its_call_and_of_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().display().to_string();
        let config = Config::load(
            None,
            [("HOME", home)].into_iter().collect(),
            directory.path().to_owned(),
        );
        let engine = Engine::open(config.unwrap()).await.unwrap();
        let settings = Arc::new(Settings::default());
        let sessions = Sessions::new(
            engine,
            Authentication::Trust,
            Arc::clone(&settings),
            CancellationToken::new(),
        );
        let sessions = Arc::new(sessions);
        let service = FlightSql::new(Arc::clone(&sessions), settings, CancellationToken::new());
        let request = || {
            let mut request = Request::new(());
            request.extensions_mut().insert(ConnectionId(1));
            request
        };
        let panics = service.answer(request(), |_, ()| async { panic!("on purpose") });
        let status = panics.await.map(|answer: Response<()>| answer).unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().contains("ended by a panic"), "{status}");
        service.answer(request(), |_, ()| async { Ok(()) }).await.unwrap();
        assert_eq!(sessions.count(), 1);
    }
}
