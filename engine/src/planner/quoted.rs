//! Names in double quotes, in whatever case somebody wrote them.
//!
//! Columns of tables are lower case, as Hive, Athena and Trino have them, and those compare names without regard to case, in quotes
//! too. `DataFusion` looks a quoted name up as it stands, so `"CustomerId"` would be no column of any table. Such a name is folded
//! here, unless something in the statement, or a file with columns that differ by case alone, has exactly that name.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, TableAlias, TableFactor, Visit, VisitMut, Visitor, VisitorMut,
};

use crate::governance::{View, Visible};

/// `tree` with its quoted names folded that nothing has as they are written. `view` has the relations of the statement.
#[must_use]
pub fn folded(tree: &Tree, view: &View) -> Tree {
    let mut tree = tree.clone();
    fold(&mut tree, view);
    tree
}

fn fold(tree: &mut Tree, view: &View) {
    match tree {
        Tree::Explain(explain) => fold(&mut explain.statement, view),
        Tree::Statement(statement) => {
            let mut names = Names::of(view);
            // Neither walk ends early.
            let _ = Visit::visit(statement.as_ref(), &mut names);
            let _ = VisitMut::visit(statement.as_mut(), &mut Fold(names));
        }
        Tree::CreateExternalTable(_) | Tree::CopyTo(_) | Tree::Reset(_) => {}
    }
}

/// The names that something has exactly so.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    fn of(view: &View) -> Self {
        let mut names = Self::default();
        for (name, visible) in view.relations() {
            names
                .0
                .extend([name.catalog.clone(), name.database.clone(), name.table.clone()]);
            match visible {
                Visible::Table(table) => names
                    .0
                    .extend(table.schema().fields().iter().map(|field| field.name().clone())),
                Visible::View(view) => names.0.extend(view.columns.iter().map(|column| column.name.clone())),
            }
        }
        names
    }

    fn add(&mut self, name: &Ident) {
        if name.quote_style.is_some() {
            self.0.insert(name.value.clone());
        }
    }

    fn add_alias(&mut self, alias: &TableAlias) {
        self.add(&alias.name);
        for column in &alias.columns {
            self.add(&column.name);
        }
    }
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.add_alias(&table.alias);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.add(alias);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let alias = match factor {
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => alias.as_ref(),
            _ => None,
        };
        if let Some(alias) = alias {
            self.add_alias(alias);
        }
        ControlFlow::Continue(())
    }
}

struct Fold(Names);

impl Fold {
    fn fold(&self, name: &mut Ident) {
        if name.quote_style.is_some() && !self.0.0.contains(&name.value) {
            name.value = name.value.to_lowercase();
        }
    }
}

impl VisitorMut for Fold {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(name) => self.fold(name),
            Expr::CompoundIdentifier(names) => names.iter_mut().for_each(|name| self.fold(name)),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
