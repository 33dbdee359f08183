//! The ADBC driver in Go (Python, R, Polars, pandas, harlequin, Power BI's own connector): it compares the schemas that come
//! with those of the specification and with those that were announced, to the last nullability.

use arrow::datatypes::{DataType, Schema};
use arrow_flight::sql::{ActionBeginTransactionRequest, ProstMessageExt, SqlSupportedTransaction};
use futures::FutureExt;
use prost::Message;
use tonic::Code;

use super::browse::{self, Table};
use super::finding::{Notes, Rule};
use super::probe::{Answer, Cookies};
use super::reach::introduce;
use super::refusal::Refusal;
use super::sequence::{Sequence, Visit, first, step};
use super::sql_codes::{self, Kind};
use super::statements::{self, Binding};
use super::{rules, schemas, writes};
use crate::messages::{
    GetSessionOptionsResult, OptionValue, SessionOptionValue, SetSessionOptionsRequest, SetSessionOptionsResult,
};

pub(super) const SEQUENCE: Sequence = Sequence {
    driver: "adbc",
    cookies: Cookies::Dropped,
    steps: &[
        first("connect", |visit, notes| introduce(visit, notes).boxed()),
        step("transactions", |visit, notes| transactions(visit, notes).boxed()),
        step("info", |visit, notes| information(visit, notes).boxed()),
        step("objects", |visit, notes| objects(visit, notes).boxed()),
        step("table-schema", |visit, notes| table_schema(visit, notes).boxed()),
        step("query", |visit, notes| query(visit, notes).boxed()),
        step("parameters", |visit, notes| {
            statements::bind(visit, notes, Binding::ByPlace, &statements::PARAMETERS).boxed()
        }),
        step("partitions", |visit, notes| partitions(visit, notes).boxed()),
        step("session", |visit, notes| session(visit, notes).boxed()),
        step("ddl", |visit, notes| writes::by_queries(visit, notes).boxed()),
        step("ingest", |visit, notes| writes::by_ingest(visit, notes).boxed()),
    ],
};

/// The child of the union that the driver looks for the code of transactions in.
const INT32_CHILD: i8 = 3;
/// What a message may have.
const MESSAGE_LIMIT_BYTES: usize = 16 << 20;
/// The codes that adbc_get_info asks for.
const INFO_CODES: [u32; 7] = [0, 1, 2, 4, 5, 6, 7];

const UNION: Rule = Rule::must(
    "sql-info-union",
    "the driver panics while it connects",
    "flightsql_database.go",
    "give the union of GetSqlInfo the children of FlightSql.proto, in their order",
);
const TRANSACTIONS: Rule = Rule::should(
    "transactions",
    "commit and rollback do nothing, whatever the server has",
    "flightsql_database.go",
    "answer code 8 with an int32_bitmask",
);
const BEGIN: Rule = Rule::must(
    "begin-transaction",
    "commits do nothing, or connecting fails",
    "flightsql_connection.go",
    "let code 8 and BeginTransaction say the same: both that there are transactions, or none and UNIMPLEMENTED",
);
const INFO: Rule = Rule::must(
    "info-kind",
    "adbc_get_info: \"unsupported field_type for info_value\"",
    "flightsql_connection.go",
    "answer codes 0 to 7 with string_value and bool_value",
);
const REFUSED: Rule = Rule::must(
    "metadata-missing",
    "adbc_get_objects and adbc_get_table_types fail: harlequin and Power BI list nothing",
    "flightsql_connection.go",
    "answer the command",
);
const SCHEMA: Rule = Rule::must(
    "metadata-schema",
    "\"Invalid schema returned for: expected …, got …\": nothing can be browsed",
    "arrow-rs#7416, arrow-rs#7637, orionbelt#433",
    "send metadata with exactly the names, types and nullability of FlightSql.proto, and table_schema only if asked for",
);
const INCONSISTENT: Rule = Rule::must(
    "announced-schema",
    "\"endpoint 0 returned inconsistent schema\"",
    "datafusion-flight-sql-server#51, influxdb_iox#7723, sqlflite#26, arrow-adbc#3134",
    "announce the schema that the rows will have, to the last nullability",
);
const IPC: Rule = Rule::must(
    "table-schema",
    "adbc_get_objects of the depth \"all\" fails",
    "xtdb#5551",
    "send table_schema as an encapsulated IPC message",
);
const FILTER: Rule = Rule::must(
    "table-filter",
    "adbc_get_table_schema gives the columns of another table, or none",
    "flightsql_connection.go",
    "apply catalog, db_schema_filter_pattern and table_name_filter_pattern",
);
const LARGE: Rule = Rule::must(
    "message-size",
    "\"received message larger than max\"",
    "ADBC: 16 MiB",
    "cut results into messages of less than 16 MiB",
);
const PARTITIONS: Rule = Rule::should(
    "partitions",
    "adbc_execute_partitions gives tickets that nobody can read",
    "ADBC: another connection reads them",
    "let a ticket be fetched over another connection of the same user",
);
const OPTIONS: Rule = Rule::should(
    "session-options",
    "adbc_current_catalog and adbc_current_db_schema are not supported",
    "flightsql_connection.go",
    "answer GetSessionOptions with the texts \"catalog\" and \"schema\", and take them in SetSessionOptions",
);
const OPTION_ERROR: Rule = Rule::should(
    "session-options-error",
    "a wrong catalogue is reported as a broken call, or not at all",
    "flightsql_connection.go",
    "say in the result of SetSessionOptions, by name, which options were not set",
);
const CLOSE: Rule = Rule::should(
    "close-session",
    "an error when the connection is closed",
    "ADBC calls CloseSession always",
    "answer CloseSession, or say UNIMPLEMENTED",
);

