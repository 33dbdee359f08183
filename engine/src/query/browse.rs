//! What there is, for tools that browse: databases, relations with their columns, functions, limits.
//!
//! Must hold: names come from the one place that describes the catalogue, so that a tool sees what `information_schema` shows.
//! Listing is authorized as SHOW DATABASES and SHOW TABLES are. It is no statement: nothing is recorded, admitted or changed, and
//! no file is opened, so columns are those that were declared. The answer is bounded in number.

use arrow::datatypes::FieldRef;
use datafusion::execution::SessionStateDefaults;
use std::collections::HashSet;
use std::sync::Arc;

use super::{Parts, Session};
use crate::catalog::Column;
use crate::error::{Error, ErrorCode, Result};
use crate::governance::{self, DescribedRelation, Principal, RelationKind};
use crate::name::quoted;
use crate::planner::Snapshot;
use crate::syntax::{self, Limits};

/// The most relations of one answer. They are in memory together, with their columns.
const RELATIONS: usize = 100_000;

/// A table or view, as tools show it.
#[derive(Clone, Debug)]
pub struct BrowsedRelation {
    /// Its catalogue.
    pub catalog: String,
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: RelationKind,
    /// Whether an INSERT may be tried.
    pub takes_rows: bool,
    /// Its columns, as a scan would give them, those of its partitions last.
    pub columns: Vec<BrowsedColumn>,
    /// What it is for, in the words of whoever made it.
    pub comment: Option<String>,
}

/// A column of a [`BrowsedRelation`].
#[derive(Clone, Debug)]
pub struct BrowsedColumn {
    /// Its name, type and nullability.
    pub field: FieldRef,
    /// What it means, in the words of whoever declared it.
    pub comment: Option<String>,
}

/// A scalar function that statements may call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrowsedFunction {
    /// What it is about.
    pub topic: FunctionTopic,
    /// Its name, lower case. One function has several entries if it has several names.
    pub name: String,
}

/// What a function is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FunctionTopic {
    /// Numbers.
    Numeric,
    /// Text, regular expressions among it.
    Text,
    /// Dates and times.
    DateTime,
    /// Conditions, and whatever says something of the session.
    System,
    /// Anything else: lists, maps, bytes.
    Other,
}

impl Session {
    /// The names of the databases, `information_schema` among them, in their order.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` if SHOW DATABASES would be; those of the catalogue.
    pub async fn databases(&self) -> Result<Vec<String>> {
        let (parts, principal, _) = self.reads();
        let databases = databases(parts, principal).await?;
        Ok(databases.into_iter().map(|database| database.name).collect())
    }

    /// The tables and views of those databases whose names are `wanted`, in the order of databases and names.
    ///
    /// The session's temporary tables stand in the database that names without one belong to now, in place of what they hide there.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` if SHOW TABLES would be, `EXCEEDED_STATEMENT_LIMIT` if there are too many, those of the catalogue.
    pub async fn relations(&self, wanted: impl Fn(&str) -> bool + Send) -> Result<Vec<BrowsedRelation>> {
        let (parts, principal, session) = self.reads();
        let mut found = Vec::new();
        for database in databases(parts, principal).await? {
            if wanted(&database.name) {
                found.extend(relations(parts, principal, &session, &database.name).await?);
            }
            if found.len() > RELATIONS {
                let message =
                    format!("there are more than {RELATIONS} tables to list; name a database or a part of one");
                return Err(Error::new(ErrorCode::ExceededStatementLimit, message));
            }
        }
        Ok(found)
    }

    /// The scalar functions, in the order of topics and names.
    #[must_use]
    pub fn functions(&self) -> Vec<BrowsedFunction> {
        let (parts, ..) = self.reads();
        let callable: HashSet<String> = parts.planner.functions().collect();
        let mut functions = Vec::new();
        for function in SessionStateDefaults::default_scalar_functions() {
            let section = function.documentation().map(|text| text.doc_section.label);
            let topic = topic(section.unwrap_or_default());
            let names = std::iter::once(function.name()).chain(function.aliases().iter().map(String::as_str));
            functions.extend(
                names
                    .filter(|name| callable.contains(*name))
                    .map(|name| BrowsedFunction {
                        topic,
                        name: name.to_owned(),
                    }),
            );
        }
        functions.sort();
        functions.dedup();
        functions
    }

    /// What a statement may be at most.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        let (parts, ..) = self.reads();
        &parts.limits
    }
}

async fn databases(parts: &Parts, principal: &Principal) -> Result<Vec<crate::catalog::Database>> {
    authorize(parts, principal, "SHOW DATABASES")?;
    let storage = parts.storage.query(principal.access());
    governance::databases(parts.planner.sources(&storage).catalog).await
}

/// What stands in `database`, with the temporary tables if it is the session's.
async fn relations(
    parts: &Parts,
    principal: &Principal,
    session: &Snapshot,
    database: &str,
) -> Result<Vec<BrowsedRelation>> {
    authorize(parts, principal, &format!("SHOW TABLES FROM {}", quoted(database)))?;
    let defaults = &session.defaults;
    let storage = parts.storage.query(principal.access());
    let catalog = parts.planner.sources(&storage).catalog;
    let kept = governance::relations(catalog, &defaults.catalog, database).await?;
    let mut found: Vec<BrowsedRelation> = kept.into_iter().map(browsed).collect();
    if defaults.database == database {
        found.retain(|relation| !defaults.temporary.contains_key(&relation.name));
        found.extend(defaults.temporary.iter().map(|(name, table)| BrowsedRelation {
            catalog: defaults.catalog.clone(),
            database: database.to_owned(),
            name: name.clone(),
            kind: RelationKind::Table,
            takes_rows: true,
            columns: table.schema().fields().iter().map(uncommented).collect(),
            comment: None,
        }));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Whether the principal may run `sql`, which would show the same names.
fn authorize(parts: &Parts, principal: &Principal, sql: &str) -> Result<()> {
    let statement = syntax::parse(sql, &parts.limits)?;
    governance::authorize(principal, &statement)?;
    Ok(())
}

fn browsed(relation: DescribedRelation) -> BrowsedRelation {
    let column = |column: Column| BrowsedColumn {
        field: Arc::new(column.field()),
        comment: column.comment,
    };
    BrowsedRelation {
        catalog: relation.catalog,
        database: relation.database,
        name: relation.name,
        kind: relation.kind,
        takes_rows: relation.takes_rows,
        columns: relation.columns.into_iter().map(column).collect(),
        comment: relation.comment,
    }
}

fn uncommented(field: &FieldRef) -> BrowsedColumn {
    BrowsedColumn {
        field: Arc::clone(field),
        comment: None,
    }
}

/// What the functions of a section of the library's documentation are about.
fn topic(section: &str) -> FunctionTopic {
    match section {
        "Math Functions" => FunctionTopic::Numeric,
        "String Functions" | "Regular Expression Functions" => FunctionTopic::Text,
        "Time and Date Functions" => FunctionTopic::DateTime,
        "Conditional Functions" | "Other Functions" => FunctionTopic::System,
        _ => FunctionTopic::Other,
    }
}
