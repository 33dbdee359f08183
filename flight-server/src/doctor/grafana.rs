//! The FlightSQL plugin of Grafana: `select 1` as its health check, tables by their type, and the columns of the chosen one.

use futures::FutureExt;

use super::finding::{Notes, Rule};
use super::odbc::only_of_types;
use super::probe::Cookies;
use super::reach::{introduce, plain_query};
use super::sequence::{Sequence, Visit, first, step};
use super::{browse, sql_codes};

pub(super) const SEQUENCE: Sequence = Sequence {
    driver: "grafana",
    cookies: Cookies::Dropped,
    steps: &[
        first("connect", |visit, notes| introduce(visit, notes).boxed()),
        step("health", |visit, notes| health(visit, notes).boxed()),
        step("browse", |visit, notes| list(visit, notes).boxed()),
        step("query", |visit, notes| query(visit, notes).boxed()),
    ],
};

/// The types that the plugin asks for: of its versions, one each.
const TYPES: [&[&str]; 2] = [&["BASE TABLE"], &["BASE TABLE", "table"]];

const HEALTH: Rule = Rule::must(
    "health",
    "\"Save & test\" says that the data source does not work",
    "grafana-flightsql-datasource: CheckHealth",
    "answer CommandStatementQuery of \"select 1\"",
);
const SQL_INFO: Rule = Rule::must(
    "sql-info",
    "the editor of queries reports an error",
    "grafana-flightsql-datasource resources.go",
    "answer GetSqlInfo without codes",
);
const REFUSED: Rule = Rule::must(
    "metadata-missing",
    "the menus of tables and columns are empty",
    "grafana-flightsql-datasource resources.go",
    "answer GetTables",
);
const SYNONYMS: Rule = Rule::must(
    "table-type-filter",
    "the menu of tables is empty",
    "gigapi#91, grafana-flightsql PR#2",
    "take TABLE and BASE TABLE for the same in the filter of GetTables, in any case",
);
const COLUMNS: Rule = Rule::must(
    "table-columns",
    "the menu of columns is empty: \"table not found\"",
    "grafana-flightsql-datasource resources.go",
    "answer GetTables of a table's own name with its row, and table_schema as an encapsulated IPC message",
);
const QUERY: Rule = Rule::must(
    "query",
    "no panel has rows",
    "grafana-flightsql-datasource",
    "answer CommandStatementQuery",
);

async fn health(visit: &mut Visit, notes: &mut Notes) {
    plain_query(visit, notes, "select 1", &HEALTH).await;
}

async fn list(visit: &mut Visit, notes: &mut Notes) {
    if let Err(refusal) = sql_codes::ask(&mut visit.probe, &[]).await {
        notes.breaks(&SQL_INFO, refusal.to_string());
    }
    match browse::tables(&mut visit.probe, &browse::all_tables()).await {
        Ok(answer) => visit.tables = browse::listed(&answer),
        Err(refusal) => return notes.breaks(&REFUSED, refusal.to_string()),
    }
    for types in TYPES {
        only_of_types(visit, notes, types, &SYNONYMS).await;
    }
    let Some(table) = visit.table().cloned() else {
        return notes.saw("no tables");
    };
    let mut command = table.filter();
    (command.catalog, command.db_schema_filter_pattern) = (None, None);
    match browse::tables(&mut visit.probe, &command).await {
        Ok(answer) => match browse::schemas(&answer).first() {
            Some(Ok(_)) => notes.saw(format!("the columns of \"{}\"", table.name)),
            Some(Err(why)) => notes.breaks(&COLUMNS, format!("table_schema of \"{}\": {why}", table.name)),
            None => notes.breaks(
                &COLUMNS,
                format!("GetTables of \"{}\" has no row with a schema", table.name),
            ),
        },
        Err(refusal) => notes.breaks(&COLUMNS, refusal.to_string()),
    }
}

async fn query(visit: &mut Visit, notes: &mut Notes) {
    let sql = visit.terms.query.clone();
    plain_query(visit, notes, &sql, &QUERY).await;
}
