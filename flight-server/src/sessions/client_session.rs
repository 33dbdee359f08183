//! One session of a client.

use owlet_engine::{Principal, Session};
use std::collections::HashSet;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

use super::prepared::PreparedStatements;
use super::tickets::Tickets;
use crate::connections::ConnectionId;
use crate::identifier::Secret;
use crate::results::Wishes;
use crate::settings::Settings;

/// A session of the engine, and what the protocol keeps beside it.
pub(crate) struct ClientSession {
    id: Secret,
    principal: Principal,
    /// The connection that it was made for, if a client without cookie and bearer made it.
    made_for: Option<ConnectionId>,
    session: Session,
    wishes: Mutex<Wishes>,
    prepared: Mutex<PreparedStatements>,
    tickets: Mutex<Tickets>,
    presence: Mutex<Presence>,
    ended: CancellationToken,
    server_ends: CancellationToken,
}

/// Who is there.
struct Presence {
    /// Calls and streams that are under way.
    visits: usize,
    last_visit: Instant,
    connections: HashSet<ConnectionId>,
    /// Whether its client has shown that it can come back on another connection.
    returns: bool,
}

impl ClientSession {
    /// A session over that of the engine. What runs in it is cancelled once `server_ends` is.
    pub(super) fn new(
        session: Session,
        principal: Principal,
        made_for: Option<ConnectionId>,
        settings: &Settings,
        server_ends: &CancellationToken,
    ) -> Self {
        Self {
            id: Secret::random(),
            principal,
            made_for,
            session,
            wishes: Mutex::new(Wishes::NONE),
            prepared: Mutex::new(PreparedStatements::new(settings)),
            tickets: Mutex::new(Tickets::new(settings)),
            presence: Mutex::new(Presence {
                visits: 0,
                last_visit: Instant::now(),
                connections: HashSet::new(),
                returns: false,
            }),
            ended: server_ends.child_token(),
            server_ends: server_ends.clone(),
        }
    }

    /// What names it in the cookie of its client.
    pub(crate) fn id(&self) -> Secret {
        self.id
    }

    /// Who it belongs to.
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The session of the engine.
    pub(crate) fn engine(&self) -> &Session {
        &self.session
    }

    /// What it asks for in how its results are sent.
    pub(crate) fn wishes(&self) -> MutexGuard<'_, Wishes> {
        locked(&self.wishes)
    }

    /// Its prepared statements.
    pub(crate) fn prepared(&self) -> MutexGuard<'_, PreparedStatements> {
        locked(&self.prepared)
    }

    /// Its results that wait or are being fetched.
    pub(crate) fn tickets(&self) -> MutexGuard<'_, Tickets> {
        locked(&self.tickets)
    }

    /// A token for work in this session, which is cancelled with it.
    pub(crate) fn work(&self) -> CancellationToken {
        self.ended.child_token()
    }

    /// What is cancelled when the server has waited long enough for its end.
    pub(crate) fn server_ends(&self) -> &CancellationToken {
        &self.server_ends
    }

    /// Whether it was made for a client that only `connection` tells from others.
    pub(super) fn is_of(&self, connection: ConnectionId) -> bool {
        self.made_for == Some(connection)
    }

    pub(super) fn reach(&self, connection: ConnectionId, returns: bool) {
        let mut presence = locked(&self.presence);
        presence.connections.insert(connection);
        presence.returns |= returns;
    }

    /// Notes the end of a connection; whether the session is out of everybody's reach now.
    pub(super) fn leave(&self, connection: ConnectionId) -> bool {
        let mut presence = locked(&self.presence);
        presence.connections.remove(&connection);
        presence.last_visit = Instant::now();
        presence.connections.is_empty() && !presence.returns
    }

    pub(super) fn has_expired(&self, now: Instant, settings: &Settings) -> bool {
        let presence = locked(&self.presence);
        let limit = if presence.connections.is_empty() {
            settings.session_absence_limit
        } else {
            settings.session_idle_limit
        };
        presence.visits == 0 && now.saturating_duration_since(presence.last_visit) > limit
    }

    /// Ends what runs in it, and forgets what it kept.
    pub(super) fn end(&self) {
        self.ended.cancel();
        self.tickets().clear();
        self.prepared().clear();
    }
}

/// A call or a stream in a session, which is not idle while this is held.
pub(crate) struct Visit(Arc<ClientSession>);

impl Visit {
    pub(super) fn of(session: Arc<ClientSession>) -> Self {
        locked(&session.presence).visits += 1;
        Self(session)
    }

    /// Another one, for work that goes on after the call.
    pub(crate) fn another(&self) -> Self {
        Self::of(Arc::clone(&self.0))
    }
}

impl Deref for Visit {
    type Target = ClientSession;

    fn deref(&self) -> &ClientSession {
        &self.0
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut presence = locked(&self.0.presence);
        presence.visits -= 1;
        presence.last_visit = Instant::now();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
