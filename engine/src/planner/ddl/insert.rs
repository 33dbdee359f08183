//! INSERT INTO: the rows of a query, in the order and types of a table's columns.

use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::Column as ColumnName;
use datafusion::logical_expr::{Expr, lit};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::stored;
use crate::catalog::{Column, Relation, TableDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::write::Files;
use crate::governance;
use crate::name::quoted;
use crate::planner::plan::{Effect, KeepEffect, KeepMode, Plan, WriteEffect};
use crate::planner::planning::Planning;
use crate::storage::Location;
use crate::syntax::{self, Insert};

/// Adds the rows of a query to a table, by one file, whole or not at all.
pub async fn insert(planning: &Planning<'_>, insert: &Insert) -> Result<Plan> {
    if let Some(kept) = temporary(planning, insert) {
        let columns = kept.schema();
        let rows = aligned(planning, insert, fields_of_schema(&columns)).await?;
        let effect = KeepEffect {
            table: insert.table.parts().concat().to_lowercase(),
            columns,
            mode: KeepMode::Append,
        };
        return Ok(rows.plan(planning, Effect::Keep(effect)));
    }
    let relation = governance::find(
        planning.authorization(),
        &insert.table,
        planning.defaults(),
        planning.sources(),
    );
    let table = match relation.await? {
        Relation::Table(table) => table,
        Relation::View(view) => {
            let message = format!("{} is a view; insert into the table that it reads", view.name);
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
        Relation::System(table) => {
            let message = format!("system.{} is Owlet's own table and takes no rows", table.name());
            return Err(Error::new(ErrorCode::PermissionDenied, message));
        }
    };
    let directory = writable_directory(planning, &table).await?;
    let rows = aligned(planning, insert, fields_of(&table)).await?;
    let partition_columns = table
        .partition_columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let target = planning.target(directory, table.format.clone(), &rows.columns, partition_columns);
    let effect = WriteEffect {
        target,
        files: Files::One,
        create: None,
        claim: None,
        orphaned: None,
    };
    Ok(rows.plan(planning, Effect::Write(Box::new(effect))))
}

/// The directory of a table, if a file that is put there is read as one of it.
async fn writable_directory(planning: &Planning<'_>, table: &TableDefinition) -> Result<Location> {
    if table.is_read_only() {
        let (name, place) = (&table.name, &table.location);
        let message = format!(
            "the table {name} lies in \"{place}\", which is part of Owlet, and takes no rows; insert into a copy: CREATE TABLE \
             my_{} AS SELECT * FROM {name}",
            name.table
        );
        return Err(Error::new(ErrorCode::PermissionDenied, message));
    }
    // Opens a table of the warehouse to this query, as reading it would.
    let declaration = governance::declaration(table, planning.sources()).await?;
    let location = Location::parse(&table.location, Path::new("/"))?;
    if location.is_glob() || !location.is_directory() {
        let hint = if location.is_glob() {
            String::new()
        } else {
            format!(": make it with LOCATION '{location}/' if a directory is meant")
        };
        let message = format!(
            "the table {} is the file or pattern \"{location}\"; rows can be added to a directory only{hint}",
            table.name
        );
        return Err(Error::new(ErrorCode::NotSupported, message));
    }
    // A partition of another place, or one that was dropped, would not get what is written where the layout puts it.
    if declaration
        .partitions
        .iter()
        .any(|one| one.dropped || one.location.is_some())
    {
        let message = format!(
            "the table {} has partitions that were dropped or lie elsewhere; rows cannot be added to it yet",
            table.name
        );
        return Err(Error::new(ErrorCode::NotSupported, message));
    }
    Ok(location)
}

/// The rows of the query under the columns of the table: by name if the statement names columns, else by place.
async fn aligned(planning: &Planning<'_>, insert: &Insert, fields: Vec<Field>) -> Result<stored::Stored> {
    let constants = constants(insert, &fields)?;
    let named = named(insert, &fields, &constants);
    for (index, name) in named.iter().enumerate() {
        known(insert, &fields, name)?;
        if named[..index].contains(name) || constants.contains_key(name) {
            let message = format!("the column {} is given twice", quoted(name));
            return Err(Error::new(ErrorCode::AlreadyExists, message));
        }
    }
    let types = types(&fields, &named);
    let (plan, state) = planning.logical(&syntax::cast_numbers(&insert.query, &types)).await?;
    let given: Vec<ColumnName> = plan.schema().columns();
    if given.len() != named.len() {
        let message = format!(
            "the statement gives {} values a row for {} columns ({})",
            given.len(),
            named.len(),
            named.join(", ")
        );
        return Err(Error::new(ErrorCode::TypeMismatch, message));
    }
    let mut values: BTreeMap<String, Expr> = named.into_iter().zip(given.into_iter().map(Expr::Column)).collect();
    values.extend(constants);
    let columns = fields.into_iter().map(|field| {
        let value = values.remove(field.name());
        (field, value)
    });
    stored::into_columns(planning, plan, state, columns.collect()).await
}

/// The columns that the query gives the values of, in its order, as the table spells them.
fn named(insert: &Insert, fields: &[Field], constants: &BTreeMap<String, Expr>) -> Vec<String> {
    if insert.columns.is_empty() {
        let open = fields.iter().filter(|field| !constants.contains_key(field.name()));
        open.map(|field| field.name().clone()).collect()
    } else {
        insert.columns.iter().map(|name| spelled(fields, name)).collect()
    }
}

/// The types of the columns that the query gives the values of, in its order.
///
/// # Errors
/// `TABLE_NOT_FOUND` and `COLUMN_NOT_FOUND`; those of the catalogue.
pub async fn types_of_values(planning: &Planning<'_>, insert: &Insert) -> Result<Vec<DataType>> {
    let sources = planning.sources();
    let fields = match temporary(planning, insert) {
        Some(kept) => fields_of_schema(&kept.schema()),
        None => match governance::find(planning.authorization(), &insert.table, planning.defaults(), sources).await? {
            Relation::Table(table) => fields_of(&table),
            Relation::View(_) | Relation::System(_) => return Ok(Vec::new()),
        },
    };
    let constants = constants(insert, &fields)?;
    Ok(types(&fields, &named(insert, &fields, &constants)))
}

/// The temporary table that the statement names, if it names one.
fn temporary<'a>(planning: &Planning<'a>, insert: &Insert) -> Option<&'a Arc<dyn TableProvider>> {
    match insert.table.parts() {
        [name] => planning.defaults().temporary.get(&name.to_lowercase()),
        _ => None,
    }
}

