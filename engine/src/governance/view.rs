//! The only door from names to tables.

use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use std::path::PathBuf;
use std::sync::Arc;

use super::Authorization;
use crate::catalog::{Catalog, Relation, SystemTable};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::{self, FileTable};
use crate::name::{DEFAULT_CATALOG, DEFAULT_DATABASE, TableName, nearest};
use crate::storage::{Location, QueryStorage};
use crate::syntax::Reference;

/// What a session adds to a name that is not full.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The catalogue of names without one.
    pub catalog: String,
    /// The database of names without one.
    pub database: String,
    /// The directory that relative paths start from.
    pub working_directory: PathBuf,
}

impl Defaults {
    /// `lake.default`, with paths relative to `working_directory`.
    #[must_use]
    pub fn new(working_directory: PathBuf) -> Self {
        Self {
            catalog: DEFAULT_CATALOG.to_owned(),
            database: DEFAULT_DATABASE.to_owned(),
            working_directory,
        }
    }
}

/// Where tables come from.
#[derive(Debug)]
pub struct Sources<'a> {
    /// The named ones.
    pub catalog: &'a dyn Catalog,
    /// Those that a location in place of a name stands for.
    pub storage: &'a QueryStorage,
    /// How their files are read.
    pub formats: &'a formats::Settings,
}

/// The tables that one statement may see, and no others.
#[derive(Debug)]
pub struct View {
    tables: Vec<(TableName, Arc<dyn TableProvider>)>,
}

impl View {
    /// The tables by their full names. A location stands under its own text as a table of the session's database.
    #[must_use]
    pub fn tables(&self) -> &[(TableName, Arc<dyn TableProvider>)] {
        &self.tables
    }
}

/// Resolves every reference of a statement, in one step, for the principal of `authorization`.
///
/// # Errors
/// `TABLE_NOT_FOUND` with the nearest name, `PERMISSION_DENIED` for a location out of reach, and the errors of listing and
/// reading files; with the position of the reference.
pub async fn resolve(
    _authorization: &Authorization,
    references: &[Reference],
    defaults: &Defaults,
    sources: &Sources<'_>,
) -> Result<View> {
    let mut tables: Vec<(TableName, Arc<dyn TableProvider>)> = Vec::with_capacity(references.len());
    for reference in references {
        let name = full_name(reference, defaults);
        if tables.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let table = one(reference, &name, defaults, sources).await;
        let table = table.map_err(|error| match reference.position() {
            Some(position) if error.position().is_none() => error.at(position),
            _ => error,
        })?;
        tables.push((name, table));
    }
    Ok(View { tables })
}

fn full_name(reference: &Reference, defaults: &Defaults) -> TableName {
    match reference.parts() {
        [catalog, database, table] => TableName::new(catalog, database, table),
        [database, table] => TableName::new(&defaults.catalog, database, table),
        parts => TableName::new(&defaults.catalog, &defaults.database, parts.concat()),
    }
}

async fn one(
    reference: &Reference,
    name: &TableName,
    defaults: &Defaults,
    sources: &Sources<'_>,
) -> Result<Arc<dyn TableProvider>> {
    if reference.is_location() {
        let location = Location::parse(&name.table, &defaults.working_directory)?;
        let table = FileTable::open(sources.storage, &[location], sources.formats).await?;
        return Ok(Arc::new(table));
    }
    let found = sources.catalog.find(std::slice::from_ref(name)).await?;
    match found.into_iter().next().flatten() {
        Some(Relation::System(table)) => system(name, table.as_ref()).await,
        Some(_) | None => {
            let relations = sources.catalog.relations(&name.database).await?;
            let known = relations.iter().map(|relation| relation.name().to_owned()).collect();
            Err(not_found(name, known))
        }
    }
}

async fn system(name: &TableName, table: &dyn SystemTable) -> Result<Arc<dyn TableProvider>> {
    let rows = table.rows().await?;
    let provider = MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(|error| {
        Error::new(ErrorCode::Internal, format!("the rows of {name} do not fit its schema")).caused_by(error)
    })?;
    Ok(Arc::new(provider))
}

fn not_found(name: &TableName, known: Vec<String>) -> Error {
    let hint = match nearest(&name.table, known.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => "; a file or directory is named in single quotes, such as FROM 's3://bucket/path/'".to_owned(),
    };
    Error::new(ErrorCode::TableNotFound, format!("there is no table \"{name}\"{hint}"))
}
