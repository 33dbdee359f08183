//! What changes something: only with the caller's word, in a table of one's own that is dropped again.

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::sql::{
    CommandPreparedStatementUpdate, CommandStatementIngest, DoPutUpdateResult, TableDefinitionOptions,
    TableExistsOption, TableNotExistOption,
};
use arrow_flight::{FlightInfo, PutResult};
use prost::Message;
use std::sync::Arc;

use super::adbc::judge_rows;
use super::browse::{self, all_tables};
use super::finding::{Notes, Rule};
use super::refusal::Refusal;
use super::sequence::Visit;
use super::statements::{self, query, update};

const UPDATE: &str = "DoPut of a prepared update";
const INGEST: &str = "DoPut of CommandStatementIngest";

pub(super) const LEFT_BEHIND: Rule = Rule::must(
    "left-behind",
    "a table of this examination stays on the server",
    "what was seen",
    "drop it by hand",
);
const DDL: Rule = Rule::must(
    "ddl",
    "CREATE TABLE fails",
    "ADBC cursor.execute",
    "run what changes something in GetFlightInfo, or say in CreatePreparedStatement that it cannot be run",
);
const LAZY: Rule = Rule::must(
    "ddl-lazy",
    "cursor.execute of a CREATE TABLE or an INSERT does nothing until somebody fetches",
    "gizmosql#134",
    "run what changes something in GetFlightInfo, not in DoGet",
);
const TWICE: Rule = Rule::must(
    "ddl-twice",
    "rows are inserted twice: once when announced, and once when fetched",
    "gizmosql#134",
    "run a statement once, and let DoGet give the result of that run",
);
const COUNT: Rule = Rule::must(
    "update-count",
    "executeUpdate and executeBatch report another number of rows than were changed",
    "ArrowFlightPreparedStatement.java",
    "answer DoPut of an update with DoPutUpdateResult and the number of rows",
);
const INGESTED: Rule = Rule::must(
    "ingest",
    "adbc_ingest, pandas to_sql and Polars write_database fail",
    "flightsql_bulk_ingest.go",
    "answer CommandStatementIngest with the number of rows: create, append, and a refusal if the table is there",
);

/// CREATE, INSERT and a count as ADBC has them: prepared, announced, perhaps fetched.
pub(super) async fn by_queries(visit: &mut Visit, notes: &mut Notes) {
    let Some(table) = own_table(visit, notes).await else {
        return;
    };
    let created = match execute(visit, &format!("CREATE TABLE {table} (a BIGINT)")).await {
        Ok(announcement) => announcement,
        Err(refusal) => return was_refused(visit, notes, &DDL, &refusal),
    };
    if !is_listed(visit, &table).await {
        notes.breaks(&LAZY, "CREATE TABLE was executed, and the table is not there");
        // What is not there yet is made by fetching, so that the rest can be looked at.
        if let Err(refusal) = visit.probe.fetch("DoGet of CREATE TABLE", created).await {
            return notes.breaks(&DDL, refusal.to_string());
        }
    }
    let inserted = match execute(visit, &format!("INSERT INTO {table} VALUES (1)")).await {
        Ok(announcement) => announcement,
        Err(refusal) => return notes.breaks(&DDL, refusal.to_string()),
    };
    if count(visit, &table).await == Some(0) {
        notes.breaks(&LAZY, "INSERT was executed, and the row is not there");
    }
    match visit.probe.fetch("DoGet of INSERT", inserted).await {
        Ok(answer) => judge_rows(notes, &answer),
        // Nothing is to be had for a change; that is said, or the row is counted below.
        Err(refusal) => notes.saw(refusal.to_string()),
    }
    match count(visit, &table).await {
        Some(1) => notes.saw("CREATE TABLE and INSERT run once, when they are executed"),
        Some(more @ 2..) => notes.breaks(&TWICE, format!("one INSERT of one row gives {more} rows")),
        _ => notes.breaks(&DDL, "the row of an INSERT is not there"),
    }
}

/// CREATE, INSERT with parameters and a count as JDBC has them: prepared, and put.
pub(super) async fn by_updates(visit: &mut Visit, notes: &mut Notes) {
    let Some(table) = own_table(visit, notes).await else {
        return;
    };
    let nothing = RecordBatch::new_empty(Arc::new(Schema::empty()));
    if let Err(refusal) = put(visit, &format!("CREATE TABLE {table} (a BIGINT)"), nothing).await {
        return was_refused(visit, notes, &COUNT, &refusal);
    }
    match put(visit, &format!("INSERT INTO {table} VALUES (?)"), rows([1, 2])).await {
        Ok(Some(2)) => notes.saw("a batch of two rows is counted as two"),
        Ok(counted) => {
            let counted = counted.map_or_else(|| "no number".to_owned(), |number| number.to_string());
            notes.breaks(
                &COUNT,
                format!("two rows of parameters of one INSERT are counted as {counted}"),
            );
        }
        Err(refusal) => notes.breaks(&COUNT, refusal.to_string()),
    }
    match count(visit, &table).await {
        Some(2) => {}
        found => {
            let found = found.map_or_else(|| "cannot be counted".to_owned(), |found| format!("are {found}"));
            notes.breaks(&COUNT, format!("the rows after an INSERT of two {found}"));
        }
    }
}

