//! A table or view as one row of the metastore.

use std::sync::Arc;

use sqlx::any::AnyRow;

use super::encoding::{read_columns, read_map, write_columns, write_map};
use crate::catalog::transaction::column;
use crate::catalog::{Ownership, Relation, TableDefinition, ViewDefinition};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;
use crate::metastore::Statement;
use crate::name::{DEFAULT_CATALOG, TableName};

/// What a name stands for, without its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    View,
}

impl Kind {
    /// The word of messages and statements.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
        }
    }

    fn stored(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::View => "VIEW",
        }
    }

    pub(super) fn read(text: &str) -> Result<Self> {
        [Self::Table, Self::View]
            .into_iter()
            .find(|kind| kind.stored() == text)
            .ok_or_else(|| unknown("kind", text))
    }
}

/// The columns that [`read`] takes, by place.
pub(super) const COLUMNS: &str = "database_name, name, kind, columns, comment, partition_columns, location, format, \
     format_options, ownership, properties, sql_text, sql_database";

/// The table or view in a row of [`COLUMNS`].
pub(super) fn read(row: &AnyRow) -> Result<(TableName, Relation)> {
    let name = TableName::new(DEFAULT_CATALOG, column::<String>(row, 0)?, column::<String>(row, 1)?);
    let relation = match Kind::read(column(row, 2)?) {
        Ok(Kind::Table) => read_table(row, &name).map(|table| Relation::Table(Arc::new(table))),
        Ok(Kind::View) => read_view(row, &name).map(|view| Relation::View(Arc::new(view))),
        Err(error) => Err(error),
    };
    let relation = relation.map_err(|error| error.context(format!("the definition of \"{name}\" cannot be read")))?;
    Ok((name, relation))
}

fn read_table(row: &AnyRow, name: &TableName) -> Result<TableDefinition> {
    let ownership = match column(row, 9)? {
        EXTERNAL => Ownership::External,
        MANAGED => Ownership::Managed,
        other => return Err(unknown("ownership", other)),
    };
    Ok(TableDefinition {
        name: name.clone(),
        columns: read_columns(column(row, 3)?)?,
        partition_columns: read_columns(column(row, 5)?)?,
        location: column(row, 6)?,
        format: Format::new(column(row, 7)?, read_map(column(row, 8)?)?)?,
        ownership,
        comment: column(row, 4)?,
        properties: read_map(column(row, 10)?)?,
    })
}

fn read_view(row: &AnyRow, name: &TableName) -> Result<ViewDefinition> {
    Ok(ViewDefinition {
        name: name.clone(),
        sql: column(row, 11)?,
        database: column(row, 12)?,
        columns: read_columns(column(row, 3)?)?,
        comment: column(row, 4)?,
    })
}

/// The statement that adds `table`.
pub(super) fn insert_table(table: &TableDefinition) -> Result<Statement> {
    let sql = "INSERT INTO owlet_relations (database_name, name, kind, columns, comment, partition_columns, location, format, \
        format_options, ownership, properties) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let ownership = match table.ownership {
        Ownership::External => EXTERNAL,
        Ownership::Managed => MANAGED,
    };
    Ok(sqlx::query(sql)
        .bind(table.name.database.clone())
        .bind(table.name.table.clone())
        .bind(Kind::Table.stored())
        .bind(write_columns(&table.columns)?)
        .bind(table.comment.clone())
        .bind(write_columns(&table.partition_columns)?)
        .bind(table.location.clone())
        .bind(table.format.name())
        .bind(write_map(table.format.options()))
        .bind(ownership)
        .bind(write_map(&table.properties)))
}

/// The statement that adds `view`.
pub(super) fn insert_view(view: &ViewDefinition) -> Result<Statement> {
    let sql = "INSERT INTO owlet_relations (database_name, name, kind, columns, comment, sql_text, sql_database) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    Ok(sqlx::query(sql)
        .bind(view.name.database.clone())
        .bind(view.name.table.clone())
        .bind(Kind::View.stored())
        .bind(write_columns(&view.columns)?)
        .bind(view.comment.clone())
        .bind(view.sql.clone())
        .bind(view.database.clone()))
}

const EXTERNAL: &str = "EXTERNAL";
const MANAGED: &str = "MANAGED";

fn unknown(what: &str, text: &str) -> Error {
    Error::new(ErrorCode::Internal, format!("it has the unknown {what} \"{text}\""))
}
