//! Statements that are asked for by their text, and results that are fetched by their ticket.

use arrow_flight::sql::{CommandStatementQuery, TicketStatementQuery};
use arrow_flight::{FlightData, FlightDescriptor, FlightInfo};
use bytes::Bytes;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::execute::{issue, prepare_result};
use super::{Answer, Caller, Messages, refuse_transaction};
use crate::failure;
use crate::identifier::Secret;
use crate::results::{Shipment, Wire, schema_message, send};
use crate::sessions::{Pending, Started, Visit, ticket_not_found};

/// Executes a statement: what changes something has run when this is answered, the rest runs when it is fetched.
pub(super) async fn flight_info(
    caller: &Caller,
    query: CommandStatementQuery,
    descriptor: FlightDescriptor,
) -> Answer<FlightInfo> {
    refuse_transaction(query.transaction_id.as_deref())?;
    let pending = prepare_result(caller, &query.query, None).await?;
    issue(caller, pending, descriptor)
}

/// The columns of a statement's result. The statement does not run.
pub(super) async fn schema(caller: &Caller, query: CommandStatementQuery) -> Answer<Bytes> {
    refuse_transaction(query.transaction_id.as_deref())?;
    schema_of(caller, &query.query).await
}

/// The columns of the result of `sql`.
pub(super) async fn schema_of(caller: &Caller, sql: &str) -> Answer<Bytes> {
    let failed = |error| failure::status(&error, None);
    let description = caller.visit.engine().describe(sql).await.map_err(failed)?;
    let wire = Wire::of(&description.schema, caller.delivery.views);
    schema_message(wire.schema()).map_err(failed)
}

/// Fetches the result of a ticket, once.
pub(super) fn fetch(caller: &Caller, ticket: &TicketStatementQuery) -> Answer<Messages<FlightData>> {
    let name = Secret::from_bytes(&ticket.statement_handle)
        .ok_or_else(|| failure::invalid("the ticket is none of this server's"))?;
    let holder = caller
        .sessions
        .holder(&caller.visit, name)
        .ok_or_else(ticket_not_found)?;
    let work = holder.work();
    let pending = holder.tickets().take(name, work.clone())?;
    let visit = holder.another();
    let afterwards = move || visit.tickets().fetched(name);
    Ok(ship(caller, &holder, pending, work, afterwards))
}

/// Runs a result that `holder` has announced, and sends it to the caller.
pub(super) fn ship(
    caller: &Caller,
    holder: &Visit,
    pending: Pending,
    work: CancellationToken,
    afterwards: impl FnOnce() + Send + 'static,
) -> Messages<FlightData> {
    let Pending { wire, source } = pending;
    let Started { query_id, batches } = source.start(holder.engine());
    let shipment = Shipment {
        batches,
        wire,
        delivery: caller.delivery,
        query_id: Some(query_id),
        work,
        server_ends: holder.server_ends().clone(),
    };
    send(shipment, &caller.settings, afterwards).boxed()
}
