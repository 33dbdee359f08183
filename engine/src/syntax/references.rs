//! Which relations a query names, and how many it joins once its WITH queries are put in place of their names.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, Query, Select, TableFactor, TableWithJoins, Visit, Visitor,
};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::command::DatabaseReference;
use super::limits::{Limits, exceeded};
use super::parser::{position_of, tokenize};
use crate::error::{Error, ErrorCode, Position, Result};

/// A relation as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    parts: Vec<String>,
    name_parts: Vec<String>,
    location: bool,
    position: Option<Position>,
}

impl Reference {
    /// One to three parts, outermost first, as `DataFusion` looks the relation up: lower case unless quoted. A location is
    /// one part, as it was written.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The name that it stands for, in one to three parts, outermost first: lower case also in quotes, as databases, tables and
    /// views are named in Hive, Glue, Athena and Trino. A location is one part, as it was written.
    #[must_use]
    pub fn name_parts(&self) -> &[String] {
        &self.name_parts
    }

    /// Whether it is the location of files, written in single quotes, such as `'s3://bucket/dir/*.parquet'`.
    #[must_use]
    pub fn is_location(&self) -> bool {
        self.location
    }

    /// Where the statement first names it.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The same table in a database that stands apart from its name, as in SHOW COLUMNS FROM table FROM database.
    pub(super) fn within(mut self, database: &DatabaseReference) -> Self {
        let outer = || database.catalog.iter().chain([&database.database]).cloned();
        self.parts.splice(0..0, outer());
        self.name_parts.splice(0..0, outer());
        self
    }

    /// The relation that a name of `text` stands for.
    pub(super) fn of(name: &ObjectName, text: &str) -> Result<Self> {
        let first = name.0.first().and_then(ObjectNamePart::as_ident);
        let position = first.and_then(|ident| position_in(text, ident));
        let refused = |message: String| {
            let error = Error::new(ErrorCode::NotSupported, message);
            match position {
                Some(position) => error.at(position),
                None => error,
            }
        };
        let idents: Option<Vec<&Ident>> = name.0.iter().map(ObjectNamePart::as_ident).collect();
        let Some(idents) = idents else {
            return Err(refused(format!(
                "the computed table name \"{name}\" is not supported; write the name"
            )));
        };
        let location = idents.iter().any(|ident| ident.quote_style == Some('\''));
        if location && idents.len() > 1 {
            return Err(refused(format!(
                "the table name \"{name}\" mixes names and a location; put names in double quotes"
            )));
        }
        if idents.len() > 3 {
            return Err(refused(format!(
                "the table name \"{name}\" has more than three parts; write catalog.database.table"
            )));
        }
        let lower = |ident: &&Ident| {
            if location {
                ident.value.clone()
            } else {
                ident.value.to_lowercase()
            }
        };
        Ok(Self {
            name_parts: idents.iter().map(lower).collect(),
            parts: idents.into_iter().map(folded).collect(),
            location,
            position,
        })
    }
}

/// The name that an identifier stands for, as DataFusion folds it.
fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    }
}

/// Where an identifier stands. The parser keeps no span of one in single quotes, so the first string of that value is
/// taken for it.
fn position_in(text: &str, ident: &Ident) -> Option<Position> {
    position_of(ident.span.start).or_else(|| {
        let tokens = tokenize(text).ok()?;
        let is_same = |token: &Token| matches!(token, Token::SingleQuotedString(value) if *value == ident.value);
        position_of(tokens.iter().find(|token| is_same(&token.token))?.span.start)
    })
}

/// The relations of a query in the order of their first mention, each once.
pub(super) fn collect(text: &str, query: &Query, limits: &Limits) -> Result<Vec<Reference>> {
    let mut collector = Collector {
        text,
        limits,
        reads: Vec::new(),
        seen: HashSet::new(),
        scopes: vec![Scope::default()],
    };
    match query.visit(&mut collector) {
        ControlFlow::Continue(()) => Ok(collector.reads),
        ControlFlow::Break(error) => Err(error),
    }
}

/// The WITH queries of one query, and what it has joined so far.
#[derive(Default)]
struct Scope {
    /// For the address of each WITH query that is still to be visited, its name.
    pending: HashMap<*const Query, String>,
    /// The relations behind each name that is in scope.
    visible: HashMap<String, usize>,
    relations: usize,
    recursive: bool,
}

