//! The metadata commands: announced without work, answered when they are fetched.
//!
//! Their ticket is the command itself, so that an announcement costs nothing and may be fetched again.

use arrow_flight::sql::Command;
use arrow_flight::{FlightData, FlightDescriptor, FlightInfo, Ticket};
use bytes::Bytes;
use futures::{StreamExt, stream};

use super::execute::announced;
use super::{Answer, Caller, Messages, unknown};
use crate::failure;
use crate::metadata::Metadata;
use crate::results::{Shipment, Wire, schema_message, send};

/// Announces the answer of a metadata command.
pub(super) fn flight_info(command: &Command, descriptor: FlightDescriptor) -> Answer<FlightInfo> {
    let wire = Wire::exactly(find(command)?.schema());
    let ticket = Ticket::new(descriptor.cmd.clone());
    announced(&wire, ticket, descriptor)
}

/// The columns of the answer of a metadata command.
pub(super) fn schema(command: &Command) -> Answer<Bytes> {
    schema_message(&find(command)?.schema()).map_err(|error| failure::status(&error, None))
}

/// The answer of a metadata command.
pub(super) async fn fetch(caller: &Caller, command: &Command) -> Answer<Messages<FlightData>> {
    let metadata = find(command)?;
    let rows = metadata.rows(caller.visit.engine(), &caller.settings).await;
    let rows = rows.map_err(|error| failure::status(&error, None))?;
    let shipment = Shipment {
        batches: stream::iter([Ok(rows)]).boxed(),
        wire: Wire::exactly(metadata.schema()),
        delivery: caller.delivery,
        query_id: None,
        work: caller.visit.work(),
        server_ends: caller.visit.server_ends().clone(),
    };
    let visit = caller.visit.another();
    Ok(send(shipment, &caller.settings, move || drop(visit)).boxed())
}

/// The question that a command is.
fn find(command: &Command) -> Answer<Metadata> {
    Ok(match command.clone() {
        Command::CommandGetCatalogs(command) => Metadata::Catalogs(command),
        Command::CommandGetDbSchemas(command) => Metadata::Schemas(command),
        Command::CommandGetTables(command) => Metadata::Tables(command),
        Command::CommandGetTableTypes(_) => Metadata::TableTypes,
        Command::CommandGetSqlInfo(command) => Metadata::SqlInfo(command),
        Command::CommandGetXdbcTypeInfo(command) => Metadata::XdbcTypeInfo(command),
        Command::CommandGetPrimaryKeys(command) => Metadata::PrimaryKeys(command),
        Command::CommandGetExportedKeys(command) => Metadata::ExportedKeys(command),
        Command::CommandGetImportedKeys(command) => Metadata::ImportedKeys(command),
        Command::CommandGetCrossReference(command) => Metadata::CrossReference(command),
        other => return Err(unknown(&other)),
    })
}