async fn transactions(visit: &mut Visit, notes: &mut Notes) {
    // The driver asks while it connects. Of all that may go wrong here, it takes only a wrong union amiss.
    let information = match sql_codes::ask(&mut visit.probe, &[8]).await {
        Ok(information) => information,
        Err(refusal) => return notes.breaks(&TRANSACTIONS, refusal.to_string()),
    };
    if !information.has_child(INT32_CHILD, &DataType::Int32) {
        return notes.breaks(&UNION, "the child 3 of the union of GetSqlInfo is no Int32");
    }
    let told = information.find(8);
    let Some(told) = told.filter(|told| told.type_id == INT32_CHILD) else {
        let seen = "code 8 has no value, or none of the kind int32_bitmask: the driver takes it that there are no transactions";
        return notes.breaks(&TRANSACTIONS, seen);
    };
    let has_transactions = told.number != Some(i64::from(SqlSupportedTransaction::None as i32));
    let request = ActionBeginTransactionRequest {};
    let begun = visit
        .probe
        .act("BeginTransaction", request.as_any().encode_to_vec())
        .await;
    match (has_transactions, begun) {
        (true, Ok(_)) => notes.saw("transactions can be begun"),
        (true, Err(refusal)) => notes.breaks(&BEGIN, format!("code 8 says that there are transactions. {refusal}")),
        (false, Ok(_)) => notes.breaks(
            &BEGIN,
            "code 8 says that there are no transactions, and BeginTransaction begins one",
        ),
        (false, Err(refusal)) if is_clean(&refusal) => notes.saw("there are no transactions, and autocommit it is"),
        (false, Err(refusal)) => notes.breaks(&BEGIN, refusal.to_string()),
    }
}

/// Whether a refusal says that there is no such thing, and not that something broke.
fn is_clean(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        Code::Unimplemented | Code::InvalidArgument | Code::FailedPrecondition
    )
}

async fn information(visit: &mut Visit, notes: &mut Notes) {
    let information = match sql_codes::ask(&mut visit.probe, &INFO_CODES).await {
        Ok(information) => information,
        // The driver answers with what it knows itself.
        Err(refusal) if refusal.is_unimplemented() => return notes.saw("GetSqlInfo is not implemented"),
        Err(refusal) => return notes.breaks(&INFO, refusal.to_string()),
    };
    for told in information.told.iter().filter(|told| INFO_CODES.contains(&told.code)) {
        match told.kind {
            Some(Kind::Text | Kind::Truth) => {}
            Some(kind) => notes.breaks(&INFO, format!("code {} is {kind}", told.code)),
            None => notes.breaks(&INFO, format!("code {} is of an unknown kind", told.code)),
        }
    }
    let name = information
        .find(0)
        .and_then(|told| told.text.as_deref())
        .unwrap_or("of no name");
    notes.saw(format!("the server is {name}"));
}

