//! Statements that are executed as updates, and answered with how many rows they wrote.

use arrow::array::RecordBatch;
use arrow_flight::PutResult;
use arrow_flight::sql::{CommandPreparedStatementUpdate, CommandStatementUpdate, DoPutUpdateResult};
use futures::TryStreamExt;
use owlet_engine::PlannedQuery;
use prost::Message;

use super::execute::{run, run_each, written_rows};
use super::{Answer, Caller, refuse_transaction};
use crate::failure;
use crate::uploads::Upload;

/// What the protocol has for a number of rows that nobody knows.
const UNKNOWN: i64 = -1;

/// Executes a statement. The client may wait for the answer before it ends its messages, so that the rest of them is not read.
pub(super) async fn statement(caller: &Caller, update: CommandStatementUpdate) -> Answer<PutResult> {
    refuse_transaction(update.transaction_id.as_deref())?;
    let planned = caller.visit.engine().plan(&update.query, None).await;
    execute(planned.map_err(|error| failure::status(&error, None))?).await
}

/// Executes a prepared statement, with the rows of parameters that come with it.
pub(super) async fn prepared(
    caller: &Caller,
    update: &CommandPreparedStatementUpdate,
    upload: Upload,
) -> Answer<PutResult> {
    let statement = caller.visit.prepared().find(&update.prepared_statement_handle)?;
    let sent = upload.parameters(caller.settings.parameter_limit_bytes).await?;
    match sent.or(statement.parameters) {
        None => {
            let planned = caller.visit.engine().plan(&statement.sql, None).await;
            execute(planned.map_err(|error| failure::status(&error, None))?).await
        }
        // No row to execute it for.
        Some(parameters) if parameters.num_rows() == 0 => Ok(updated(0)),
        Some(parameters) if parameters.num_rows() == 1 => {
            let planned = caller.visit.engine().plan(&statement.sql, Some(&parameters)).await;
            execute(planned.map_err(|error| failure::status(&error, None))?).await
        }
        Some(parameters) => each(caller, &statement.sql, &parameters).await,
    }
}

async fn each(caller: &Caller, sql: &str, parameters: &RecordBatch) -> Answer<PutResult> {
    let outcome = run_each(caller, sql, parameters).await?;
    Ok(updated(written_rows(&outcome.batches)))
}

/// Runs a statement to its end. A query that is executed as an update has its rows read and forgotten, as other servers do.
async fn execute(planned: PlannedQuery) -> Answer<PutResult> {
    if !planned.returns_rows() {
        return Ok(updated(written_rows(&run(planned).await?.batches)));
    }
    let query_id = planned.query_id().to_owned();
    let rows = async { planned.start().await?.try_for_each(|_| async { Ok(()) }).await };
    rows.await.map_err(|error| failure::status(&error, Some(&query_id)))?;
    Ok(updated(UNKNOWN))
}

/// The answer of an update that wrote so many rows.
pub(super) fn updated(record_count: i64) -> PutResult {
    PutResult {
        app_metadata: DoPutUpdateResult { record_count }.encode_to_vec().into(),
    }
}
