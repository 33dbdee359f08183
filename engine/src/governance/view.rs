//! What one statement may see.

use datafusion::catalog::TableProvider;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::{Catalog, Column};
use crate::formats;
use crate::name::{DEFAULT_CATALOG, DEFAULT_DATABASE, TableName};
use crate::storage::QueryStorage;
use crate::syntax::{self, Statement};

/// What a session adds to a name that is not full.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The catalogue of names without one.
    pub catalog: String,
    /// The database of names without one.
    pub database: String,
    /// The directory that relative paths start from.
    pub working_directory: PathBuf,
    /// The session's temporary tables by name. A name without database means one of these before any other.
    pub temporary: BTreeMap<String, Arc<dyn TableProvider>>,
}

impl Defaults {
    /// `lake.default`, with paths relative to `working_directory`, without temporary tables.
    #[must_use]
    pub fn new(working_directory: PathBuf) -> Self {
        Self {
            catalog: DEFAULT_CATALOG.to_owned(),
            database: DEFAULT_DATABASE.to_owned(),
            working_directory,
            temporary: BTreeMap::new(),
        }
    }
}

/// Where tables come from.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The named ones.
    pub catalog: &'a dyn Catalog,
    /// The files of all.
    pub storage: &'a Arc<QueryStorage>,
    /// How files are read.
    pub formats: &'a Arc<formats::Formats>,
    /// What the text of a view may be, and how many relations a statement may read with those of its views.
    pub limits: &'a syntax::Limits,
}

/// The tables that one statement may see, and no others.
#[derive(Debug, Default)]
pub struct View {
    pub(super) relations: Vec<(TableName, Visible)>,
}

/// One relation that a statement may see.
#[derive(Debug)]
pub enum Visible {
    /// Something to scan.
    Table(Arc<dyn TableProvider>),
    /// A view, to be planned in its place.
    View(Box<VisibleView>),
}

/// A view with what its query may see.
#[derive(Debug)]
pub struct VisibleView {
    /// Its full name.
    pub name: TableName,
    /// Its query.
    pub statement: Statement,
    /// The columns that it had when it was made: it keeps to their names.
    pub columns: Vec<Column>,
    /// What its own names mean.
    pub defaults: Defaults,
    /// What its query may see.
    pub view: View,
}

impl View {
    /// The relations under the names that the statement has for them, made full. A location stands under its own text as a
    /// table of the session's database.
    #[must_use]
    pub fn relations(&self) -> &[(TableName, Visible)] {
        &self.relations
    }
}
