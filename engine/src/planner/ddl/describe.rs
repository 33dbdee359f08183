//! DESCRIBE and SHOW COLUMNS: the columns of relations, files in place and queries.

use datafusion::sql::parser::Statement as Tree;

use super::place;
use crate::catalog::{Column, Relation, types};
use crate::error::{Error, ErrorCode, Result};
use crate::governance::{self, Visible};
use crate::planner::plan::Plan;
use crate::planner::planning::Planning;
use crate::planner::rows;
use crate::syntax::{DatabaseReference, Reference};

/// The columns of a relation: name, SQL type, whether NULL may stand there, whether it is a partition column, comment.
pub async fn describe_table(planning: &Planning<'_>, table: &Reference) -> Result<Plan> {
    let (columns, partition_columns) = columns(planning, table).await?;
    answer(planning, &columns, &partition_columns).await
}

/// The columns that a query would give.
pub async fn describe_query(planning: &Planning<'_>, tree: &Tree) -> Result<Plan> {
    let (plan, _) = planning.logical(tree).await?;
    let columns: Vec<Column> = plan
        .schema()
        .fields()
        .iter()
        .map(|field| Column::from(field.as_ref()))
        .collect();
    answer(planning, &columns, &[]).await
}

/// What a database is.
pub async fn describe_database(planning: &Planning<'_>, named: &DatabaseReference) -> Result<Plan> {
    let database = place::database(planning, named).await?;
    let mut lines = vec![
        [Some("name".to_owned()), Some(database.name)],
        [Some("comment".to_owned()), database.comment],
        [Some("location".to_owned()), database.location],
    ];
    lines.extend(
        database
            .properties
            .into_iter()
            .map(|(key, value)| [Some(key), Some(value)]),
    );
    planning.answer(rows::of_text(["property", "value"], lines)?).await
}

async fn columns(planning: &Planning<'_>, table: &Reference) -> Result<(Vec<Column>, Vec<Column>)> {
    let is_temporary =
        matches!(table.parts(), [name] if planning.defaults().temporary.contains_key(&name.to_lowercase()));
    if !table.is_location() && !is_temporary {
        let relation = governance::find(planning.authorization(), table, planning.defaults(), planning.sources());
        match relation.await {
            Ok(Relation::Table(table)) => return Ok((table.columns.clone(), table.partition_columns.clone())),
            Ok(Relation::View(view)) => return Ok((view.columns.clone(), Vec::new())),
            Ok(Relation::System(_)) => {}
            // information_schema is in no catalogue, and is found as a query would find it.
            Err(error) if error.code() == ErrorCode::TableNotFound => {}
            Err(error) => return Err(error),
        }
    }
    let view = planning.view_of(std::slice::from_ref(table)).await?;
    let Some((_, Visible::Table(provider))) = view.relations().first() else {
        return Err(Error::new(
            ErrorCode::Internal,
            "the relation to describe was not found",
        ));
    };
    let columns = provider
        .schema()
        .fields()
        .iter()
        .map(|field| Column::from(field.as_ref()))
        .collect();
    Ok((columns, Vec::new()))
}

async fn answer(planning: &Planning<'_>, columns: &[Column], partition_columns: &[Column]) -> Result<Plan> {
    let line = |column: &Column, key: Option<&str>| {
        [
            Some(column.name.clone()),
            Some(types::name(&column.data_type)),
            Some(if column.nullable { "YES" } else { "NO" }.to_owned()),
            key.map(str::to_owned),
            column.comment.clone(),
        ]
    };
    let own = columns.iter().map(|column| line(column, None));
    let partitions = partition_columns.iter().map(|column| line(column, Some("partition")));
    let names = ["column_name", "data_type", "is_nullable", "key", "comment"];
    planning
        .answer(rows::of_text(names, own.chain(partitions).collect())?)
        .await
}
