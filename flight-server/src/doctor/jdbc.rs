//! The JDBC driver (DBeaver, Tableau, Metabase, DataGrip): Handshake, GetSqlInfo of everything, metadata read by the names of
//! columns, and every statement prepared first.

use arrow::datatypes::Schema;
use futures::FutureExt;
use tonic::Code;

use super::browse::{self, Table};
use super::finding::{Notes, Rule};
use super::probe::{Answer, Cookies};
use super::reach::introduce;
use super::refusal::Refusal;
use super::sequence::{Sequence, Visit, first, step};
use super::statements::{self, Binding};
use super::{rules, schemas, sql_codes, writes};

pub(super) const SEQUENCE: Sequence = Sequence {
    driver: "jdbc",
    cookies: Cookies::Kept,
    steps: &[
        first("connect", |visit, notes| introduce(visit, notes).boxed()),
        step("sql-info", |visit, notes| read_sql_info(visit, notes).boxed()),
        step("browse", |visit, notes| list(visit, notes).boxed()),
        step("columns", |visit, notes| columns(visit, notes).boxed()),
        step("keys", |visit, notes| keys(visit, notes).boxed()),
        step("query", |visit, notes| query(visit, notes).boxed()),
        step("update", |visit, notes| update(visit, notes).boxed()),
        step("parameters", |visit, notes| {
            statements::bind(visit, notes, Binding::AsAnnounced, &statements::PARAMETERS).boxed()
        }),
        step("errors", |visit, notes| statements::long_status(visit, notes).boxed()),
        step("writes", |visit, notes| writes::by_updates(visit, notes).boxed()),
        step("close", |visit, notes| close(visit, notes).boxed()),
    ],
};

const MISSING: Rule = Rule::must(
    "sql-info-missing",
    "drivers up to 18 throw a NullPointerException: DBeaver in getSQLKeywords, Tableau in supportsANSI92EntryLevelSQL, Metabase",
    "arrow#40249, arrow-java#159, gizmosql#34",
    "answer GetSqlInfo without codes with a value for each of them",
);
const KIND: Rule = Rule::must(
    "sql-info-kind",
    "ClassCastException",
    "ArrowDatabaseMetadata.java",
    "put the value into the child of the union that the driver casts to",
);
const UNKNOWN: Rule = Rule::must(
    "sql-info-unknown",
    "NullPointerException at the first use of metadata: the driver keeps the codes in an EnumMap",
    "ArrowDatabaseMetadata.java",
    "leave out codes that FlightSql.proto does not have",
);
const MAP: Rule = Rule::should(
    "sql-info-map",
    "supportsConvert finds nothing",
    "UnionMapReader.java",
    "call the fields of the map's entries \"key\" and \"value\"",
);
const REFUSED: Rule = Rule::must(
    "metadata-missing",
    "the tree of DBeaver stays empty, and Tableau does not connect",
    "spice#1563, DBeaver",
    "answer the command, if need be without rows",
);
const COLUMNS: Rule = Rule::must(
    "metadata-columns",
    "NullPointerException or ClassCastException when tables or their columns are listed",
    "arrow#36880, cnosdb#1518",
    "name and type the columns of metadata as FlightSql.proto has them: Utf8 and Binary, no views, no dictionaries",
);
const IPC: Rule = Rule::must(
    "table-schema",
    "\"Failed to deserialize schema for table\"",
    "xtdb#5551",
    "send table_schema as an encapsulated IPC message",
);
const KEYS: Rule = Rule::must(
    "keys",
    "Tableau does not connect, and DBeaver shows an error for each table",
    "spice PR#965, spice#1563",
    "answer the command, if need be without rows",
);
const NO_DATASET_SCHEMA: Rule = Rule::must(
    "dataset-schema",
    "the query is sent as an update and gives no rows",
    "arrow-java#797, arrow#37633, arrow#38785",
    "give the columns of the result in dataset_schema, also for SHOW, DESCRIBE and EXPLAIN",
);
const UPDATE_AS_QUERY: Rule = Rule::should(
    "update-as-query",
    "executeUpdate fails, and execute shows an empty table instead of a count",
    "arrow-java#811",
    "leave dataset_schema empty for what changes something, and set is_update",
);
const TYPES: Rule = Rule::must(
    "view-types",
    "\"UnsupportedOperationException\" of drivers before 19 when the column is read",
    "arrow-java#110, arrow-java#807",
    "cast Utf8View, BinaryView and other new types to plain ones before they are sent",
);
const SESSION: Rule = Rule::should(
    "close-session",
    "an error when a connection with the parameter \"catalog\" is closed",
    "ArrowFlightSqlClientHandler.java",
    "answer CloseSession, or say UNIMPLEMENTED",
);

async fn read_sql_info(visit: &mut Visit, notes: &mut Notes) {
    let information = match sql_codes::ask(&mut visit.probe, &[]).await {
        Ok(information) => information,
        Err(refusal) => return notes.breaks(&MISSING, refusal.to_string()),
    };
    let missing = information.missing(sql_codes::JDBC);
    if !missing.is_empty() {
        notes.breaks(&MISSING, format!("no value for the codes {}", rules::ranges(missing)));
    }
    notes.breaks_all(&KIND, information.of_other_kinds(sql_codes::JDBC));
    let unknown = information.unknown();
    if !unknown.is_empty() {
        notes.breaks(
            &UNKNOWN,
            format!("the codes {} are in no enumeration", rules::ranges(unknown)),
        );
    }
    if information.told.iter().any(|told| told.has_other_keys) {
        notes.breaks(
            &MAP,
            "the fields of the map's entries are not called \"key\" and \"value\"",
        );
    }
    notes.breaks_all(&rules::LOCATION, rules::locations(&information.answer));
    notes.saw(format!("{} codes", information.told.len()));
}