fn fields_of(table: &TableDefinition) -> Vec<Field> {
    let columns = table.columns.iter().chain(&table.partition_columns);
    columns.map(Column::field).collect()
}

fn fields_of_schema(schema: &SchemaRef) -> Vec<Field> {
    schema.fields().iter().map(|field| field.as_ref().clone()).collect()
}

/// The types of the columns `named`, which are among `fields`.
fn types(fields: &[Field], named: &[String]) -> Vec<DataType> {
    let field = |name: &String| fields.iter().find(|field| field.name() == name);
    named
        .iter()
        .filter_map(field)
        .map(|field| field.data_type().clone())
        .collect()
}

/// The values of PARTITION (dt='2024-01-01').
fn constants(insert: &Insert, fields: &[Field]) -> Result<BTreeMap<String, Expr>> {
    let mut constants = BTreeMap::new();
    for (name, value) in &insert.partition {
        known(insert, fields, name)?;
        if let Some(value) = value
            && constants.insert(name.clone(), lit(value.as_str())).is_some()
        {
            let message = format!("the column {} is given twice", quoted(name));
            return Err(Error::new(ErrorCode::AlreadyExists, message));
        }
    }
    Ok(constants)
}

/// `name` as the table spells it: the same letters, or else the one column that differs by case alone.
fn spelled(fields: &[Field], name: &str) -> String {
    if fields.iter().any(|field| field.name() == name) {
        return name.to_owned();
    }
    let lower = name.to_lowercase();
    let mut alike = fields.iter().filter(|field| field.name().to_lowercase() == lower);
    match (alike.next(), alike.next()) {
        (Some(field), None) => field.name().clone(),
        _ => name.to_owned(),
    }
}

fn known(insert: &Insert, fields: &[Field], name: &str) -> Result<()> {
    if fields.iter().any(|field| field.name() == name) {
        return Ok(());
    }
    let table = format!("the table {}", insert.table.parts().join("."));
    let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    Err(stored::no_column(name, &table, names))
}
