//! The ODBC driver of Arrow and Dremio (Excel, Power BI, Tableau): GetSqlInfo of everything, whose values it reinterprets
//! without a look at their kind, metadata by the announced schema, and the columns of types by their places.

use arrow::datatypes::Schema;
use arrow_flight::sql::CommandGetXdbcTypeInfo;
use futures::FutureExt;

use super::browse;
use super::finding::{Notes, Rule};
use super::probe::{Answer, Cookies, Probe};
use super::reach::introduce;
use super::refusal::Refusal;
use super::sequence::{Sequence, Visit, first, step};
use super::{rules, schemas, sql_codes, statements};

pub(super) const SEQUENCE: Sequence = Sequence {
    driver: "odbc",
    cookies: Cookies::Kept,
    steps: &[
        first("connect", |visit, notes| introduce(visit, notes).boxed()),
        step("sql-info", |visit, notes| read_sql_info(visit, notes).boxed()),
        step("browse", |visit, notes| list(visit, notes).boxed()),
        step("types", |visit, notes| types(visit, notes).boxed()),
        step("query", |visit, notes| query(visit, notes).boxed()),
    ],
};

/// The codes without which SQLGetInfo fails while an application connects: name, version, quote, conversions.
const NEEDED: sql_codes::Wanted = &[
    (0, 1, sql_codes::Kind::Text),
    (504, 504, sql_codes::Kind::Text),
    (517, 517, sql_codes::Kind::Map),
];

/// SQL_VARCHAR, which Power BI asks for before each preview.
const VARCHAR: i32 = 12;

const MISSING: Rule = Rule::must(
    "sql-info-missing",
    "\"Unknown GetInfo type: 17\" while connecting",
    "influxdb_iox#7253, get_info_cache.cc",
    "answer GetSqlInfo without codes with name, version, quote character and SqlSupportsConvert",
);
const INCOMPLETE: Rule = Rule::should(
    "sql-info-incomplete",
    "SQLGetInfo fails for what was not told: some applications go without, some do not",
    "get_info_cache.cc",
    "answer GetSqlInfo without codes with a value for each of them",
);
const KIND: Rule = Rule::must(
    "sql-info-kind",
    "wrong facts about the server, or a crash: the driver reads the bytes as another type",
    "get_info_cache.cc",
    "put the value into the child of the union that the driver reads",
);
const REFUSED: Rule = Rule::must(
    "metadata-missing",
    "SQLTables fails: no tables are listed",
    "flight_sql_statement_get_tables.cc",
    "answer the command",
);
const COLUMNS: Rule = Rule::must(
    "metadata-columns",
    "SQLTables and SQLColumns fail: the driver renames columns of the announced schema",
    "flight_sql_statement_get_tables.cc",
    "announce and send the columns of metadata as FlightSql.proto has them",
);
const SYNONYMS: Rule = Rule::must(
    "table-type-filter",
    "no tables are listed: applications ask for the type TABLE",
    "SQLTables of the ODBC specification",
    "take TABLE and BASE TABLE for the same in the filter of GetTables, in any case",
);
pub(super) const TYPE_COLUMNS: Rule = Rule::must(
    "type-columns",
    "SQLGetTypeInfo fails or crashes: the driver reads the columns by their places",
    "flight_sql_get_type_info_reader.cc",
    "answer GetXdbcTypeInfo with the nineteen columns of FlightSql.proto",
);
pub(super) const NO_TYPES: Rule = Rule::must(
    "type-info",
    "Power BI: \"Unable to understand the type for column\"; SQLGetTypeInfo gives nothing",
    "ClickHouse#115015, arrow-rs#4054",
    "answer GetXdbcTypeInfo with a row for each type",
);
const TYPE_FILTER: Rule = Rule::should(
    "type-filter",
    "SQLGetTypeInfo of one type gives others",
    "arrow-rs#4054",
    "apply data_type in GetXdbcTypeInfo",
);