async fn list(visit: &mut Visit, notes: &mut Notes) {
    let answer = browse::catalogs(&mut visit.probe).await;
    judge(notes, answer, &schemas::catalogs(), &REFUSED);
    let answer = browse::db_schemas(&mut visit.probe).await;
    judge(notes, answer, &schemas::db_schemas(), &REFUSED);
    let answer = browse::table_types(&mut visit.probe).await;
    judge(notes, answer, &schemas::table_types(), &REFUSED);
    let answer = browse::tables(&mut visit.probe, &browse::all_tables()).await;
    if let Some(answer) = judge(notes, answer, &schemas::tables(), &REFUSED) {
        visit.tables = browse::listed(&answer);
        notes.saw(format!("{} tables", visit.tables.len()));
    }
}

async fn columns(visit: &mut Visit, notes: &mut Notes) {
    let answer = browse::tables(&mut visit.probe, &browse::all_columns()).await;
    let Some(answer) = judge(notes, answer, &schemas::tables_with_schema(), &REFUSED) else {
        return;
    };
    notes.breaks_all(&IPC, browse::unreadable(&answer));
    let tables = browse::schemas(&answer);
    let columns: usize = tables.iter().flatten().map(|schema| schema.fields().len()).sum();
    notes.saw(format!("{columns} columns of {} tables", tables.len()));
}

async fn keys(visit: &mut Visit, notes: &mut Notes) {
    // Drivers ask for the keys of tables that they have seen, and servers may refuse those of others.
    let Some(table) = visit.table().cloned() else {
        return notes.skips("no table is listed whose keys could be asked for");
    };
    let Table { name, .. } = &table;
    let answer = browse::primary_keys(&mut visit.probe, &table).await;
    judge(notes, answer, &schemas::primary_keys(), &KEYS);
    let answer = browse::imported_keys(&mut visit.probe, &table).await;
    judge(notes, answer, &schemas::foreign_keys(), &KEYS);
    let answer = browse::exported_keys(&mut visit.probe, &table).await;
    judge(notes, answer, &schemas::foreign_keys(), &KEYS);
    let answer = browse::cross_reference(&mut visit.probe, &table).await;
    judge(notes, answer, &schemas::foreign_keys(), &KEYS);
    notes.saw(format!("the keys of \"{name}\" can be asked for"));
}

async fn query(visit: &mut Visit, notes: &mut Notes) {
    let sql = visit.terms.query.clone();
    let Some((prepared, answer)) = statements::run(visit, notes, &sql).await else {
        return;
    };
    if prepared.looks_like_update() {
        notes.breaks(&NO_DATASET_SCHEMA, format!("dataset_schema of \"{sql}\" is empty"));
    } else if let Err(why) = rules::unreadable_schema(&prepared.dataset_schema) {
        notes.breaks(&NO_DATASET_SCHEMA, format!("dataset_schema of \"{sql}\": {why}"));
    }
    notes.breaks_all(&rules::LOCATION, rules::locations(&answer));
    notes.breaks_all(&TYPES, rules::unknown_types("DoGet", &answer.schema));
    let Some(table) = visit.table() else {
        return notes.saw(format!("\"{sql}\" runs"));
    };
    let sql = format!("SELECT * FROM {} LIMIT 3", table.in_sql());
    match visit
        .probe
        .ask("GetFlightInfo of a query", &statements::query(&sql))
        .await
    {
        Ok(answer) => {
            notes.breaks_all(&TYPES, rules::unknown_types(&sql, &answer.schema));
            notes.saw(format!("the rows of {sql} can be read"));
        }
        // That its dialect is another is no defect of a server.
        Err(refusal) => notes.saw(refusal.to_string()),
    }
}

/// Whether the driver can see that a statement is an update. The one asked about changes nothing, even if it were run.
async fn update(visit: &mut Visit, notes: &mut Notes) {
    let sql = "DROP TABLE IF EXISTS owlet_doctor_has_no_such_table";
    match statements::prepare(&mut visit.probe, sql).await {
        Ok(prepared) => {
            if prepared.looks_like_update() {
                notes.saw("an update is known by its empty dataset_schema or by is_update");
            } else {
                notes.breaks(&UPDATE_AS_QUERY, format!("\"{sql}\" is announced as a query"));
            }
            // A statement that stays open is ended with the connection.
            let _ = statements::close(&mut visit.probe, &prepared).await;
        }
        Err(refusal) => notes.skips(format!("the server does not prepare an update: {refusal}")),
    }
}

/// What the driver does at its end if the connection had a catalogue.
async fn close(visit: &mut Visit, notes: &mut Notes) {
    match visit.probe.act("CloseSession", Vec::new()).await {
        Ok(_) => notes.saw("the session can be closed"),
        Err(refusal) if matches!(refusal.code, Code::Unimplemented | Code::InvalidArgument) => {
            notes.saw("there are no sessions");
        }
        Err(refusal) => notes.breaks(&SESSION, refusal.to_string()),
    }
}

/// What the driver needs of the answer to a metadata command; the answer, if it is one.
fn judge(notes: &mut Notes, answer: Result<Answer, Refusal>, expected: &Schema, refused: &Rule) -> Option<Answer> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => {
            notes.breaks(refused, refusal.to_string());
            return None;
        }
    };
    notes.breaks_all(&COLUMNS, rules::unreadable_columns(&answer, expected));
    notes.breaks_all(&rules::LOCATION, rules::locations(&answer));
    Some(answer)
}
