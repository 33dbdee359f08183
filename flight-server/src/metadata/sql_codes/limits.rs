//! How long and how many things may be. 0 is "no limit, or none that is known". All are longs: JDBC's driver casts them to one.

use arrow_flight::sql::SqlInfo as Code;
use owlet_engine::Session;

use super::union::Value::{self, Bool, Long};
use crate::settings::Settings;

/// The longest name of a database, table or column, in bytes.
const NAME_LIMIT_BYTES: i64 = 255;
/// The most columns of a table.
const COLUMN_LIMIT: i64 = 10_000;

pub(super) fn limits(session: &Session, settings: &Settings) -> Vec<(Code, Value)> {
    let long = |number: usize| Long(i64::try_from(number).unwrap_or(i64::MAX));
    let unlimited = [
        Code::SqlMaxBinaryLiteralLength,
        Code::SqlMaxCharLiteralLength,
        Code::SqlMaxColumnsInGroupBy,
        Code::SqlMaxColumnsInIndex,
        Code::SqlMaxColumnsInOrderBy,
        Code::SqlMaxColumnsInSelect,
        Code::SqlMaxCursorNameLength,
        Code::SqlMaxIndexLength,
        Code::SqlMaxProcedureNameLength,
        Code::SqlMaxRowSize,
        Code::SqlMaxTablesInSelect,
        Code::SqlMaxUsernameLength,
    ];
    let mut limits: Vec<(Code, Value)> = unlimited.into_iter().map(|code| (code, Long(0))).collect();
    limits.extend([
        (Code::SqlMaxColumnNameLength, Long(NAME_LIMIT_BYTES)),
        (Code::SqlDbSchemaNameLength, Long(NAME_LIMIT_BYTES)),
        (Code::SqlMaxTableNameLength, Long(NAME_LIMIT_BYTES)),
        (Code::SqlMaxCatalogNameLength, Long(NAME_LIMIT_BYTES)),
        (Code::SqlMaxColumnsInTable, Long(COLUMN_LIMIT)),
        (Code::SqlMaxStatementLength, long(session.limits().sql_length_bytes)),
        (Code::SqlMaxConnections, long(settings.session_limit)),
        (Code::SqlMaxStatements, long(settings.prepared_statement_limit)),
        (Code::SqlMaxRowSizeIncludesBlobs, Bool(true)),
    ]);
    limits
}
