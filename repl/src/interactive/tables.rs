//! What `.tables` shows: a person may mean tables by it, or a database.

use std::fmt::Write as _;

use arrow::util::display::array_value_to_string;
use futures::StreamExt;
use owlet_engine::Connection;

use super::{Next, Shell, show};
use crate::failure::Failure;
use crate::text::visible;

/// The databases in which a person may find tables of theirs, the most that are named, and one to tell that there are more.
const DATABASES: &str = "SELECT DISTINCT table_schema FROM information_schema.tables \
                         WHERE table_schema NOT IN ('information_schema', 'system') ORDER BY 1";
const NAMED_DATABASES: usize = 8;

/// The tables that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The database, as SQL writes it; without one, that of the session.
    pub database: Option<String>,
    /// What the names are like; without it, any.
    pub pattern: Option<String>,
}

impl Wanted {
    /// What `[DATABASE.][NAME*]` asks for.
    pub fn read(argument: &str) -> Self {
        let (database, pattern) = match argument.rsplit_once('.') {
            Some((database, pattern)) => (Some(database.to_owned()), pattern),
            None => (None, argument),
        };
        Self {
            database,
            pattern: Some(pattern.to_owned()).filter(|pattern| !pattern.is_empty()),
        }
    }

    /// The statement that lists them.
    pub fn sql(&self) -> String {
        let mut sql = "SHOW TABLES".to_owned();
        if let Some(database) = &self.database {
            let _ = write!(sql, " FROM {database}");
        }
        if let Some(pattern) = &self.pattern {
            let _ = write!(sql, " '{}'", pattern.replace('\'', "''"));
        }
        sql
    }
}

impl Shell<'_> {
    /// Shows the tables that are wanted; if there are none, those of a database of that name; else says where some are.
    pub(super) async fn tables(&mut self, mut wanted: Wanted) -> Result<Next, Failure> {
        match self.listed(&mut wanted).await {
            // What went wrong is told by running it.
            Ok(Listed::Some | Listed::Failed) => self.run_command(&wanted.sql()).await,
            Ok(Listed::None(message)) => show(&message),
            Err(failure) => self.go_on(failure),
        }
    }

    async fn listed(&mut self, wanted: &mut Wanted) -> Result<Listed, Failure> {
        let Some(mut found) = self.names(&wanted.sql()).await? else {
            return Ok(Listed::Failed);
        };
        if found.is_empty()
            && wanted.database.is_none()
            && let Some(pattern) = &wanted.pattern
        {
            let name = pattern.trim_matches('"').to_lowercase();
            let databases = self.names("SHOW DATABASES").await?.unwrap_or_default();
            if databases.contains(&name) {
                *wanted = Wanted {
                    database: Some(format!("\"{}\"", name.replace('"', "\"\""))),
                    pattern: None,
                };
                found = self.names(&wanted.sql()).await?.unwrap_or_default();
            }
        }
        if !found.is_empty() {
            return Ok(Listed::Some);
        }
        let database = wanted.database.clone().unwrap_or_else(|| self.connection.database());
        let database = database.trim_matches('"');
        let others = self.names(DATABASES).await?.unwrap_or_default();
        Ok(Listed::None(nothing(database, wanted.pattern.as_deref(), &others)))
    }

    /// The first column of what `sql` gives, without showing anything; `None` if it fails.
    async fn names(&mut self, sql: &str) -> Result<Option<Vec<String>>, Failure> {
        tokio::select! {
            names = first_column(self.connection, sql) => Ok(names),
            signal = self.signals.next() => Err(self.stopped(signal)),
        }
    }
}

enum Listed {
    Some,
    /// What to say instead.
    None(String),
    Failed,
}

async fn first_column(connection: &dyn Connection, sql: &str) -> Option<Vec<String>> {
    let mut rows = connection.run(sql).await.ok()?;
    let mut names = Vec::new();
    while let Some(batch) = rows.next().await {
        let batch = batch.ok()?;
        let column = batch.columns().first()?;
        for row in 0..batch.num_rows() {
            names.push(array_value_to_string(column, row).ok()?);
        }
    }
    Some(names)
}

/// A line for a person who finds no tables in `database`, with the names of `others` that have some.
fn nothing(database: &str, pattern: Option<&str>, others: &[String]) -> String {
    let mut line = match pattern {
        Some(pattern) => format!("no table in \"{}\" matches \"{}\"", visible(database), visible(pattern)),
        None => format!("there are no tables in \"{}\"", visible(database)),
    };
    let others: Vec<_> = others.iter().filter(|other| *other != database).collect();
    let named: Vec<_> = others
        .iter()
        .take(NAMED_DATABASES)
        .map(|other| visible(other))
        .collect();
    if !named.is_empty() {
        let more = if others.len() > named.len() { ", …" } else { "" };
        let _ = write!(line, "; databases with tables: {}{more}", named.join(", "));
    }
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(argument: &str, expected: &str) {
        assert_eq!(Wanted::read(argument).sql(), expected, "{argument}");
    }

    #[test]
    fn an_argument_is_a_database_a_pattern_or_both() {
        check("", "SHOW TABLES");
        check("sample.t*", "SHOW TABLES FROM sample 't*'");
        check("sample.", "SHOW TABLES FROM sample");
        check("it's", "SHOW TABLES 'it''s'");
    }

    #[test]
    fn who_finds_nothing_hears_where_tables_are() {
        let others = ["a".to_owned(), "b".to_owned()];
        assert_eq!(
            nothing("a", Some("x*"), &others),
            "no table in \"a\" matches \"x*\"; databases with tables: b\n"
        );
        assert_eq!(nothing("a", None, &[]), "there are no tables in \"a\"\n");
    }
}