struct Collector<'a> {
    text: &'a str,
    limits: &'a Limits,
    reads: Vec<Reference>,
    seen: HashSet<(bool, Vec<String>)>,
    /// Innermost last.
    scopes: Vec<Scope>,
}

impl Collector<'_> {
    fn name(&mut self, name: &ObjectName) -> Result<()> {
        let reference = Reference::of(name, self.text)?;
        let named = match reference.parts.as_slice() {
            [name] => self
                .scopes
                .iter()
                .rev()
                .find_map(|scope| scope.visible.get(name).copied()),
            _ => None,
        };
        if named.is_none() && self.seen.insert((reference.location, reference.parts.clone())) {
            self.reads.push(reference);
        }
        self.add_relations(named.unwrap_or(1))
    }

    fn add_relations(&mut self, count: usize) -> Result<()> {
        let Some(scope) = self.scopes.last_mut() else {
            return Ok(());
        };
        scope.relations = scope.relations.saturating_add(count);
        if scope.relations > self.limits.relations {
            let what = "too many relations and sub-queries, counting those of each WITH query wherever its name stands";
            return Err(exceeded(what, self.limits.relations));
        }
        Ok(())
    }

    fn check_joins(&self, from: &[TableWithJoins]) -> Result<()> {
        let joined: usize = from.iter().map(|tables| 1 + tables.joins.len()).sum();
        if joined > self.limits.joins {
            return Err(exceeded(&format!("{joined} relations in one FROM"), self.limits.joins));
        }
        Ok(())
    }

    fn enter(&mut self, query: &Query) -> Result<()> {
        if let Some(outer) = self.scopes.last_mut()
            && outer.recursive
            && let Some(name) = outer.pending.get(&std::ptr::from_ref(query))
        {
            outer.visible.insert(name.clone(), 1);
        }
        let mut scope = Scope::default();
        if let Some(with) = &query.with {
            scope.recursive = with.recursive;
            if with.cte_tables.len() > self.limits.joins {
                return Err(exceeded("too many WITH queries", self.limits.joins));
            }
            for cte in &with.cte_tables {
                scope
                    .pending
                    .insert(std::ptr::from_ref(cte.query.as_ref()), folded(&cte.alias.name));
            }
        }
        self.scopes.push(scope);
        if query.pipe_operators.len() > self.limits.joins {
            return Err(exceeded("too many pipe operators", self.limits.joins));
        }
        Ok(())
    }

    fn leave(&mut self, query: &Query) -> Result<()> {
        let Some(scope) = self.scopes.pop() else { return Ok(()) };
        match self.scopes.last_mut() {
            Some(outer) => match outer.pending.remove(&std::ptr::from_ref(query)) {
                Some(name) => {
                    outer.visible.insert(name, scope.relations.saturating_add(1));
                    Ok(())
                }
                None => self.add_relations(scope.relations.saturating_add(1)),
            },
            None => Ok(()),
        }
    }
}

fn flow(result: Result<()>) -> ControlFlow<Error> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

