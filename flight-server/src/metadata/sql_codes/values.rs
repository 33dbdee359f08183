//! The values, code by code.

use arrow_flight::sql::{SqlInfo, SqlSupportedTransaction};
use owlet_engine::Session;

use super::union::Value::{self, Bits, Bool, Text};
use super::{limits, syntax};
use crate::settings::Settings;

/// Every code of the enumeration with its value.
pub(super) fn values(session: &Session, settings: &Settings) -> Vec<(SqlInfo, Value)> {
    let mut values = server(settings);
    values.extend(syntax::statements());
    values.extend(syntax::names());
    values.extend(syntax::words(session));
    values.extend(syntax::queries());
    values.extend(syntax::absent());
    values.extend(limits::limits(session, settings));
    values.extend(transactions());
    values.extend(result_sets());
    values
}

fn server(settings: &Settings) -> Vec<(SqlInfo, Value)> {
    use SqlInfo as Code;
    let idle = settings.prepared_statement_idle_limit.as_millis();
    vec![
        (Code::FlightSqlServerName, text("Owlet")),
        (Code::FlightSqlServerVersion, text(env!("CARGO_PKG_VERSION"))),
        (Code::FlightSqlServerArrowVersion, text(arrow::ARROW_VERSION)),
        (Code::FlightSqlServerReadOnly, Bool(false)),
        (Code::FlightSqlServerSql, Bool(true)),
        (Code::FlightSqlServerSubstrait, Bool(false)),
        // NULL would be the word for "none", but the kind of the value takes none.
        (Code::FlightSqlServerSubstraitMinVersion, text("")),
        (Code::FlightSqlServerSubstraitMaxVersion, text("")),
        // ADBC asks for this one first, and only as a number of 32 bits.
        (
            Code::FlightSqlServerTransaction,
            Bits(SqlSupportedTransaction::None as i32),
        ),
        (Code::FlightSqlServerCancel, Bool(true)),
        (Code::FlightSqlServerBulkIngestion, Bool(true)),
        (Code::FlightSqlServerIngestTransactionsSupported, Bool(false)),
        // In milliseconds.
        (
            Code::FlightSqlServerStatementTimeout,
            Bits(i32::try_from(idle).unwrap_or(i32::MAX)),
        ),
        (Code::FlightSqlServerTransactionTimeout, Bits(0)),
    ]
}

fn transactions() -> Vec<(SqlInfo, Value)> {
    use SqlInfo as Code;
    use arrow_flight::sql::SqlTransactionIsolationLevel as Level;
    vec![
        (Code::SqlTransactionsSupported, Bool(false)),
        // A long, against the comment in the protocol: JDBC's driver casts it to one, and ODBC's reads 64 bits.
        (
            Code::SqlDefaultTransactionIsolation,
            Value::Long(Level::SqlTransactionNone as i64),
        ),
        (
            Code::SqlSupportedTransactionsIsolationLevels,
            bits(&[Level::SqlTransactionNone as i32]),
        ),
        (Code::SqlDataDefinitionCausesTransactionCommit, Bool(false)),
        (Code::SqlDataDefinitionsInTransactionsIgnored, Bool(false)),
        (Code::SqlSavepointsSupported, Bool(false)),
    ]
}

fn result_sets() -> Vec<(SqlInfo, Value)> {
    use SqlInfo as Code;
    use arrow_flight::sql::{SqlSupportedResultSetConcurrency as Concurrency, SqlSupportedResultSetType as Kind};
    let read_only = bits(&[Concurrency::SqlResultSetConcurrencyReadOnly as i32]);
    vec![
        (
            Code::SqlSupportedResultSetTypes,
            bits(&[Kind::SqlResultSetTypeForwardOnly as i32]),
        ),
        (Code::SqlSupportedConcurrenciesForResultSetUnspecified, Bits(0)),
        (Code::SqlSupportedConcurrenciesForResultSetForwardOnly, read_only),
        (Code::SqlSupportedConcurrenciesForResultSetScrollSensitive, Bits(0)),
        (Code::SqlSupportedConcurrenciesForResultSetScrollInsensitive, Bits(0)),
    ]
}

pub(super) fn text(text: &str) -> Value {
    Text(text.to_owned())
}

/// The mask with a bit for each number of an enumeration.
pub(super) fn bits(numbers: &[i32]) -> Value {
    Bits(numbers.iter().fold(0, |mask, number| mask | (1 << number)))
}
