//! What the server is and can do: the codes of `SqlInfo`, each with a value of the kind that drivers cast it to.
//!
//! The drivers are strict in ways of their own. JDBC's asks once for everything; up to 18.x it fails at a code that is missing, in
//! all versions at one that its enumeration does not know, and at a value of another kind than it expects. ODBC's reads the memory of a
//! number as 64 or as 32 bits without looking which it is. Where the comments of the protocol name another kind than the drivers
//! and the reference implementations have, theirs is taken.

mod conversions;
mod limits;
mod syntax;
mod union;
mod values;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::SqlInfo;
use owlet_engine::{Result, Session};
use std::sync::Arc;

use super::unfit;
use crate::settings::Settings;
use union::Value;

/// Codes that came to the protocol after JDBC drivers of it (those before 17) were published: they fail at what they do not know, and
/// ask for everything. Whoever asks for these by number gets them.
const LATER: &[SqlInfo] = &[
    SqlInfo::FlightSqlServerBulkIngestion,
    SqlInfo::FlightSqlServerIngestTransactionsSupported,
];

pub(super) fn schema() -> SchemaRef {
    union::schema()
}

/// The values of those `codes` that there are, in the order of the codes; all that every driver knows if none is named.
pub(super) fn rows(codes: &[u32], session: &Session, settings: &Settings) -> Result<RecordBatch> {
    let mut values = values::values(session, settings);
    values.retain(|(code, _)| {
        if codes.is_empty() {
            !LATER.contains(code)
        } else {
            codes.contains(&number(*code))
        }
    });
    values.sort_by_key(|(code, _)| number(*code));
    let codes: UInt32Array = values.iter().map(|(code, _)| Some(number(*code))).collect();
    let values: Vec<Value> = values.into_iter().map(|(_, value)| value).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(codes), Arc::new(union::array(&values).map_err(unfit)?)];
    RecordBatch::try_new(schema(), columns).map_err(unfit)
}

/// No code is negative.
fn number(code: SqlInfo) -> u32 {
    (code as i32).unsigned_abs()
}
