//! Superset with the SQLAlchemy dialect of flightsql-dbapi: four codes of GetSqlInfo at the first connection, pandas over
//! metadata, and the first row of whatever table is found.

use futures::FutureExt;

use super::browse;
use super::finding::{Notes, Rule};
use super::probe::Cookies;
use super::reach::{enter, plain_query};
use super::sequence::{Sequence, Visit, first, step};
use super::sql_codes::{self, Kind};
use super::statements::{self, Binding};

pub(super) const SEQUENCE: Sequence = Sequence {
    driver: "superset",
    cookies: Cookies::Dropped,
    steps: &[
        first("connect", |visit, notes| connect(visit, notes).boxed()),
        step("dialect", |visit, notes| dialect(visit, notes).boxed()),
        step("browse", |visit, notes| list(visit, notes).boxed()),
        step("query", |visit, notes| query(visit, notes).boxed()),
        step("parameters", |visit, notes| {
            statements::bind(visit, notes, Binding::InUnions, &UNIONS).boxed()
        }),
    ],
};

/// Name, version of Arrow, whether it only reads, and the quote: what `initialize` asks for.
const CODES: [u32; 4] = [0, 2, 3, 504];

const NOBODY: Rule = Rule::must(
    "bearer-none",
    "the connection fails although the server has no users: the dialect sends \"authorization: Bearer None\"",
    "flightsql-dbapi client.py",
    "take a bearer that nobody was given for nobody, as long as there are no users",
);
const KEYS: Rule = Rule::must(
    "sql-info-keys",
    "KeyError: 504 (or 3) at the first connection",
    "flightsql-dbapi sqlalchemy.py",
    "answer GetSqlInfo of the codes 0, 2, 3 and 504 with all four",
);
const KINDS: Rule = Rule::must(
    "sql-info-kind",
    "names are quoted with something that is no text, or nothing can be changed",
    "flightsql-dbapi sqlalchemy.py",
    "answer code 504 with a string_value and code 3 with a bool_value",
);
const REFUSED: Rule = Rule::must(
    "metadata-missing",
    "the menus of databases and tables fail",
    "flightsql-dbapi dbapi.py",
    "answer the command",
);
const FIRST_ROW: Rule = Rule::must(
    "table-columns",
    "IndexError or ArrowInvalid: a dataset cannot be made of the table",
    "flightsql-dbapi dbapi.py: table_schema[0]",
    "answer GetTables of a table's own name with its row, and table_schema as an encapsulated IPC message",
);
const QUERY: Rule = Rule::must(
    "query",
    "no chart has rows",
    "flightsql-dbapi dbapi.py",
    "answer CommandStatementQuery",
);
const UNIONS: Rule = Rule::should(
    "parameters-in-unions",
    "cursor.execute with parameters fails",
    "flightsql-dbapi dbapi.py: ParameterRecordBuilder",
    "take the value out of a parameter that is a dense union",
);

async fn connect(visit: &mut Visit, notes: &mut Notes) {
    if visit.terms.user.is_some() {
        enter(visit, notes).await;
        return;
    }
    visit.probe.authorize("Bearer None");
    match browse::db_schemas(&mut visit.probe).await {
        Err(refusal) if refusal.code == tonic::Code::Unauthenticated => notes.breaks(&NOBODY, refusal.to_string()),
        // What else there is to say about it, the step that browses does.
        _ => notes.saw("a bearer that nobody was given is nobody"),
    }
}

async fn dialect(visit: &mut Visit, notes: &mut Notes) {
    let information = match sql_codes::ask(&mut visit.probe, &CODES).await {
        Ok(information) => information,
        Err(refusal) => return notes.breaks(&KEYS, refusal.to_string()),
    };
    for code in [3, 504] {
        if information.find(code).is_none() {
            notes.breaks(
                &KEYS,
                format!("KeyError: {code}: GetSqlInfo of 0, 2, 3, 504 does not tell {code}"),
            );
        }
    }
    let wrong = information.of_other_kinds(&[(3, 3, Kind::Truth), (504, 504, Kind::Text)]);
    notes.breaks_all(&KINDS, wrong);
    if let Some(quote) = information.find(504).and_then(|told| told.text.as_ref()) {
        notes.saw(format!("names are quoted with {quote}"));
    }
}

async fn list(visit: &mut Visit, notes: &mut Notes) {
    match browse::db_schemas(&mut visit.probe).await {
        Ok(answer) if answer.texts("db_schema_name").is_none() => {
            notes.breaks(&REFUSED, "GetDbSchemas: there is no column \"db_schema_name\"");
        }
        Ok(_) => {}
        Err(refusal) => notes.breaks(&REFUSED, refusal.to_string()),
    }
    match browse::tables(&mut visit.probe, &browse::all_tables()).await {
        Ok(answer) => visit.tables = browse::listed(&answer),
        Err(refusal) => notes.breaks(&REFUSED, refusal.to_string()),
    }
    let Some(table) = visit.table().cloned() else {
        return;
    };
    let mut command = table.filter();
    command.catalog = None;
    match browse::tables(&mut visit.probe, &command).await {
        Ok(answer) => match browse::schemas(&answer).first() {
            Some(Ok(schema)) => notes.saw(format!("\"{}\" has {} columns", table.name, schema.fields().len())),
            Some(Err(why)) => notes.breaks(&FIRST_ROW, format!("table_schema of \"{}\": {why}", table.name)),
            None => notes.breaks(
                &FIRST_ROW,
                format!("GetTables of {} has no row with a schema", table.in_sql()),
            ),
        },
        Err(refusal) => notes.breaks(&FIRST_ROW, refusal.to_string()),
    }
}

async fn query(visit: &mut Visit, notes: &mut Notes) {
    let sql = visit.terms.query.clone();
    plain_query(visit, notes, &sql, &QUERY).await;
}