async fn objects(visit: &mut Visit, notes: &mut Notes) {
    let answer = browse::db_schemas(&mut visit.probe).await;
    judge(notes, answer, &schemas::db_schemas());
    let answer = browse::tables(&mut visit.probe, &browse::all_columns()).await;
    if let Some(answer) = judge(notes, answer, &schemas::tables_with_schema()) {
        notes.breaks_all(&IPC, browse::unreadable(&answer));
    }
    let answer = browse::tables(&mut visit.probe, &browse::all_tables()).await;
    if let Some(answer) = judge(notes, answer, &schemas::tables()) {
        visit.tables = browse::listed(&answer);
    }
    let answer = browse::catalogs(&mut visit.probe).await;
    judge(notes, answer, &schemas::catalogs());
    let answer = browse::table_types(&mut visit.probe).await;
    judge(notes, answer, &schemas::table_types());
    notes.saw(format!("{} tables", visit.tables.len()));
}

async fn table_schema(visit: &mut Visit, notes: &mut Notes) {
    let Some(table) = visit.table().cloned() else {
        return notes.skips("no table is listed whose schema could be asked for");
    };
    let answer = browse::tables(&mut visit.probe, &table.filter()).await;
    let Some(answer) = judge(notes, answer, &schemas::tables_with_schema()) else {
        return;
    };
    let found = browse::listed(&answer);
    let names = |table: &Table| (table.catalog.clone(), table.db_schema.clone(), table.name.clone());
    if found.len() == 1 && names(&found[0]) == names(&table) {
        return notes.saw(format!("\"{}\" is found by its name", table.name));
    }
    let found: Vec<_> = found.iter().take(3).map(Table::in_sql).collect();
    notes.breaks(
        &FILTER,
        format!("asked for {}, the server gives [{}]", table.in_sql(), found.join(", ")),
    );
}

async fn query(visit: &mut Visit, notes: &mut Notes) {
    let sql = visit.terms.query.clone();
    let Some((_, answer)) = statements::run(visit, notes, &sql).await else {
        return;
    };
    judge_rows(notes, &answer);
    notes.saw(format!("\"{sql}\" runs"));
    let Some(table) = visit.table().cloned() else {
        return;
    };
    // The column of a count and of an extreme may be announced with NULL and sent without: from a file's statistics.
    let columns = browse::tables(&mut visit.probe, &table.filter()).await.ok();
    let columns = columns.and_then(|answer| browse::schemas(&answer).into_iter().find_map(Result::ok));
    let column = columns.and_then(|schema| Some(schema.fields().first()?.name().replace('"', "\"\"")));
    let from = table.in_sql();
    let extremes = column.map(|column| format!(", min(\"{column}\") AS low, max(\"{column}\") AS high"));
    let aggregate = format!("SELECT count(*) AS n{} FROM {from}", extremes.unwrap_or_default());
    for sql in [aggregate, format!("SELECT * FROM {from} LIMIT 3")] {
        match visit
            .probe
            .ask("GetFlightInfo of a query", &statements::query(&sql))
            .await
        {
            Ok(answer) => {
                judge_rows(notes, &answer);
                notes.saw(sql);
            }
            // A large table may take longer than this step. The query ends with its call.
            Err(refusal) if refusal.is_of_transport => return notes.saw(refusal.to_string()),
            // That its dialect is another is no defect of a server.
            Err(refusal) => notes.saw(refusal.to_string()),
        }
    }
}

/// Fetches rows over another connection than the one that asked for them.
async fn partitions(visit: &mut Visit, notes: &mut Notes) {
    let sql = visit.terms.query.clone();
    let announcement = match visit
        .probe
        .announce("GetFlightInfo of a query", &statements::query(&sql))
        .await
    {
        Ok(announcement) => announcement,
        Err(refusal) => return notes.breaks(&PARTITIONS, refusal.to_string()),
    };
    let Ok(mut other) = visit.probe.elsewhere() else {
        return notes.skips("no other connection can be made");
    };
    match other.fetch("DoGet over another connection", announcement).await {
        Ok(_) => notes.saw("a ticket can be read over another connection"),
        Err(refusal) => notes.breaks(&PARTITIONS, refusal.to_string()),
    }
}

