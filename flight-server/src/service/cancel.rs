//! Cancelling a result by the announcement of it, whether it runs or not.

use arrow_flight::sql::{Command, TicketStatementQuery};
use arrow_flight::{CancelStatus, FlightInfo};

use super::{Answer, Caller};
use crate::failure;
use crate::identifier::Secret;
use crate::sessions::ticket_not_found;
use crate::uploads::command;

/// Cancels what `info` announced, if it is the caller's.
pub(super) fn cancel(caller: &Caller, info: Option<&FlightInfo>) -> Answer<CancelStatus> {
    let tickets = info
        .into_iter()
        .flat_map(|info| &info.endpoint)
        .filter_map(|endpoint| endpoint.ticket.as_ref());
    let mut status = None;
    for ticket in tickets {
        let one = match command(&ticket.ticket)? {
            Command::TicketStatementQuery(TicketStatementQuery { statement_handle }) => {
                let name = Secret::from_bytes(&statement_handle);
                let name = name.ok_or_else(|| failure::invalid("the ticket is none of this server's"))?;
                let holder = caller
                    .sessions
                    .holder(&caller.visit, name)
                    .ok_or_else(ticket_not_found)?;
                holder.tickets().cancel(name)?
            }
            // The answer of a metadata command is there at once.
            _ => CancelStatus::NotCancellable,
        };
        status = Some(one);
    }
    status.ok_or_else(|| failure::invalid("there is no announcement with a ticket to cancel"))
}
