//! What clients ask before their first statement: catalogues, databases, tables, keys, types, and what the server can do.
//!
//! Must hold: a schema is the one of the specification to the last nullability, since ADBC refuses any other; what is announced
//! and what is sent come from one place. No file is opened, and nothing is recorded.
//! Must not know: sessions, tickets, the wire.
//!
//! The specification: <https://arrow.apache.org/docs/format/FlightSql.html>. Where it leaves something open, or where its words and
//! its drivers differ, the drivers are followed; the files say where.

mod catalogs;
mod columns;
mod keys;
mod pattern;
mod schemas;
mod sql_codes;
mod table_types;
mod tables;
#[cfg(test)]
mod tests;
mod xdbc_types;

pub use columns::annotated;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
    CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTables, CommandGetXdbcTypeInfo,
};
use owlet_engine::{Error, ErrorCode, Result, Session};

use crate::settings::Settings;

/// One question about what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// The catalogues.
    Catalogs(CommandGetCatalogs),
    /// The databases, which the protocol calls schemas.
    Schemas(CommandGetDbSchemas),
    /// The tables and views, with their columns if they are asked for.
    Tables(CommandGetTables),
    /// The words for what a table can be.
    TableTypes,
    /// What the server is and can do.
    SqlInfo(CommandGetSqlInfo),
    /// The types of columns.
    XdbcTypeInfo(CommandGetXdbcTypeInfo),
    /// The primary key of a table.
    PrimaryKeys(CommandGetPrimaryKeys),
    /// The foreign keys that refer to a table.
    ExportedKeys(CommandGetExportedKeys),
    /// The foreign keys of a table.
    ImportedKeys(CommandGetImportedKeys),
    /// The foreign keys of one table that refer to another.
    CrossReference(CommandGetCrossReference),
}

impl Metadata {
    /// The schema of [`Self::rows`], known without asking anybody.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        match self {
            Self::Catalogs(_) => catalogs::schema(),
            Self::Schemas(_) => schemas::schema(),
            Self::Tables(command) => tables::schema(command.include_schema),
            Self::TableTypes => table_types::schema(),
            Self::SqlInfo(_) => sql_codes::schema(),
            Self::XdbcTypeInfo(_) => xdbc_types::schema(),
            Self::PrimaryKeys(_) => keys::primary_schema(),
            Self::ExportedKeys(_) | Self::ImportedKeys(_) | Self::CrossReference(_) => keys::foreign_schema(),
        }
    }

    /// The answer, as `session` may see it, in the order of the specification. The `settings` of the server are among what it says.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` where SHOW would be, `EXCEEDED_STATEMENT_LIMIT` for more tables than one answer holds, those of the
    /// catalogue.
    pub async fn rows(&self, session: &Session, settings: &Settings) -> Result<RecordBatch> {
        match self {
            Self::Catalogs(_) => catalogs::rows(session),
            Self::Schemas(command) => schemas::rows(command, session).await,
            Self::Tables(command) => tables::rows(command, session).await,
            Self::TableTypes => table_types::rows(),
            Self::SqlInfo(command) => sql_codes::rows(&command.info, session, settings),
            Self::XdbcTypeInfo(command) => xdbc_types::rows(command.data_type),
            Self::PrimaryKeys(_) | Self::ExportedKeys(_) | Self::ImportedKeys(_) | Self::CrossReference(_) => {
                Ok(RecordBatch::new_empty(self.schema()))
            }
        }
    }
}

/// The error of rows that do not fit the schema that was announced: a defect of ours.
fn unfit(error: ArrowError) -> Error {
    Error::new(
        ErrorCode::Internal,
        "cannot put the answer into the schema of the protocol",
    )
    .caused_by(error)
}
