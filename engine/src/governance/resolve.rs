//! The only door from names to tables.

use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::view::{Defaults, Sources, View, Visible, VisibleView};
use super::{Authorization, information_schema};
use crate::catalog::{Relation, SystemTable, TableDefinition, ViewDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::FileTable;
use crate::name::{DEFAULT_CATALOG, INFORMATION_SCHEMA, TableName, nearest};
use crate::storage::Location;
use crate::syntax::{self, Command, Reference};

/// How deep views may stand in one another.
const VIEWS_WITHIN_ONE_ANOTHER: usize = 32;

/// Resolves every reference of a statement, in one step, for the principal of `authorization`, and those of its views.
///
/// # Errors
/// `TABLE_NOT_FOUND` and `DATABASE_NOT_FOUND` with the nearest name, `PERMISSION_DENIED` for a location out of reach, and the
/// errors of listing and reading files; with the position of the reference.
pub async fn resolve(
    authorization: &Authorization,
    references: &[Reference],
    defaults: &Defaults,
    sources: Sources<'_>,
) -> Result<View> {
    let mut walk = Walk {
        _authorization: authorization,
        sources,
        inside: Vec::new(),
        relations: 0,
    };
    walk.all(references, defaults).await
}

/// The full name that `reference` stands for: lower case, completed by `defaults`.
#[must_use]
pub fn full_name(reference: &Reference, defaults: &Defaults) -> TableName {
    match reference.name_parts() {
        _ if reference.is_location() => spelled_name(reference, defaults),
        [catalog, database, table] => TableName::new(catalog, database, table),
        [database, table] => TableName::new(&defaults.catalog, database, table),
        parts => TableName::new(&defaults.catalog, &defaults.database, parts.concat()),
    }
}

/// The full name under which the planning library will ask for `reference`: what was in quotes as it was written.
fn spelled_name(reference: &Reference, defaults: &Defaults) -> TableName {
    match reference.parts() {
        [catalog, database, table] => TableName::new(catalog, database, table),
        [database, table] => TableName::new(&defaults.catalog, database, table),
        parts => TableName::new(&defaults.catalog, &defaults.database, parts.concat()),
    }
}

/// The relation of that name, for statements about the relation itself.
///
/// # Errors
/// As [`resolve`].
pub async fn find(
    _authorization: &Authorization,
    reference: &Reference,
    defaults: &Defaults,
    sources: Sources<'_>,
) -> Result<Relation> {
    let name = full_name(reference, defaults);
    let found = sources.catalog.find(std::slice::from_ref(&name)).await?;
    match found.into_iter().next().flatten() {
        Some(relation) => Ok(relation),
        None => Err(placed(not_found(&name, sources).await?, reference)),
    }
}

struct Walk<'a> {
    _authorization: &'a Authorization,
    sources: Sources<'a>,
    /// The views that are being resolved, outermost first.
    inside: Vec<TableName>,
    relations: usize,
}

impl Walk<'_> {
    fn all<'b>(&'b mut self, references: &'b [Reference], defaults: &'b Defaults) -> BoxFuture<'b, Result<View>> {
        async move {
            self.count(references)?;
            let named: Vec<&Reference> = references.iter().filter(|one| !one.is_location()).collect();
            let names: Vec<TableName> = named.iter().map(|one| full_name(one, defaults)).collect();
            let found = self.sources.catalog.find(&names).await?;
            let mut found: BTreeMap<TableName, Relation> = names
                .into_iter()
                .zip(found)
                .filter_map(|(name, one)| Some((name, one?)))
                .collect();
            let mut relations: Vec<(TableName, Visible)> = Vec::with_capacity(references.len());
            for reference in references {
                let spelled = spelled_name(reference, defaults);
                if relations.iter().any(|(known, _)| *known == spelled) {
                    continue;
                }
                let relation = found.remove(&full_name(reference, defaults));
                let visible = self.one(reference, relation, defaults).await;
                relations.push((spelled, visible.map_err(|error| placed(error, reference))?));
            }
            Ok(View { relations })
        }
        .boxed()
    }

    fn count(&mut self, references: &[Reference]) -> Result<()> {
        self.relations += references.len();
        let limit = self.sources.limits.relations;
        if self.relations <= limit {
            return Ok(());
        }
        let message = format!("the statement reads more than {limit} relations with those of its views; split it");
        Err(Error::new(ErrorCode::ExceededStatementLimit, message))
    }

    async fn one(&mut self, reference: &Reference, found: Option<Relation>, defaults: &Defaults) -> Result<Visible> {
        if reference.is_location() {
            return self.files(reference, defaults).await.map(Visible::Table);
        }
        if let [name] = reference.parts()
            && let Some(temporary) = defaults.temporary.get(&name.to_lowercase())
        {
            return Ok(Visible::Table(Arc::clone(temporary)));
        }
        let name = full_name(reference, defaults);
        match found {
            Some(Relation::Table(table)) => self.table(&table).await.map(Visible::Table),
            Some(Relation::View(view)) => self.view(&view, defaults).await,
            Some(Relation::System(table)) => system(&name, table.as_ref()).await.map(Visible::Table),
            None if name.database == INFORMATION_SCHEMA && name.catalog == DEFAULT_CATALOG => {
                match information_schema::rows(self.sources.catalog, &name.catalog, &name.table).await? {
                    Some(rows) => in_memory(&name, rows).map(Visible::Table),
                    None => Err(not_found(&name, self.sources).await?),
                }
            }
            None => Err(not_found(&name, self.sources).await?),
        }
    }

    /// The files at a location that stands in place of a name.
    async fn files(&self, reference: &Reference, defaults: &Defaults) -> Result<Arc<dyn TableProvider>> {
        let text = reference.parts().concat();
        let locations = locations(&text, &defaults.working_directory)?;
        let table = FileTable::open(self.sources.storage, &locations, self.sources.formats).await?;
        Ok(Arc::new(table))
    }

    async fn table(&self, table: &TableDefinition) -> Result<Arc<dyn TableProvider>> {
        super::declared::open(table, self.sources).await
    }

    async fn view(&mut self, view: &ViewDefinition, defaults: &Defaults) -> Result<Visible> {
        let name = &view.name;
        if self.inside.contains(name) || self.inside.len() >= VIEWS_WITHIN_ONE_ANOTHER {
            let message = format!(
                "the view {name} reads itself, or views stand more than {VIEWS_WITHIN_ONE_ANOTHER} deep in one another; \
                 make one of them anew"
            );
            return Err(Error::new(ErrorCode::ExceededStatementLimit, message));
        }
        // What a view reads is the same for everybody: no temporary tables, and no paths from where somebody happens to stand.
        let own = Defaults {
            catalog: name.catalog.clone(),
            database: view.database.clone(),
            temporary: BTreeMap::new(),
            ..defaults.clone()
        };
        let stale = |error: Error| error.without_position().context(format!("in the view {name}"));
        let statement = syntax::parse(&view.sql, self.sources.limits).map_err(stale)?;
        if !matches!(statement.command(), Command::Query(_)) {
            let message = format!("the view {name} is not a query; make it anew");
            return Err(Error::new(ErrorCode::Internal, message));
        }
        self.inside.push(name.clone());
        let seen = self.all(statement.reads(), &own).await.map_err(stale)?;
        self.inside.pop();
        Ok(Visible::View(Box::new(VisibleView {
            name: name.clone(),
            columns: view.columns.clone(),
            defaults: own,
            view: seen,
            statement,
        })))
    }
}

