//! Prepared statements: created, bound, executed and closed by their handles.

use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest, CommandPreparedStatementQuery,
    DoPutPreparedStatementResult,
};
use arrow_flight::{FlightData, FlightDescriptor, FlightInfo, PutResult};
use bytes::Bytes;
use owlet_engine::Description;
use prost::Message;

use super::execute::{issue, prepare_result};
use super::statements::{schema_of, ship};
use super::{Answer, Caller, Messages, refuse_transaction};
use crate::failure;
use crate::messages::PreparedStatementCreated;
use crate::results::{Wire, schema_message};
use crate::uploads::Upload;

/// Describes a statement and keeps its text.
///
/// By what it says of the result, drivers decide whether to execute the statement as a query or as an update: `is_update` says
/// it outright, and to older drivers an empty `dataset_schema` does.
pub(super) async fn create(
    caller: &Caller,
    request: ActionCreatePreparedStatementRequest,
) -> Answer<PreparedStatementCreated> {
    refuse_transaction(request.transaction_id.as_deref())?;
    let failed = |error| failure::status(&error, None);
    let description = caller.visit.engine().describe(&request.query).await.map_err(failed)?;
    let dataset_schema = if description.returns_rows {
        let wire = Wire::of(&description.schema, caller.delivery.views);
        schema_message(wire.schema()).map_err(failed)?
    } else {
        Bytes::new()
    };
    let parameter_schema = schema_message(&parameters(&description)).map_err(failed)?;
    let handle = caller.visit.prepared().keep(request.query)?;
    Ok(PreparedStatementCreated {
        prepared_statement_handle: handle.bytes(),
        dataset_schema,
        parameter_schema,
        is_update: Some(!description.returns_rows),
    })
}

/// Forgets a statement.
pub(super) fn close(caller: &Caller, request: &ActionClosePreparedStatementRequest) {
    caller.visit.prepared().close(&request.prepared_statement_handle);
}

/// Binds the parameters of a statement for the executions that follow.
pub(super) async fn bind(caller: &Caller, query: &CommandPreparedStatementQuery, upload: Upload) -> Answer<PutResult> {
    let handle = &query.prepared_statement_handle;
    caller.visit.prepared().find(handle)?;
    let parameters = upload.parameters(caller.settings.parameter_limit_bytes).await?;
    caller.visit.prepared().bind(handle, parameters)?;
    let result = DoPutPreparedStatementResult {
        prepared_statement_handle: Some(handle.clone()),
    };
    Ok(PutResult {
        app_metadata: result.encode_to_vec().into(),
    })
}

/// Executes a statement with the parameters that were bound to it.
pub(super) async fn flight_info(
    caller: &Caller,
    query: &CommandPreparedStatementQuery,
    descriptor: FlightDescriptor,
) -> Answer<FlightInfo> {
    let statement = caller.visit.prepared().find(&query.prepared_statement_handle)?;
    let pending = prepare_result(caller, &statement.sql, statement.parameters.as_ref()).await?;
    issue(caller, pending, descriptor)
}

/// The columns of a statement's result. The statement does not run.
pub(super) async fn schema(caller: &Caller, query: &CommandPreparedStatementQuery) -> Answer<Bytes> {
    let statement = caller.visit.prepared().find(&query.prepared_statement_handle)?;
    schema_of(caller, &statement.sql).await
}

/// Executes a statement and fetches its result, for clients that take the command for a ticket.
pub(super) async fn fetch(caller: &Caller, query: &CommandPreparedStatementQuery) -> Answer<Messages<FlightData>> {
    let statement = caller.visit.prepared().find(&query.prepared_statement_handle)?;
    let pending = prepare_result(caller, &statement.sql, statement.parameters.as_ref()).await?;
    let visit = caller.visit.another();
    let afterwards = move || drop(visit);
    Ok(ship(caller, &caller.visit, pending, caller.visit.work(), afterwards))
}

/// The parameters as columns: drivers bind NULL only to what is nullable, and nothing to what has no type. Every value has a
/// text, so that is the type of those that the statement tells nothing about.
fn parameters(description: &Description) -> Schema {
    let types = description.parameters.iter().enumerate();
    let fields = types.map(|(index, data_type)| {
        let data_type = data_type.clone().unwrap_or(DataType::Utf8);
        Field::new(format!("${}", index + 1), data_type, true)
    });
    let plain = Wire::received(&Schema::new(fields.collect::<Vec<_>>()));
    plain.schema().as_ref().clone()
}
