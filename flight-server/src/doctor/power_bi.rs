//! Power BI: it resolves the type of each column by its name in GetXdbcTypeInfo, navigates by information_schema, and folds its
//! steps into queries around queries.

use arrow::datatypes::Schema;
use futures::FutureExt;

use super::finding::{Notes, Rule};
use super::odbc::{NO_TYPES, type_rows};
use super::probe::Cookies;
use super::reach::{introduce, plain_query};
use super::sequence::{Sequence, Visit, first, step};
use super::{adbc, browse};

pub(super) const SEQUENCE: Sequence = Sequence {
    driver: "power-bi",
    cookies: Cookies::Dropped,
    steps: &[
        first("connect", |visit, notes| introduce(visit, notes).boxed()),
        step("types", |visit, notes| types(visit, notes).boxed()),
        step("navigation", |visit, notes| navigation(visit, notes).boxed()),
        step("folding", |visit, notes| folding(visit, notes).boxed()),
    ],
};

/// The key of a field's metadata that names its type.
const TYPE_NAME: &str = "ARROW:FLIGHT:SQL:TYPE_NAME";

/// What the sample connector reads to show tables.
const TABLES: &str = "SELECT table_catalog, table_schema, table_name, table_type FROM information_schema.tables";
/// What it reads to find relations.
const RELATIONS: [&str; 2] = [
    "SELECT * FROM information_schema.table_constraints",
    "SELECT * FROM information_schema.key_column_usage",
];

const REFUSED: Rule = Rule::must(
    "metadata-missing",
    "no table can be loaded",
    "Power BI's ADBC path",
    "answer GetTables with include_schema",
);
const UNNAMED: Rule = Rule::must(
    "type-name",
    "\"Unable to understand the type for column\": no table can be loaded",
    "arrow-adbc#2434, gizmosql 1.23.0, ClickHouse#115015",
    "give each field of table_schema the metadata ARROW:FLIGHT:SQL:TYPE_NAME",
);
const UNRESOLVED: Rule = Rule::must(
    "type-name-unknown",
    "\"Unable to understand the type for column\" for tables with such a column",
    "ClickHouse#115015",
    "let GetXdbcTypeInfo have a row for every name that ARROW:FLIGHT:SQL:TYPE_NAME has",
);
const NAVIGATION: Rule = Rule::should(
    "information-schema",
    "the navigator of the sample connector shows no tables",
    "DataConnectors PR#542",
    "have information_schema.tables and information_schema.columns",
);
const NO_RELATIONS: Rule = Rule::should(
    "information-schema-keys",
    "relations between tables are not found by themselves, and the navigator may report an error",
    "DataConnectors PR#542",
    "have information_schema.table_constraints and key_column_usage, if need be without rows",
);
const FOLDING: Rule = Rule::must(
    "folding",
    "previews fail",
    "DataConnectors PR#542: LIMIT and OFFSET",
    "take a query within a query, LIMIT and OFFSET",
);

async fn types(visit: &mut Visit, notes: &mut Notes) {
    let known = type_rows(&mut visit.probe, None, notes).await;
    let known = known.and_then(|answer| answer.texts("type_name")).unwrap_or_default();
    let known: Vec<String> = known
        .into_iter()
        .flatten()
        .map(|name| name.to_ascii_lowercase())
        .collect();
    if known.is_empty() && !notes.has_failed() {
        notes.breaks(&NO_TYPES, "GetXdbcTypeInfo has no rows");
    }
    let answer = match browse::tables(&mut visit.probe, &browse::all_columns()).await {
        Ok(answer) => answer,
        Err(refusal) => return notes.breaks(&REFUSED, refusal.to_string()),
    };
    visit.tables = browse::listed(&answer);
    adbc::judge_rows(notes, &answer);
    let names = answer.texts("table_name").unwrap_or_default().into_iter().flatten();
    let (mut unnamed, mut unresolved, mut columns) = (Vec::new(), Vec::new(), 0);
    for (table, schema) in names.zip(browse::schemas(&answer)) {
        for field in schema.iter().flat_map(Schema::fields) {
            columns += 1;
            let column = format!("\"{table}\".\"{}\"", field.name());
            match field.metadata().get(TYPE_NAME) {
                None => unnamed.push(column),
                Some(name) if known.contains(&bare(name)) || known.is_empty() => {}
                Some(name) => unresolved.push(format!("{column} is \"{name}\"")),
            }
        }
    }
    if !unnamed.is_empty() {
        notes.breaks(
            &UNNAMED,
            format!(
                "{} of {columns} columns do not name their type, first {}",
                unnamed.len(),
                unnamed[0]
            ),
        );
    }
    if !unresolved.is_empty() {
        let (number, first) = (unresolved.len(), &unresolved[0]);
        notes.breaks(
            &UNRESOLVED,
            format!("{number} of {columns} columns have a type that GetXdbcTypeInfo lacks: {first}"),
        );
    }
    notes.saw(format!("the types of {columns} columns are known"));
}

/// The name of a type without its precision: `decimal` of `DECIMAL(10, 2)`.
fn bare(name: &str) -> String {
    let end = name.find('(').unwrap_or(name.len());
    name[..end].trim().to_ascii_lowercase()
}

async fn navigation(visit: &mut Visit, notes: &mut Notes) {
    plain_query(visit, notes, TABLES, &NAVIGATION).await;
    plain_query(
        visit,
        notes,
        "SELECT * FROM information_schema.columns LIMIT 1",
        &NAVIGATION,
    )
    .await;
    for sql in RELATIONS {
        plain_query(visit, notes, sql, &NO_RELATIONS).await;
    }
}

async fn folding(visit: &mut Visit, notes: &mut Notes) {
    let Some(table) = visit.table() else {
        return notes.skips("no table is listed that could be previewed");
    };
    let from = table.in_sql();
    let sql = format!("SELECT \"_\".* FROM (SELECT * FROM {from}) AS \"_\" LIMIT 10 OFFSET 0");
    plain_query(visit, notes, &sql, &FOLDING).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_name_without_precision() {
        assert_eq!(bare("DECIMAL(10, 2)"), "decimal");
        assert_eq!(bare("Timestamp"), "timestamp");
        assert_eq!(bare("timestamp (6) with time zone"), "timestamp");
    }
}