impl Visitor for Collector<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        flow(self.enter(query))
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        flow(self.leave(query))
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Error> {
        flow(self.check_joins(&select.from))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        match factor {
            TableFactor::Table { name, args: None, .. } => flow(self.name(name)),
            TableFactor::NestedJoin { table_with_joins, .. } => {
                flow(self.check_joins(std::slice::from_ref(table_with_joins)))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn check(sql: &str, expected: &[&str]) {
        let statement = parse(sql, &Limits::default()).expect(sql);
        let found: Vec<String> = statement
            .reads()
            .iter()
            .map(|read| {
                let name = read.parts().join("|");
                if read.is_location() { format!("'{name}'") } else { name }
            })
            .collect();
        assert_eq!(found, expected, "{sql}");
    }

    #[test]
    fn every_relation_is_named_once_wherever_it_stands() {
        check("select 1", &[]);
        check(
            "select * from a, b join c on true, (select * from d) x, (e cross join f)",
            &["a", "b", "c", "d", "e", "f"],
        );
        check(
            "select (select max(x) from a) from b where exists (select 1 from c) and 1 in (select 1 from d)",
            &["a", "b", "c", "d"],
        );
        check(
            "select 1 from a union select 2 from b intersect (select 3 from c) order by (select 1 from d)",
            &["a", "b", "c", "d"],
        );
        check("select * from a, a as x, A", &["a"]);
        check(
            "select * from a |> join b on true |> union all (select * from c)",
            &["a", "b", "c"],
        );
        check("explain analyze select * from a", &["a"]);
    }

    #[test]
    fn names_fold_and_quoted_names_and_locations_do_not() {
        check("select * from Lake.Default.Orders", &["lake|default|orders"]);
        check("select * from \"Lake\".Default.\"O.x\"", &["Lake|default|O.x"]);
        check("select * from `Orders`", &["Orders"]);
        check(
            "select * from 's3://Bucket/dir/*.parquet'",
            &["'s3://Bucket/dir/*.parquet'"],
        );
        check(
            "select * from 'local/File.parquet' as f join 'x.y' on true",
            &["'local/File.parquet'", "'x.y'"],
        );
        check("select * from \"x.y\", 'x.y'", &["x.y", "'x.y'"]);
        check("select * from t$partitions", &["t$partitions"]);
        check(
            "select * from default.t, comment, partitions, functions, lake.default.comment",
            &[
                "default|t",
                "comment",
                "partitions",
                "functions",
                "lake|default|comment",
            ],
        );
    }

    #[test]
    fn tables_are_named_in_lower_case_and_looked_up_as_they_are_written() {
        let statement = parse("select * from \"Lake\".D.`T`, 's3://B/X'", &Limits::default()).expect("parses");
        let [table, files] = statement.reads() else {
            panic!("{:?}", statement.reads())
        };
        assert_eq!(
            (table.parts().join("."), table.name_parts().join(".")),
            ("Lake.d.T".to_owned(), "lake.d.t".to_owned())
        );
        assert_eq!(files.name_parts(), ["s3://B/X"]);
        let twice = parse("select * from \"T\", t, T", &Limits::default()).expect("parses");
        let spellings: Vec<_> = twice.reads().iter().map(|read| read.parts().join(".")).collect();
        assert_eq!(spellings, ["T", "t"], "each spelling is looked up");
    }

    #[test]
    fn names_of_with_queries_hide_tables_only_where_they_are_in_scope() {
        check("with a as (select 1) select * from a", &[]);
        check("with a as (select * from a) select * from a", &["a"]);
        check(
            "with a as (select * from b), b as (select * from a) select * from b",
            &["b"],
        );
        check("with A as (select 1) select * from a, \"A\"", &["A"]);
        check("select * from (with a as (select 1) select * from a) x, a", &["a"]);
        check(
            "with a as (select 1) select * from (select * from a where exists (select 1 from a)) x",
            &[],
        );
        check("with a as (select 1) select * from db.a", &["db|a"]);
        check(
            "with recursive a as (select 1 as n union all select n + 1 from a where n < 3) select * from a",
            &[],
        );
        check(
            "with recursive a as (select * from b), b as (select 1) select * from a, b",
            &["b"],
        );
    }

    #[test]
    fn table_functions_are_no_tables() {
        check(
            "select * from generate_series(1, 3), unnest([1]) u, lateral f(1) g",
            &[],
        );
        check("select * from generate_series(1, (select max(x) from a))", &["a"]);
    }

    #[test]
    fn a_reference_knows_where_it_stands() {
        let statement = parse("select 'x', a from\n a, 's3://b/x'", &Limits::default()).expect("parses");
        let found: Vec<_> = statement.reads().iter().filter_map(Reference::position).collect();
        assert_eq!(
            found,
            [Position { line: 2, column: 2 }, Position { line: 2, column: 5 }]
        );
    }

    #[test]
    fn names_that_cannot_be_tables_are_refused() {
        for sql in ["select * from a.b.c.d", "select * from 'a'.b", "select * from a.'b'"] {
            let error = parse(sql, &Limits::default()).expect_err(sql);
            assert_eq!(error.code(), ErrorCode::NotSupported, "{sql}: {error}");
            assert_eq!(error.position(), Some(Position { line: 1, column: 15 }), "{sql}");
        }
    }

    #[test]
    fn with_queries_that_multiply_are_stopped_before_they_are_planned() {
        let mut sql = "with t0 as (select 1)".to_owned();
        for i in 1..40 {
            let before = i - 1;
            sql = format!("{sql}, t{i} as (select 1 from t{before}, t{before} x)");
        }
        sql += " select * from t39";
        let error = parse(&sql, &Limits::default()).expect_err("2^39 relations");
        assert_eq!(error.code(), ErrorCode::ExceededStatementLimit, "{error}");
    }
}
