//! The sessions of clients: which one a call belongs to, and when each ends.
//!
//! A call belongs to the session of its cookie; without one, to that of the bearer that a handshake gave; without either, to
//! that of its connection. So a client that keeps nothing has a session too, and one that keeps its cookie has it on several
//! connections. The cookie goes before the bearer because several clients may share a bearer, and a jar of cookies is one
//! client's.
//!
//! Must hold: a session is reached by its own principal alone; everything that a client made grow (tickets, prepared
//! statements, temporary tables) is of a session and ends with it; a session whose state is gone is not replaced in silence,
//! since a statement in a fresh one could mean something else.

mod client_session;
mod pending;
mod prepared;
mod tickets;

use owlet_engine::{Engine, Principal};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::authentication::{Authentication, Credentials};
use crate::connections::ConnectionId;
use crate::failure;
use crate::identifier::Secret;
use crate::settings::Settings;

pub(crate) use client_session::{ClientSession, Visit};
pub(crate) use pending::{Pending, Source, Started};
pub(crate) use tickets::not_found as ticket_not_found;

/// The sessions of one server.
pub(crate) struct Sessions {
    engine: Engine,
    authentication: Authentication,
    settings: Arc<Settings>,
    ends: CancellationToken,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    sessions: HashMap<Secret, Arc<ClientSession>>,
    /// The session of each bearer.
    bearers: HashMap<Secret, Secret>,
    /// The sessions that calls on a connection have reached.
    connections: HashMap<ConnectionId, Vec<Secret>>,
}

/// What a call says about the session that it belongs to.
pub(crate) struct Origin {
    /// Who sends it.
    pub credentials: Credentials,
    /// The session of its cookie, if it has a cookie of ours.
    pub cookie: Option<Secret>,
    /// The connection that it came over.
    pub connection: ConnectionId,
}

/// A call that has found its session.
pub(crate) struct Entered {
    /// The session, which does not end by idleness while this is held.
    pub visit: Visit,
    /// Whether the client is to be told the session's cookie.
    pub needs_cookie: bool,
}

impl Sessions {
    /// No sessions yet. When `ends` is cancelled, what runs in any of them is.
    pub(crate) fn new(
        engine: Engine,
        authentication: Authentication,
        settings: Arc<Settings>,
        ends: CancellationToken,
    ) -> Self {
        Self {
            engine,
            authentication,
            settings,
            ends,
            known: Mutex::default(),
        }
    }

    /// The session of a call, which is made if the call is the first of its connection.
    ///
    /// # Errors
    /// `NOT_FOUND` if the session of its cookie has ended, `RESOURCE_EXHAUSTED` if there are too many.
    pub(crate) fn enter(&self, origin: &Origin) -> Result<Entered, Status> {
        let mut known = self.known();
        let by_bearer = known.of_bearer(&origin.credentials);
        let principal = match &by_bearer {
            Some(session) => session.principal().clone(),
            None => self.authentication.principal(&origin.credentials),
        };
        if let Some(cookie) = origin.cookie {
            match known.sessions.get(&cookie).cloned() {
                None => return Err(ended()),
                Some(session) if *session.principal() == principal => {
                    return Ok(known.found(session, origin.connection, Found::ByItsClient));
                }
                // It is somebody else's, who is not to be reached by it.
                Some(_) => {}
            }
        }
        if let Some(session) = by_bearer {
            return Ok(known
                .found(session, origin.connection, Found::ByItsClient)
                .with_cookie());
        }
        let session = match known.of_connection(origin.connection, &principal) {
            Some(session) => session,
            None => self.open(&mut known, principal, Some(origin.connection))?,
        };
        Ok(known
            .found(session, origin.connection, Found::ByItsConnection)
            .with_cookie())
    }

    /// A new session for a client that introduces itself, and the bearer that names it.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` if there are too many.
    pub(crate) fn introduce(&self, origin: &Origin) -> Result<(Entered, Secret), Status> {
        let mut known = self.known();
        let session = match (&origin.credentials, known.of_bearer(&origin.credentials)) {
            (Credentials::Bearer(Some(bearer)), Some(session)) => {
                let entered = known.found(session, origin.connection, Found::ByItsClient);
                return Ok((entered.with_cookie(), *bearer));
            }
            (credentials, _) => {
                let principal = self.authentication.principal(credentials);
                self.open(&mut known, principal, None)?
            }
        };
        let bearer = Secret::random();
        known.bearers.insert(bearer, session.id());
        let entered = known.found(session, origin.connection, Found::ByItsClient);
        Ok((entered.with_cookie(), bearer))
    }

