//! What statements and prepared statements share: planning, running what changes something, and announcing results.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};
use arrow_flight::sql::{ProstMessageExt, TicketStatementQuery};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, Ticket};
use futures::TryStreamExt;
use owlet_engine::{ErrorCode, PlannedQuery};
use prost::Message;
use tonic::Status;

use super::{Answer, Caller};
use crate::failure;
use crate::results::{Wire, schema_message};
use crate::sessions::{Pending, Source};

/// A statement that has run to its end.
pub(super) struct Outcome {
    pub query_id: String,
    pub batches: Vec<RecordBatch>,
}

/// Plans `sql`, once for each row of `parameters`, and runs it now if it changes something. Else it runs when it is fetched.
pub(super) async fn prepare_result(caller: &Caller, sql: &str, parameters: Option<&RecordBatch>) -> Answer<Pending> {
    let engine = caller.visit.engine();
    let failed = |error| failure::status(&error, None);
    let rows = parameters.map_or(1, RecordBatch::num_rows);
    if rows <= 1 {
        let planned = engine
            .plan(sql, parameters.filter(|_| rows == 1))
            .await
            .map_err(failed)?;
        return announce(caller, planned).await;
    }
    let Some(parameters) = parameters else {
        return Err(failure::invalid("there are no parameters"));
    };
    let description = engine.describe(sql).await.map_err(failed)?;
    if !description.returns_rows {
        let outcome = run_each(caller, sql, parameters).await?;
        let schema = outcome.batches.first().map_or(description.schema, RecordBatch::schema);
        return Ok(kept(caller, &schema, outcome));
    }
    let mut each = (0..rows).map(|row| parameters.slice(row, 1));
    let planned = engine.plan(sql, each.next().as_ref()).await.map_err(failed)?;
    Ok(Pending {
        wire: Wire::of(&planned.schema(), caller.delivery.views),
        source: Source::Series {
            first: planned,
            sql: sql.to_owned(),
            rest: each.collect(),
        },
    })
}

/// What a planned statement will give, or gave, if it changes something: then it runs here, exactly once.
async fn announce(caller: &Caller, planned: PlannedQuery) -> Answer<Pending> {
    let schema = planned.schema();
    if planned.returns_rows() {
        return Ok(Pending {
            wire: Wire::of(&schema, caller.delivery.views),
            source: Source::Planned(planned),
        });
    }
    let outcome = run(planned).await?;
    Ok(kept(caller, &schema, outcome))
}

fn kept(caller: &Caller, schema: &arrow::datatypes::Schema, outcome: Outcome) -> Pending {
    Pending {
        wire: Wire::of(schema, caller.delivery.views),
        source: Source::Kept {
            query_id: outcome.query_id,
            batches: outcome.batches,
        },
    }
}

/// Runs a statement to its end.
pub(super) async fn run(planned: PlannedQuery) -> Answer<Outcome> {
    let query_id = planned.query_id().to_owned();
    let batches = async { planned.start().await?.try_collect().await };
    let batches: owlet_engine::Result<Vec<RecordBatch>> = batches.await;
    let batches = batches.map_err(|error| failure::status(&error, Some(&query_id)))?;
    Ok(Outcome { query_id, batches })
}

/// Runs a statement that changes something with all rows of its parameters: at once if it is an INSERT of them, else one row
/// after the other.
pub(super) async fn run_each(caller: &Caller, sql: &str, parameters: &RecordBatch) -> Answer<Outcome> {
    let engine = caller.visit.engine();
    match engine.plan(sql, Some(parameters)).await {
        Ok(planned) => return run(planned).await,
        // It has not begun: it takes one row at a time, or fails for the first row as well.
        Err(error) if error.code() == ErrorCode::InvalidValue && parameters.num_rows() > 1 => {}
        Err(error) => return Err(failure::status(&error, None)),
    }
    let (mut query_id, mut batches) = (String::new(), Vec::new());
    for row in 0..parameters.num_rows() {
        let planned = engine.plan(sql, Some(&parameters.slice(row, 1))).await;
        let outcome = match planned {
            Ok(planned) => run(planned).await,
            Err(error) => Err(failure::status(&error, None)),
        };
        let outcome = outcome.map_err(|status| of_row(&status, row, parameters.num_rows()))?;
        query_id = outcome.query_id;
        batches.extend(outcome.batches);
    }
    Ok(Outcome { query_id, batches })
}

/// A failure after which some rows of the parameters have taken effect, which it must say.
fn of_row(status: &Status, row: usize, rows: usize) -> Status {
    let message = format!(
        "{} (row {} of {rows}; those before it have run)",
        status.message(),
        row + 1
    );
    Status::new(status.code(), message)
}

/// How many rows a statement says that it has written: 0 for one that writes none.
pub(super) fn written_rows(batches: &[RecordBatch]) -> i64 {
    let reports = batches.iter().filter(|batch| {
        let schema = batch.schema_ref();
        batch.num_columns() == 1 && schema.field(0).name() == "count" && schema.field(0).data_type() == &DataType::Int64
    });
    let counts = reports.flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().iter().flatten());
    counts.sum()
}

/// The answer that announces a result, which waits for its ticket from now on.
pub(super) fn issue(caller: &Caller, pending: Pending, descriptor: FlightDescriptor) -> Answer<FlightInfo> {
    let wire = pending.wire.clone();
    let ticket = TicketStatementQuery {
        statement_handle: caller.visit.tickets().issue(pending).bytes(),
    };
    announced(&wire, Ticket::new(ticket.as_any().encode_to_vec()), descriptor)
}

/// The announcement of a result with the columns of `wire`.
///
/// It has one endpoint without a location, which is this server under whatever name the client knows it by.
pub(super) fn announced(wire: &Wire, ticket: Ticket, descriptor: FlightDescriptor) -> Answer<FlightInfo> {
    let schema = schema_message(wire.schema()).map_err(|error| failure::status(&error, None))?;
    Ok(FlightInfo {
        schema,
        flight_descriptor: Some(descriptor),
        endpoint: vec![FlightEndpoint::new().with_ticket(ticket)],
        total_records: -1,
        total_bytes: -1,
        ordered: false,
        ..FlightInfo::default()
    })
}
