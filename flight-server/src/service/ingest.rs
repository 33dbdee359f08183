//! Bulk ingest: rows of a client become a table, whole or not at all.

use arrow_flight::PutResult;
use arrow_flight::sql::{CommandStatementIngest, TableDefinitionOptions, TableExistsOption, TableNotExistOption};
use futures::TryStreamExt;
use owlet_engine::{Ingest, IngestExisting, IngestMissing};

use super::execute::written_rows;
use super::updates::updated;
use super::{Answer, Caller, refuse_transaction};
use crate::failure;
use crate::uploads::Upload;

/// Writes the rows of an upload into a table. If they break off, nothing of them is seen.
pub(super) async fn ingest(caller: &Caller, command: CommandStatementIngest, upload: Upload) -> Answer<PutResult> {
    refuse_transaction(command.transaction_id.as_deref())?;
    let (if_missing, if_exists) = definition(command.table_definition_options.as_ref())?;
    if let Some(option) = command.options.keys().next() {
        return Err(failure::invalid(format!("there is no option \"{option}\" of ingest")));
    }
    let rows = upload.rows().await?;
    let rows = rows.ok_or_else(|| failure::invalid("there are no columns to write"))?;
    let ingest = Ingest {
        catalog: named(command.catalog),
        database: named(command.schema),
        table: command.table,
        temporary: command.temporary,
        schema: rows.schema,
        if_missing,
        if_exists,
    };
    let stream = caller.visit.engine().ingest(&ingest, rows.batches).await;
    let stream = stream.map_err(|error| failure::status(&error, None))?;
    let query_id = stream.query_id().to_owned();
    let batches: Vec<_> = stream
        .try_collect()
        .await
        .map_err(|error| failure::status(&error, Some(&query_id)))?;
    Ok(updated(written_rows(&batches)))
}

/// A name, where an empty one is none.
fn named(name: Option<String>) -> Option<String> {
    name.filter(|name| !name.is_empty())
}

/// What to do where the table is missing and where it is there. A client that says nothing appends to what is there.
fn definition(options: Option<&TableDefinitionOptions>) -> Answer<(IngestMissing, IngestExisting)> {
    let Some(options) = options else {
        return Ok((IngestMissing::Fail, IngestExisting::Append));
    };
    let if_missing = match options.if_not_exist() {
        TableNotExistOption::Create => IngestMissing::Create,
        TableNotExistOption::Fail => IngestMissing::Fail,
        TableNotExistOption::Unspecified => return Err(unspecified("the table is missing")),
    };
    let if_exists = match options.if_exists() {
        TableExistsOption::Append => IngestExisting::Append,
        TableExistsOption::Replace => IngestExisting::Replace,
        TableExistsOption::Fail => IngestExisting::Fail,
        TableExistsOption::Unspecified => return Err(unspecified("the table exists")),
    };
    Ok((if_missing, if_exists))
}

fn unspecified(case: &str) -> tonic::Status {
    failure::invalid(format!("ingest does not say what to do if {case}"))
}