    /// The session that has the result of `ticket`: the caller's own, or another of the same principal, since results may be read or
    /// cancelled on another connection than the one that asked for them.
    pub(crate) fn holder(&self, caller: &Visit, ticket: Secret) -> Option<Visit> {
        if caller.tickets().knows(ticket) {
            return Some(caller.another());
        }
        let known = self.known();
        let mut own = known
            .sessions
            .values()
            .filter(|session| session.principal() == caller.principal());
        own.find(|session| session.tickets().knows(ticket))
            .cloned()
            .map(Visit::of)
    }

    /// Ends a session with everything in it.
    pub(crate) fn end(&self, session: &ClientSession) {
        self.known().end(session.id());
    }

    /// Notes that a connection has ended, and ends the sessions that only it could reach.
    pub(crate) fn disconnected(&self, connection: ConnectionId) {
        let mut known = self.known();
        for id in known.connections.remove(&connection).unwrap_or_default() {
            let is_out_of_reach = known.sessions.get(&id).is_some_and(|session| session.leave(connection));
            if is_out_of_reach {
                known.end(id);
            }
        }
    }

    /// Ends what has been idle for too long.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let mut known = self.known();
        let idle: Vec<Secret> = known
            .sessions
            .values()
            .filter(|session| session.has_expired(now, &self.settings))
            .map(|session| session.id())
            .collect();
        for id in idle {
            known.end(id);
        }
        for session in known.sessions.values() {
            session.prepared().expire(now);
            session.tickets().expire(now);
        }
    }

    /// Ends all sessions.
    pub(crate) fn clear(&self) {
        let mut known = self.known();
        let all: Vec<Secret> = known.sessions.keys().copied().collect();
        for id in all {
            known.end(id);
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.known().sessions.len()
    }

    fn open(
        &self,
        known: &mut Known,
        principal: Principal,
        connection: Option<ConnectionId>,
    ) -> Result<Arc<ClientSession>, Status> {
        if known.sessions.len() >= self.settings.session_limit {
            let message = format!(
                "there are {} sessions, which is the limit; close one, or raise \"server.session_limit\"",
                known.sessions.len()
            );
            return Err(failure::refused(Code::ResourceExhausted, "TOO_MANY_SESSIONS", &message));
        }
        let engine = self.engine.session(principal.clone());
        let session = ClientSession::new(engine, principal, connection, &self.settings, &self.ends);
        let session = Arc::new(session);
        known.sessions.insert(session.id(), Arc::clone(&session));
        Ok(session)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a call has found its session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// By a cookie or bearer: the client can come back on another connection.
    ByItsClient,
    /// By the connection.
    ByItsConnection,
}

impl Known {
    fn of_bearer(&self, credentials: &Credentials) -> Option<Arc<ClientSession>> {
        let Credentials::Bearer(Some(bearer)) = credentials else {
            return None;
        };
        self.sessions.get(self.bearers.get(bearer)?).cloned()
    }

    /// The session that was made for `principal` on `connection`.
    fn of_connection(&self, connection: ConnectionId, principal: &Principal) -> Option<Arc<ClientSession>> {
        let reached = self.connections.get(&connection)?.iter();
        let mut sessions = reached.filter_map(|id| self.sessions.get(id));
        sessions
            .find(|session| session.is_of(connection) && session.principal() == principal)
            .cloned()
    }

    fn found(&mut self, session: Arc<ClientSession>, connection: ConnectionId, how: Found) -> Entered {
        let reached = self.connections.entry(connection).or_default();
        if !reached.contains(&session.id()) {
            // Those that have ended meanwhile: a connection may live long and see many.
            reached.retain(|id| self.sessions.contains_key(id));
            reached.push(session.id());
        }
        session.reach(connection, how == Found::ByItsClient);
        Entered {
            visit: Visit::of(session),
            needs_cookie: false,
        }
    }

    fn end(&mut self, id: Secret) {
        if let Some(session) = self.sessions.remove(&id) {
            self.bearers.retain(|_, session| *session != id);
            session.end();
        }
    }
}

impl Entered {
    fn with_cookie(self) -> Self {
        Self {
            needs_cookie: true,
            ..self
        }
    }
}

/// What a call hears whose session has ended.
fn ended() -> Status {
    let message = "the session has ended, by idleness, by CloseSession or with the server that had it; its settings and \
                   temporary tables are gone, and the next call begins another";
    failure::refused(Code::NotFound, "SESSION_NOT_FOUND", message)
}