async fn session(visit: &mut Visit, notes: &mut Notes) {
    match visit.probe.act("GetSessionOptions", Vec::new()).await {
        Ok(results) => options(visit, notes, results.first().map(|body| &body[..]).unwrap_or_default()).await,
        Err(refusal) => notes.breaks(&OPTIONS, refusal.to_string()),
    }
    match visit.probe.act("CloseSession", Vec::new()).await {
        Ok(_) => notes.saw("the session can be closed"),
        // The driver takes these for "there are no sessions".
        Err(refusal) if matches!(refusal.code, Code::Unimplemented | Code::InvalidArgument) => {}
        Err(refusal) => notes.breaks(&CLOSE, refusal.to_string()),
    }
}

/// Reads the current catalogue and sets it again, and one that there is not.
async fn options(visit: &mut Visit, notes: &mut Notes, body: &[u8]) {
    let Ok(options) = GetSessionOptionsResult::decode(body) else {
        return notes.breaks(&OPTIONS, "GetSessionOptions: the result is no GetSessionOptionsResult");
    };
    let text = |name: &str| match options.session_options.get(name)?.option_value.as_ref()? {
        OptionValue::Text(text) => Some(text.clone()),
        _ => None,
    };
    let (Some(catalog), Some(schema)) = (text("catalog"), text("schema")) else {
        return notes.breaks(&OPTIONS, "GetSessionOptions: \"catalog\" or \"schema\" is no text");
    };
    for (name, value) in [("catalog", catalog.as_str()), ("schema", schema.as_str())] {
        match set_option(visit, name, value).await {
            Ok(result) if result.errors.is_empty() => {}
            Ok(_) => notes.breaks(
                &OPTIONS,
                format!("SetSessionOptions: \"{name}\" cannot be set to what it is"),
            ),
            Err(refusal) => notes.breaks(&OPTIONS, refusal.to_string()),
        }
    }
    match set_option(visit, "catalog", "owlet_doctor_has_no_such_catalog").await {
        Ok(result) if !result.errors.is_empty() => notes.saw("a catalogue that there is not is refused by its name"),
        Ok(_) => notes.breaks(&OPTION_ERROR, "SetSessionOptions takes a catalogue that there is not"),
        Err(refusal) => notes.breaks(&OPTION_ERROR, refusal.to_string()),
    }
}

async fn set_option(visit: &mut Visit, name: &str, value: &str) -> Result<SetSessionOptionsResult, Refusal> {
    const CALL: &str = "SetSessionOptions";
    let value = SessionOptionValue {
        option_value: Some(OptionValue::Text(value.to_owned())),
    };
    let request = SetSessionOptionsRequest {
        session_options: [(name.to_owned(), value)].into_iter().collect(),
    };
    let results = visit.probe.act(CALL, request.encode_to_vec()).await?;
    let body = results.first().map(|body| &body[..]).unwrap_or_default();
    SetSessionOptionsResult::decode(body).map_err(|error| Refusal::malformed(CALL, error.to_string()))
}

/// What the driver needs of the answer to a metadata command; the answer, if it is one.
fn judge(notes: &mut Notes, answer: Result<Answer, Refusal>, expected: &Schema) -> Option<Answer> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => {
            notes.breaks(&REFUSED, refusal.to_string());
            return None;
        }
    };
    notes.breaks_all(&SCHEMA, rules::unlike_specification(&answer, expected));
    judge_rows(notes, &answer);
    Some(answer)
}

/// What the driver needs of any rows.
pub(super) fn judge_rows(notes: &mut Notes, answer: &Answer) {
    notes.breaks_all(&rules::LOCATION, rules::locations(answer));
    notes.breaks_all(&INCONSISTENT, rules::announced_otherwise(answer));
    let largest = answer.largest_message_bytes;
    if largest > MESSAGE_LIMIT_BYTES {
        notes.breaks(&LARGE, format!("{}: a message has {largest} bytes", answer.call));
    }
}