async fn read_sql_info(visit: &mut Visit, notes: &mut Notes) {
    let information = match sql_codes::ask(&mut visit.probe, &[]).await {
        Ok(information) => information,
        Err(refusal) => return notes.breaks(&MISSING, refusal.to_string()),
    };
    let needed = information.missing(NEEDED);
    if !needed.is_empty() {
        notes.breaks(
            &MISSING,
            format!("no value for the codes {}", rules::ranges(needed.clone())),
        );
    }
    let missing: Vec<_> = information.missing(sql_codes::ODBC);
    let missing: Vec<_> = missing.into_iter().filter(|code| !needed.contains(code)).collect();
    if !missing.is_empty() {
        notes.breaks(
            &INCOMPLETE,
            format!("no value for the codes {}", rules::ranges(missing)),
        );
    }
    notes.breaks_all(&KIND, information.of_other_kinds(sql_codes::ODBC));
    notes.saw(format!("{} codes", information.told.len()));
}

async fn list(visit: &mut Visit, notes: &mut Notes) {
    let answer = browse::catalogs(&mut visit.probe).await;
    judge(notes, answer, &schemas::catalogs());
    let answer = browse::db_schemas(&mut visit.probe).await;
    judge(notes, answer, &schemas::db_schemas());
    let answer = browse::table_types(&mut visit.probe).await;
    judge(notes, answer, &schemas::table_types());
    let answer = browse::tables(&mut visit.probe, &browse::all_columns()).await;
    judge(notes, answer, &schemas::tables_with_schema());
    let answer = browse::tables(&mut visit.probe, &browse::all_tables()).await;
    if let Some(answer) = judge(notes, answer, &schemas::tables()) {
        visit.tables = browse::listed(&answer);
    }
    only_of_types(visit, notes, &["TABLE"], &SYNONYMS).await;
    notes.saw(format!("{} tables", visit.tables.len()));
}

/// Whether the tables that are listed are also found by the words that a client has for their type.
pub(super) async fn only_of_types(visit: &mut Visit, notes: &mut Notes, types: &[&str], rule: &Rule) {
    let plain = visit.tables.iter().filter(|table| table.is_plain()).count();
    if plain == 0 {
        return;
    }
    match browse::tables(&mut visit.probe, &browse::tables_of(types)).await {
        Ok(answer) if browse::listed(&answer).len() >= plain => {}
        Ok(answer) => {
            let (words, found) = (types.join(", "), answer.row_count());
            notes.breaks(
                rule,
                format!("{plain} tables are listed, and {found} of the types {words}"),
            );
        }
        Err(refusal) => notes.breaks(rule, refusal.to_string()),
    }
}

async fn types(visit: &mut Visit, notes: &mut Notes) {
    let Some(all) = type_rows(&mut visit.probe, None, notes).await else {
        return;
    };
    if all.row_count() == 0 {
        return notes.breaks(&NO_TYPES, "GetXdbcTypeInfo has no rows");
    }
    notes.saw(format!("{} types", all.row_count()));
    let Some(texts) = type_rows(&mut visit.probe, Some(VARCHAR), notes).await else {
        return;
    };
    let types = texts.texts("data_type").unwrap_or_default();
    if types.is_empty() || types.iter().flatten().any(|number| *number != VARCHAR.to_string()) {
        notes.breaks(
            &TYPE_FILTER,
            format!(
                "GetXdbcTypeInfo of the type {VARCHAR} has {} rows, of others or none",
                types.len()
            ),
        );
    }
}

/// GetXdbcTypeInfo with its columns in their places.
pub(super) async fn type_rows(probe: &mut Probe, data_type: Option<i32>, notes: &mut Notes) -> Option<Answer> {
    match probe
        .ask("GetXdbcTypeInfo", &CommandGetXdbcTypeInfo { data_type })
        .await
    {
        Ok(answer) => {
            let wrong = rules::unlike_specification(&answer, &schemas::xdbc_types());
            let is_well = wrong.is_empty();
            notes.breaks_all(&TYPE_COLUMNS, wrong);
            is_well.then_some(answer)
        }
        Err(refusal) => {
            notes.breaks(&NO_TYPES, refusal.to_string());
            None
        }
    }
}

async fn query(visit: &mut Visit, notes: &mut Notes) {
    let sql = visit.terms.query.clone();
    if let Some((_, answer)) = statements::run(visit, notes, &sql).await {
        notes.breaks_all(&rules::LOCATION, rules::locations(&answer));
        notes.saw(format!("\"{sql}\" runs"));
    }
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
    notes.breaks_all(&COLUMNS, rules::unreadable_columns(&answer, expected));
    notes.breaks_all(&COLUMNS, rules::unannounced_columns(&answer, expected));
    notes.breaks_all(&rules::LOCATION, rules::locations(&answer));
    Some(answer)
}
