//! CREATE VIEW: a query is kept under a name, once it has been planned.

use super::{place, stored};
use crate::catalog::{Change, Column, IfExists, ViewDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::governance::{View, Visible};
use crate::name::{TableName, quoted};
use crate::planner::plan::Plan;
use crate::planner::planning::Planning;
use crate::syntax::{CreateView, Reference};

/// Keeps a query under a name. It is planned once now, so that what can never be read is refused, and for the columns that it has.
pub async fn create_view(planning: &Planning<'_>, create: &CreateView) -> Result<Plan> {
    let (name, _) = place::relation_name(planning, &create.name).await?;
    refuse_what_others_would_not_find(planning)?;
    let seen = planning.view().await?;
    if reads(&seen, &name) {
        let message = format!("the view {name} would read itself; read what stands behind it");
        return Err(Error::new(ErrorCode::NotSupported, message));
    }
    let (plan, _) = planning.logical(&create.query).await?;
    let mut columns: Vec<Column> = Vec::new();
    for field in plan.schema().fields() {
        if columns.iter().any(|column| column.name == *field.name()) {
            return Err(stored::twice(field.name(), "the view"));
        }
        columns.push(Column::from(field.as_ref()));
    }
    let sql = declared_names(create, &mut columns)?;
    let change = Change::CreateView {
        view: Box::new(ViewDefinition {
            name,
            sql,
            database: planning.defaults().database.clone(),
            columns,
            comment: create.comment.clone(),
        }),
        if_exists: match (create.or_replace, create.if_not_exists) {
            (true, _) => IfExists::Replace,
            (false, true) => IfExists::Keep,
            (false, false) => IfExists::Fail,
        },
    };
    planning.change(change).await
}

/// Gives the columns the names that the statement declares. They become part of the query, which the view's columns are found in by
/// name.
fn declared_names(create: &CreateView, columns: &mut [Column]) -> Result<String> {
    if create.columns.is_empty() {
        return Ok(create.sql.clone());
    }
    if create.columns.len() != columns.len() {
        let message = format!(
            "the view declares {} columns and its query gives {}",
            create.columns.len(),
            columns.len()
        );
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for (column, (name, comment)) in columns.iter_mut().zip(&create.columns) {
        if names.contains(&quoted(name)) {
            return Err(stored::twice(name, "the view"));
        }
        names.push(quoted(name));
        column.name.clone_from(name);
        column.comment.clone_from(comment);
    }
    Ok(format!("SELECT * FROM ({}) AS v ({})", create.sql, names.join(", ")))
}

/// Whether the view `name` is among the relations of `view`, or of the views in it.
fn reads(view: &View, name: &TableName) -> bool {
    view.relations().iter().any(|(_, visible)| match visible {
        Visible::Table(_) => false,
        Visible::View(inner) => inner.name == *name || reads(&inner.view, name),
    })
}

/// Whoever uses a view stands elsewhere than who made it, and has other temporary tables.
fn refuse_what_others_would_not_find(planning: &Planning<'_>) -> Result<()> {
    let reads = planning.reads();
    let relative = |reference: &&Reference| {
        reference.is_location()
            && !reference.parts().concat().contains("://")
            && !reference.parts().concat().starts_with('/')
    };
    if let Some(reference) = reads.iter().find(relative) {
        let path = reference.parts().concat();
        let message =
            format!("\"{path}\" is a relative path, which means another place for everybody; write the whole path");
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    let temporary = |reference: &&Reference| match reference.parts() {
        [name] if !reference.is_location() => planning.defaults().temporary.contains_key(&name.to_lowercase()),
        _ => false,
    };
    if let Some(reference) = reads.iter().find(temporary) {
        let name = quoted(&reference.parts().concat());
        let message = format!("the view reads the temporary table {name}, which only this session has");
        return Err(Error::new(ErrorCode::NotSupported, message));
    }
    Ok(())
}
