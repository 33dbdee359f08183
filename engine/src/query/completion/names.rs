//! The names that a principal may see.

use std::sync::Arc;

use super::place::{Named, Place, Wanted};
use super::{Candidate, CandidateKind, paths};
use crate::catalog::{Column, Relation};
use crate::error::{ErrorCode, Result};
use crate::governance::{self, Authorization, INFORMATION_SCHEMA_TABLES, Principal};
use crate::name::{DEFAULT_CATALOG, INFORMATION_SCHEMA, quoted};
use crate::planner::Snapshot;
use crate::query::Parts;
use crate::storage::QueryStorage;
use crate::syntax::{self, Command, Statement};

/// The most relations of a statement whose columns are looked up.
const RELATIONS: usize = 8;

/// Where names are looked up, and for whom.
pub(super) struct Names<'a> {
    pub parts: &'a Parts,
    pub principal: &'a Principal,
    pub session: &'a Snapshot,
}

impl Names<'_> {
    /// The names that fit `place`.
    pub(super) async fn at(&self, place: &Place<'_>) -> Result<Vec<Candidate>> {
        let storage = self.parts.storage.query(self.principal.access());
        match &place.wanted {
            Wanted::Beginning | Wanted::Setting => Ok(Vec::new()),
            Wanted::Database => self.databases(place, &storage).await,
            Wanted::Relation { .. } => {
                let mut found = self.relations(place, None, &storage).await?;
                found.extend(self.databases(place, &storage).await?);
                Ok(found)
            }
            Wanted::Expression => self.columns(place, &place.relations, &storage).await,
            Wanted::Member(parts) => self.members(place, parts, &storage).await,
            Wanted::Path(directory) => {
                let from = &self.session.defaults.working_directory;
                paths::below(&storage, directory, place, from).await
            }
        }
    }

    /// What stands behind a dot: the columns of what the statement calls so, or the relations of a database.
    async fn members(
        &self,
        place: &Place<'_>,
        parts: &[String],
        storage: &Arc<QueryStorage>,
    ) -> Result<Vec<Candidate>> {
        let is_meant = |named: &&Named| match (&named.alias, parts) {
            (Some(alias), [name]) if alias == name => true,
            (_, parts) => named.parts.ends_with(parts),
        };
        let named: Vec<Named> = place.relations.iter().filter(is_meant).cloned().collect();
        let mut found = self.columns(place, &named, storage).await?;
        match parts {
            [catalog] if catalog == DEFAULT_CATALOG => found.extend(self.databases(place, storage).await?),
            [database] => found.extend(self.relations(place, Some(database), storage).await?),
            [catalog, database] if catalog == DEFAULT_CATALOG => {
                found.extend(self.relations(place, Some(database), storage).await?);
            }
            _ => {}
        }
        Ok(found)
    }

    async fn databases(&self, place: &Place<'_>, storage: &Arc<QueryStorage>) -> Result<Vec<Candidate>> {
        self.authorized("SHOW DATABASES")?;
        let databases = self.parts.planner.sources(storage).catalog.databases().await?;
        let names = databases.iter().map(|database| database.name.as_str());
        Ok(fitting(
            place,
            CandidateKind::Database,
            names.chain([INFORMATION_SCHEMA]),
        ))
    }

    /// The relations of `database`, or of the session's.
    async fn relations(
        &self,
        place: &Place<'_>,
        database: Option<&str>,
        storage: &Arc<QueryStorage>,
    ) -> Result<Vec<Candidate>> {
        let defaults = &self.session.defaults;
        let own = database.is_none();
        let database = database.unwrap_or(&defaults.database);
        self.authorized(&format!("SHOW TABLES FROM {}", quoted(database)))?;
        if database == INFORMATION_SCHEMA {
            let names = INFORMATION_SCHEMA_TABLES.iter().copied();
            return Ok(fitting(place, CandidateKind::Relation, names));
        }
        let relations = self.parts.planner.sources(storage).catalog.relations(database).await?;
        let mut found = fitting(place, CandidateKind::Relation, relations.iter().map(Relation::name));
        if own {
            let temporary = defaults.temporary.keys().map(String::as_str);
            found.extend(fitting(place, CandidateKind::Relation, temporary));
        }
        Ok(found)
    }

    async fn columns(
        &self,
        place: &Place<'_>,
        relations: &[Named],
        storage: &Arc<QueryStorage>,
    ) -> Result<Vec<Candidate>> {
        let mut found = Vec::new();
        for named in relations.iter().take(RELATIONS) {
            let names = self.columns_of(named, storage).await?;
            found.extend(fitting(place, CandidateKind::Column, names.iter().map(String::as_str)));
        }
        Ok(found)
    }

    /// The names of the columns of a relation, as far as the catalogue has them: no file is read. None of what is not there.
    async fn columns_of(&self, named: &Named, storage: &Arc<QueryStorage>) -> Result<Vec<String>> {
        let defaults = &self.session.defaults;
        if let [name] = named.parts.as_slice()
            && let Some(temporary) = defaults.temporary.get(name)
        {
            return Ok(temporary
                .schema()
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect());
        }
        let name: Vec<String> = named.parts.iter().map(|part| quoted(part)).collect();
        let (statement, authorization) = self.authorized(&format!("DESCRIBE {}", name.join(".")))?;
        let Command::DescribeTable(reference) = statement.command() else {
            return Ok(Vec::new());
        };
        let sources = self.parts.planner.sources(storage);
        let columns = |columns: &[Column]| columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        match governance::find(&authorization, reference, defaults, sources).await {
            Ok(Relation::Table(table)) => Ok([columns(&table.columns), columns(&table.partition_columns)].concat()),
            Ok(Relation::View(view)) => Ok(columns(&view.columns)),
            Ok(Relation::System(table)) => {
                let schema = table.schema();
                Ok(schema.fields().iter().map(|field| field.name().clone()).collect())
            }
            Err(error) if matches!(error.code(), ErrorCode::TableNotFound | ErrorCode::DatabaseNotFound) => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// The proof that the principal may run `sql`, which would show the same names.
    fn authorized(&self, sql: &str) -> Result<(Statement, Authorization)> {
        let statement = syntax::parse(sql, &self.parts.limits)?;
        let authorization = governance::authorize(self.principal, &statement)?;
        Ok((statement, authorization))
    }
}

/// Those of `names` that begin with what was written, quoted where they must be.
fn fitting<'a>(place: &Place<'_>, kind: CandidateKind, names: impl Iterator<Item = &'a str>) -> Vec<Candidate> {
    let text = |name: &str| {
        if place.in_quotes {
            format!("\"{}\"", name.replace('"', "\"\""))
        } else {
            quoted(name)
        }
    };
    names
        .filter(|name| place.begins(name))
        .map(|name| Candidate::new(kind, text(name)))
        .collect()
}
