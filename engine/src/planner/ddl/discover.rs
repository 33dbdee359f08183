//! CREATE DATABASE … FROM: the tables that lie under a prefix.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::object_store::ObjectMeta;
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::layout::{Candidate, Found, candidates};
use super::place;
use crate::catalog::{Column, Ownership, TableDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::{self, Inspected};
use crate::name::{DEFAULT_CATALOG, TableName};
use crate::planner::planning::Planning;
use crate::storage::{self, Location};

/// How many tables are looked at at once.
const INSPECTIONS_IN_FLIGHT: usize = 4;
/// The most tables that one statement registers.
const TABLES: usize = 10_000;

/// One line of the report.
struct Line {
    name: String,
    location: String,
    what: std::result::Result<Inspected, String>,
    kind: String,
}

/// The tables that lie under `prefix`, as tables of `database`, and a report of what was found and what was left out.
///
/// # Errors
/// `TABLE_NOT_FOUND` if nothing lies there, `EXCEEDED_STATEMENT_LIMIT` for more objects or tables than the limits say, and the
/// storage's own. What is wrong with one table is a line of the report.
pub async fn tables_under(
    planning: &Planning<'_>,
    database: &str,
    prefix: &str,
) -> Result<(Vec<TableDefinition>, RecordBatch)> {
    let prefix = place::directory(planning, prefix)?;
    let objects = objects(planning, &prefix).await?;
    let found = candidates(&prefix, &objects);
    if found.is_empty() {
        let message = format!("there is no file at \"{prefix}\"; check the path");
        return Err(Error::new(ErrorCode::TableNotFound, message));
    }
    if found.len() > TABLES {
        let message = format!("\"{prefix}\" holds more than {TABLES} tables; take a longer prefix");
        return Err(Error::new(ErrorCode::ExceededStatementLimit, message));
    }
    let lines: Vec<Line> = stream::iter(found)
        .map(|candidate| inspected(planning, candidate))
        .buffered(INSPECTIONS_IN_FLIGHT)
        .try_collect()
        .await?;
    let lines = without_clashes(lines);
    let tables = lines.iter().filter_map(|line| table(database, line)).collect();
    Ok((tables, report(&lines)?))
}

/// Every object under `prefix`.
async fn objects(planning: &Planning<'_>, prefix: &Location) -> Result<Vec<ObjectMeta>> {
    let sources = planning.sources();
    let store = sources.storage.store(prefix)?;
    let limit = sources.formats.settings.listing_limit_objects;
    let mut listing = store.list(Some(prefix.path()));
    let mut objects = Vec::new();
    while let Some(object) = storage::next_object(&mut listing, prefix).await? {
        objects.push(object);
        if objects.len() > limit {
            let message = format!(
                "\"{prefix}\" holds more than {limit} objects; take a longer prefix or raise formats.listing_limit_objects"
            );
            return Err(Error::new(ErrorCode::ExceededStatementLimit, message));
        }
    }
    Ok(objects)
}

/// What the files of a candidate hold. Errors that concern it alone become a reason to leave it out.
async fn inspected(planning: &Planning<'_>, candidate: Candidate) -> Result<Line> {
    let Candidate { name, location, found } = candidate;
    let shown = location.to_string();
    let line = |kind: String, what| {
        Ok(Line {
            name,
            location: shown,
            what,
            kind,
        })
    };
    match found {
        Found::Logged(kind) => {
            let reason = format!("a {kind} table, which is not readable yet; its files alone would be a wrong answer");
            line(kind.to_lowercase(), Err(reason))
        }
        Found::Nothing => line("nothing".to_owned(), Err("no file that holds data".to_owned())),
        Found::Files => {
            let sources = planning.sources();
            let locations = std::slice::from_ref(&location);
            match formats::inspect(sources.storage, locations, None, sources.formats).await {
                Ok(found) if found.columns.fields().is_empty() => line(
                    found.format.name().to_owned(),
                    Err("its files have no columns".to_owned()),
                ),
                Ok(found) => line(found.format.name().to_owned(), Ok(found)),
                Err(error) if concerns_all(error.code()) => Err(error),
                Err(error) => line("unknown".to_owned(), Err(error.message().to_owned())),
            }
        }
    }
}

/// Whether an error would meet the next table as well.
fn concerns_all(code: ErrorCode) -> bool {
    use ErrorCode::{Cancelled, ExceededMemoryLimit, ExceededTimeLimit, Internal, StorageDenied, StorageUnavailable};
    matches!(
        code,
        Cancelled | ExceededMemoryLimit | ExceededTimeLimit | Internal | StorageDenied | StorageUnavailable
    )
}

/// Of two tables of one name, the first.
fn without_clashes(lines: Vec<Line>) -> Vec<Line> {
    let mut names = BTreeSet::new();
    lines
        .into_iter()
        .map(|mut line| {
            if line.what.is_ok() && !names.insert(line.name.clone()) {
                let name = &line.name;
                line.what = Err(format!(
                    "another table is named \"{name}\" already; create this one by its own name"
                ));
            }
            line
        })
        .collect()
}

fn table(database: &str, line: &Line) -> Option<TableDefinition> {
    let found = line.what.as_ref().ok()?;
    let column = |field: &Arc<Field>| Column::from(field.as_ref());
    Some(TableDefinition {
        name: TableName::new(DEFAULT_CATALOG, database, &line.name),
        columns: found.columns.fields().iter().map(column).collect(),
        partition_columns: found.partition_columns.iter().map(column).collect(),
        location: line.location.clone(),
        format: found.format.clone(),
        ownership: Ownership::External,
        comment: None,
        properties: std::collections::BTreeMap::new(),
    })
}

fn report(lines: &[Line]) -> Result<RecordBatch> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let text = |values: Vec<Option<String>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let numbers = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
    let found = |line: &Line, value: fn(&Inspected) -> String| line.what.as_ref().ok().map(value);
    let partitions = |found: &Inspected| {
        let names: Vec<&str> = found
            .partition_columns
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        names.join(", ")
    };
    let columns: Vec<ArrayRef> = vec![
        text(lines.iter().map(|line| Some(line.name.clone())).collect()),
        text(
            lines
                .iter()
                .map(|line| Some(if line.what.is_ok() { "registered" } else { "left out" }.to_owned()))
                .collect(),
        ),
        text(lines.iter().map(|line| Some(line.kind.clone())).collect()),
        numbers(
            lines
                .iter()
                .map(|line| line.what.as_ref().ok().map(|found| count(found.files)))
                .collect(),
        ),
        numbers(
            lines
                .iter()
                .map(|line| {
                    line.what
                        .as_ref()
                        .ok()
                        .map(|found| i64::try_from(found.bytes).unwrap_or(i64::MAX))
                })
                .collect(),
        ),
        text(lines.iter().map(|line| found(line, partitions)).collect()),
        text(lines.iter().map(|line| Some(line.location.clone())).collect()),
        text(lines.iter().map(|line| line.what.as_ref().err().cloned()).collect()),
    ];
    let schema = Schema::new(vec![
        Field::new("table_name", DataType::Utf8, false),
        Field::new("result", DataType::Utf8, false),
        Field::new("format", DataType::Utf8, false),
        Field::new("files", DataType::Int64, true),
        Field::new("bytes", DataType::Int64, true),
        Field::new("partitioned_by", DataType::Utf8, true),
        Field::new("location", DataType::Utf8, false),
        Field::new("reason", DataType::Utf8, true),
    ]);
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| {
        let message = format!("the report does not fit its columns: {error}");
        Error::new(ErrorCode::Internal, message).caused_by(error)
    })
}