/// CommandStatementIngest: creates, appends, and refuses to create again.
pub(super) async fn by_ingest(visit: &mut Visit, notes: &mut Notes) {
    let Some(table) = own_table(visit, notes).await else {
        return;
    };
    let create = (TableNotExistOption::Create, TableExistsOption::Fail);
    let append = (TableNotExistOption::Fail, TableExistsOption::Append);
    match ingest(visit, &table, create).await {
        Ok(Some(3)) => {}
        Ok(_) => notes.breaks(&INGESTED, "three rows are not counted as three"),
        Err(refusal) => return was_refused(visit, notes, &INGESTED, &refusal),
    }
    if let Err(refusal) = ingest(visit, &table, append).await {
        notes.breaks(&INGESTED, refusal.to_string());
    }
    if ingest(visit, &table, create).await.is_ok() {
        notes.breaks(
            &INGESTED,
            "a table that is there is created again, although that was to fail",
        );
    }
    match count(visit, &table).await {
        Some(6) => notes.saw("three rows are created, three appended, and creating again is refused"),
        _ => notes.breaks(&INGESTED, "three rows created and three appended are not six"),
    }
}

/// Drops the table that was made.
pub(super) async fn take_back(visit: &mut Visit) {
    let Some(table) = visit.terms.own_table.clone().filter(|_| visit.has_made_table) else {
        return;
    };
    let drop = update(&format!("DROP TABLE {table}"));
    let put = visit.probe.put("DoPut of DROP TABLE", &drop).await;
    // A server that has no updates drops it by a query.
    if put.is_err() {
        let fetched = visit
            .probe
            .ask("DROP TABLE", &query(&format!("DROP TABLE {table}")))
            .await;
        if fetched.is_err() && is_listed(visit, &table).await {
            return;
        }
    }
    visit.has_made_table = false;
}

/// The table that may be made, or a note why none may. From now on it counts as made: what does not end may have made it.
async fn own_table(visit: &mut Visit, notes: &mut Notes) -> Option<String> {
    let Some(table) = visit.terms.own_table.clone() else {
        notes.skips("changes something, which needs --write");
        return None;
    };
    if is_listed(visit, &table).await {
        notes.breaks(
            &DDL,
            format!("the table \"{table}\" is there already, and is left alone"),
        );
        return None;
    }
    visit.has_made_table = true;
    Some(table)
}

/// Notes that the table was not made; unless nobody knows, because the answer did not come.
fn was_refused(visit: &mut Visit, notes: &mut Notes, rule: &Rule, refusal: &Refusal) {
    visit.has_made_table = refusal.is_of_transport;
    notes.breaks(rule, refusal.to_string());
}

/// Prepares and announces a statement, and closes it, without fetching.
async fn execute(visit: &mut Visit, sql: &str) -> Result<FlightInfo, Refusal> {
    let prepared = statements::prepare(&mut visit.probe, sql).await?;
    let announced = visit
        .probe
        .announce("GetFlightInfo of a prepared statement", &prepared.query())
        .await;
    // A statement that stays open is ended with the connection.
    let _ = statements::close(&mut visit.probe, &prepared).await;
    announced
}

/// Prepares an update and puts its parameters; the number of rows.
async fn put(visit: &mut Visit, sql: &str, parameters: RecordBatch) -> Result<Option<i64>, Refusal> {
    let prepared = statements::prepare(&mut visit.probe, sql).await?;
    let command = CommandPreparedStatementUpdate {
        prepared_statement_handle: prepared.handle.clone(),
    };
    let put = visit.probe.put_rows(UPDATE, &command, parameters).await;
    // A statement that stays open is ended with the connection.
    let _ = statements::close(&mut visit.probe, &prepared).await;
    Ok(counted(put?))
}

async fn ingest(
    visit: &mut Visit,
    table: &str,
    (if_not_exist, if_exists): (TableNotExistOption, TableExistsOption),
) -> Result<Option<i64>, Refusal> {
    let command = CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: if_not_exist as i32,
            if_exists: if_exists as i32,
        }),
        table: table.to_owned(),
        schema: None,
        catalog: None,
        temporary: false,
        transaction_id: None,
        options: std::collections::HashMap::default(),
    };
    Ok(counted(visit.probe.put_rows(INGEST, &command, rows([1, 2, 3])).await?))
}

fn counted(put: Option<PutResult>) -> Option<i64> {
    let counted = DoPutUpdateResult::decode(&*put?.app_metadata).ok()?;
    Some(counted.record_count)
}

fn rows<const N: usize>(numbers: [i64; N]) -> RecordBatch {
    let schema = Schema::new(vec![Field::new("a", DataType::Int64, true)]);
    let column = Arc::new(Int64Array::from(numbers.to_vec()));
    RecordBatch::try_new(Arc::new(schema.clone()), vec![column])
        .unwrap_or_else(|_| RecordBatch::new_empty(Arc::new(schema)))
}

async fn is_listed(visit: &mut Visit, table: &str) -> bool {
    let mut command = all_tables();
    command.table_name_filter_pattern = Some(table.to_owned());
    let answer = browse::tables(&mut visit.probe, &command).await;
    answer.is_ok_and(|answer| browse::listed(&answer).iter().any(|listed| listed.name == table))
}

/// The rows of the table; nothing if they cannot be counted.
async fn count(visit: &mut Visit, table: &str) -> Option<u64> {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    let answer = visit.probe.ask("GetFlightInfo of a query", &query(&sql)).await.ok()?;
    answer.texts_at(0)?.first()?.as_ref()?.parse().ok()
}
