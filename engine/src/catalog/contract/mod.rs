//! What every [`Catalog`](super::Catalog) that can be changed promises, run on either kind of database.

mod changes;
mod claims;
mod definitions;
mod partitions;
#[path = "../../../tests/support/place.rs"]
#[allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "shared with the integration tests; a test reads its own environment and makes its own ids"
)]
mod place;
mod processes;

use arrow::datatypes::DataType;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    BuiltinCatalog, Catalog, Change, Column, Database, IfExists, IfMissing, Outcome, Ownership, Relation,
    TableDefinition, ViewDefinition,
};
use crate::error::ErrorCode;
use crate::formats::Format;
use crate::metastore::{Metastore, Settings};
use crate::name::TableName;
use place::{Place, both_databases};

async fn open_metastore(place: &Place) -> Metastore {
    let settings = Settings {
        url: place.url.as_deref().map(Into::into),
        ..Settings::default()
    };
    Metastore::open(&settings, &place.directory).await.unwrap()
}

async fn open(place: &Place) -> BuiltinCatalog {
    BuiltinCatalog::new(open_metastore(place).await)
}

fn name(table: &str) -> TableName {
    TableName::new("lake", "default", table)
}

/// A table with something in every field.
fn table(name: TableName) -> TableDefinition {
    TableDefinition {
        name,
        columns: vec![
            Column {
                nullable: false,
                comment: Some("the key".to_owned()),
                ..Column::new("id", DataType::Int64)
            },
            Column::new("Id2", DataType::Decimal128(12, 2)),
        ],
        partition_columns: vec![
            Column::new("year", DataType::Int32),
            Column::new("country", DataType::Utf8),
        ],
        location: "s3://bucket/it's a place/%20é/".to_owned(),
        format: Format::parquet(),
        ownership: Ownership::Managed,
        comment: Some("what was \"sold\"\n".to_owned()),
        properties: BTreeMap::from([("a".to_owned(), "1".to_owned()), (String::new(), "é'\"".to_owned())]),
    }
}

fn view(name: TableName) -> ViewDefinition {
    ViewDefinition {
        name,
        sql: "SELECT 'it''s' AS a\nFROM t".to_owned(),
        database: "sales".to_owned(),
        columns: vec![Column::new("a", DataType::Utf8View)],
        comment: Some("a view".to_owned()),
    }
}

fn database(name: &str) -> Database {
    Database {
        name: name.to_owned(),
        comment: Some("what was sold".to_owned()),
        location: Some("s3://bucket/sales/".to_owned()),
        properties: BTreeMap::from([("owner".to_owned(), "ann".to_owned())]),
    }
}

fn create_table(table: TableDefinition, if_exists: IfExists) -> Change {
    Change::CreateTable {
        table: Box::new(table),
        if_exists,
        claim: None,
    }
}

fn create_view(view: ViewDefinition, if_exists: IfExists) -> Change {
    Change::CreateView {
        view: Box::new(view),
        if_exists,
    }
}

fn create_database(name: &str, if_exists: IfExists) -> Change {
    Change::CreateDatabase {
        database: database(name),
        tables: Vec::new(),
        if_exists,
    }
}

fn drop_database(name: &str, cascade: bool, if_missing: IfMissing) -> Change {
    Change::DropDatabase {
        database: name.to_owned(),
        cascade,
        if_missing,
    }
}

fn drop_table(table: TableName, if_missing: IfMissing) -> Change {
    Change::DropTable { table, if_missing }
}

fn drop_view(view: TableName, if_missing: IfMissing) -> Change {
    Change::DropView { view, if_missing }
}

/// Makes `change`, which must change something.
#[track_caller]
fn changes(catalog: &BuiltinCatalog, change: Change) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let outcome = catalog.change(change).await;
        assert_eq!(outcome.ok(), Some(Outcome::Changed), "{caller}");
    }
}

/// Asks for `change`, which must find nothing to do.
#[track_caller]
fn leaves(catalog: &BuiltinCatalog, change: Change) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let outcome = catalog.change(change).await;
        assert_eq!(outcome.ok(), Some(Outcome::Unchanged), "{caller}");
    }
}

/// Asks for `change`, which must be refused with `code` and a message that has `words` in it.
#[track_caller]
fn refuses(catalog: &BuiltinCatalog, change: Change, code: ErrorCode, words: &str) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let error = catalog.change(change).await.expect_err(&caller.to_string());
        assert_eq!(error.code(), code, "{caller}: {error}");
        assert!(error.message().contains(words), "{caller}: {error}");
    }
}

/// What stands under `name`.
async fn lookup(catalog: &BuiltinCatalog, name: &TableName) -> Option<Relation> {
    catalog.find(std::slice::from_ref(name)).await.unwrap().remove(0)
}

async fn relation_names(catalog: &BuiltinCatalog, database: &str) -> Vec<String> {
    let relations = catalog.relations(database).await.unwrap();
    relations.iter().map(|relation| relation.name().to_owned()).collect()
}

fn as_table(relation: Option<Relation>) -> Arc<TableDefinition> {
    match relation {
        Some(Relation::Table(table)) => table,
        other => panic!("not a table: {other:?}"),
    }
}

fn as_view(relation: Option<Relation>) -> Arc<ViewDefinition> {
    match relation {
        Some(Relation::View(view)) => view,
        other => panic!("not a view: {other:?}"),
    }
}