/// The locations in `text`: one, or several with commas between them, each of which then is a URL, a path with a `/`, a pattern
/// or a name with an ending. Any other comma is part of a name.
fn locations(text: &str, working_directory: &Path) -> Result<Vec<Location>> {
    let parts: Vec<&str> = outside_braces(text).into_iter().map(str::trim).collect();
    let has_ending = |part: &str| part.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let stands_alone = |part: &&str| part.contains(['/', '*', '?', '[', '{']) || has_ending(part);
    let urls = parts.iter().filter(|part| part.contains("://")).count();
    let of_one_kind = urls == 0 || urls == parts.len();
    if parts.len() > 1 && of_one_kind && parts.iter().all(stands_alone) {
        return parts
            .into_iter()
            .map(|part| Location::parse(part, working_directory))
            .collect();
    }
    Ok(vec![Location::parse(text, working_directory)?])
}

/// `text` split at its commas, but for those in `{a,b}` and `[a,b]`.
fn outside_braces(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|c| {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

/// `error` with the place of `reference`, if it has none.
fn placed(error: Error, reference: &Reference) -> Error {
    match reference.position() {
        Some(position) if error.position().is_none() => error.at(position),
        _ => error,
    }
}

async fn system(name: &TableName, table: &dyn SystemTable) -> Result<Arc<dyn TableProvider>> {
    in_memory(name, table.rows().await?)
}

fn in_memory(name: &TableName, rows: arrow::array::RecordBatch) -> Result<Arc<dyn TableProvider>> {
    let provider = MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(|error| {
        Error::new(ErrorCode::Internal, format!("the rows of {name} do not fit its schema")).caused_by(error)
    })?;
    Ok(Arc::new(provider))
}

/// The error of a name that nothing has: of the catalogue, the database or the table, whichever is the first to be missing.
async fn not_found(name: &TableName, sources: Sources<'_>) -> Result<Error> {
    if name.catalog != DEFAULT_CATALOG {
        let catalog = &name.catalog;
        let message = format!("there is no catalogue \"{catalog}\"; the one there is is \"{DEFAULT_CATALOG}\"");
        return Ok(Error::new(ErrorCode::DatabaseNotFound, message));
    }
    if name.database != INFORMATION_SCHEMA && sources.catalog.database(&name.database).await?.is_none() {
        let databases = sources.catalog.databases().await?;
        return Ok(no_database(
            &name.database,
            databases.iter().map(|one| one.name.as_str()),
        ));
    }
    let relations = sources.catalog.relations(&name.database).await?;
    let hint = match nearest(&name.table, relations.iter().map(Relation::name)) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => "; a file or directory is named in single quotes, such as FROM 's3://bucket/path/'".to_owned(),
    };
    let message = format!("there is no table \"{name}\"{hint}");
    Ok(Error::new(ErrorCode::TableNotFound, message))
}

/// `DATABASE_NOT_FOUND` with the nearest of `known`.
pub fn no_database<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let hint = match nearest(name, known) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => "; SHOW DATABASES lists what there is".to_owned(),
    };
    Error::new(
        ErrorCode::DatabaseNotFound,
        format!("there is no database \"{name}\"{hint}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_locations_that_stand_alone_and_no_others() {
        for (text, wanted) in [
            ("s3://b/a*.parquet, s3://b/c*.parquet", 2),
            ("/x/a.csv,/x/b.csv", 2),
            ("a*.csv,b*.csv", 2),
            ("s3://b/{a,b}/*.parquet", 1),
            ("s3://b/a,b.parquet", 1),
            ("a,b.csv", 1),
            ("d/pd.csv, c/crlf.csv", 2),
            ("a.csv,b.csv", 2),
        ] {
            assert_eq!(locations(text, Path::new("/w")).unwrap().len(), wanted, "{text}");
        }
    }
}
