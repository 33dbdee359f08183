//! The results of a session that wait to be fetched or are being fetched, by the tickets that name them.

use arrow_flight::CancelStatus;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::pending::Pending;
use crate::failure;
use crate::identifier::Secret;
use crate::settings::Settings;

/// The tickets of one session, oldest first.
pub(crate) struct Tickets {
    limit: usize,
    age_limit: Duration,
    known: VecDeque<Ticket>,
}

struct Ticket {
    name: Secret,
    since: Instant,
    state: State,
}

enum State {
    Waiting(Box<Pending>),
    Running(CancellationToken),
    /// Remembered, so that a second fetch hears why there is nothing.
    Fetched,
    Cancelled,
}

impl Tickets {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            limit: settings.ticket_limit,
            age_limit: settings.ticket_age_limit,
            known: VecDeque::new(),
        }
    }

    /// A ticket for `pending`. If as many wait as may, the oldest ends.
    pub(crate) fn issue(&mut self, pending: Pending) -> Secret {
        self.make_room(State::is_waiting);
        let name = Secret::random();
        self.known.push_back(Ticket {
            name,
            since: Instant::now(),
            state: State::Waiting(Box::new(pending)),
        });
        name
    }

    /// Whether the ticket is one of these.
    pub(super) fn knows(&self, name: Secret) -> bool {
        self.known.iter().any(|ticket| ticket.name == name)
    }

    /// What waits for the ticket, which is running from now on, until [`Self::fetched`]. Cancelling it cancels `work`.
    ///
    /// # Errors
    /// `NOT_FOUND` for a ticket that is not one of these, or that was used.
    pub(crate) fn take(&mut self, name: Secret, work: CancellationToken) -> Result<Pending, Status> {
        let Some(ticket) = self.known.iter_mut().find(|ticket| ticket.name == name) else {
            return Err(not_found());
        };
        match std::mem::replace(&mut ticket.state, State::Running(work)) {
            State::Waiting(pending) => Ok(*pending),
            earlier => {
                let message = match earlier {
                    State::Cancelled => "the result was cancelled",
                    _ => "the result was fetched already: a ticket is good for one fetch, run the statement again",
                };
                ticket.state = earlier;
                Err(failure::refused(Code::NotFound, "TICKET_USED", message))
            }
        }
    }

    /// Notes that the result of a ticket is at its end.
    pub(crate) fn fetched(&mut self, name: Secret) {
        self.make_room(State::is_over);
        if let Some(ticket) = self.known.iter_mut().find(|ticket| ticket.name == name)
            && matches!(ticket.state, State::Running(_))
        {
            ticket.state = State::Fetched;
        }
    }

    /// Ends the statement of a ticket, whether it runs or not.
    ///
    /// # Errors
    /// `NOT_FOUND` for a ticket that is not one of these.
    pub(crate) fn cancel(&mut self, name: Secret) -> Result<CancelStatus, Status> {
        let Some(ticket) = self.known.iter_mut().find(|ticket| ticket.name == name) else {
            return Err(not_found());
        };
        match &ticket.state {
            State::Waiting(_) | State::Cancelled => {
                ticket.state = State::Cancelled;
                Ok(CancelStatus::Cancelled)
            }
            State::Running(work) => {
                work.cancel();
                ticket.state = State::Cancelled;
                Ok(CancelStatus::Cancelled)
            }
            State::Fetched => Ok(CancelStatus::NotCancellable),
        }
    }

    /// Ends what has waited for too long.
    pub(super) fn expire(&mut self, now: Instant) {
        let age_limit = self.age_limit;
        self.known.retain(|ticket| {
            matches!(ticket.state, State::Running(_)) || now.saturating_duration_since(ticket.since) <= age_limit
        });
    }

    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// Removes the oldest of those that `counts` says, if there are as many as may be.
    fn make_room(&mut self, counts: fn(&State) -> bool) {
        let counted = self.known.iter().filter(|ticket| counts(&ticket.state)).count();
        if counted < self.limit {
            return;
        }
        if let Some(oldest) = self.known.iter().position(|ticket| counts(&ticket.state)) {
            self.known.remove(oldest);
        }
    }
}

impl State {
    fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    fn is_over(&self) -> bool {
        matches!(self, Self::Fetched | Self::Cancelled)
    }
}

/// What a call hears whose ticket names nothing that it may have.
pub(crate) fn not_found() -> Status {
    let message = "there is no result of that ticket: it is somebody else's, its session has ended, or it has waited for too long";
    failure::refused(Code::NotFound, "TICKET_NOT_FOUND", message)
}
