//! SHOW CREATE: the statement that makes a table or view again.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::catalog::{Column, Ownership, Relation, TableDefinition, ViewDefinition, types};
use crate::error::{Error, ErrorCode, Result};
use crate::governance;
use crate::name::quoted;
use crate::planner::plan::Plan;
use crate::planner::planning::Planning;
use crate::planner::rows;
use crate::syntax::Reference;

/// The CREATE TABLE of a table, a temporary one of that name before any other; of a view, its CREATE VIEW.
pub async fn show_create_table(planning: &Planning<'_>, named: &Reference) -> Result<Plan> {
    if let [name] = named.name_parts()
        && let Some(temporary) = planning.defaults().temporary.get(name)
    {
        let schema = temporary.schema();
        let columns = schema
            .fields()
            .iter()
            .map(|field| declared(&Column::from(field.as_ref())));
        let columns: Vec<String> = columns.collect();
        let text = format!(
            "CREATE TEMPORARY TABLE {} (\n  {}\n)",
            quoted(name),
            columns.join(",\n  ")
        );
        return answer(planning, "create_table", text).await;
    }
    match found(planning, named).await? {
        Relation::Table(table) => answer(planning, "create_table", create_table(&table)).await,
        Relation::View(view) => answer(planning, "create_view", create_view(&view)).await,
        Relation::System(table) => {
            let message = format!("system.{} is Owlet's own table; no statement makes it", table.name());
            Err(Error::new(ErrorCode::NotSupported, message))
        }
    }
}

/// The CREATE VIEW of a view.
pub async fn show_create_view(planning: &Planning<'_>, named: &Reference) -> Result<Plan> {
    let Relation::View(view) = found(planning, named).await? else {
        let name = named.parts().join(".");
        let message = format!("\"{name}\" is a table; use SHOW CREATE TABLE");
        return Err(Error::new(ErrorCode::TableNotFound, message));
    };
    answer(planning, "create_view", create_view(&view)).await
}

async fn found(planning: &Planning<'_>, named: &Reference) -> Result<Relation> {
    let sources = planning.sources();
    governance::find(planning.authorization(), named, planning.defaults(), sources).await
}

async fn answer(planning: &Planning<'_>, column: &str, statement: String) -> Result<Plan> {
    planning.answer(rows::of_text([column], vec![[Some(statement)]])?).await
}

/// Writing to a `String` does not fail.
fn add(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

fn create_table(table: &TableDefinition) -> String {
    let mut text = String::new();
    let external = if table.ownership == Ownership::External {
        "EXTERNAL "
    } else {
        ""
    };
    add(&mut text, format_args!("CREATE {external}TABLE {} (\n", table.name));
    let columns: Vec<String> = table.columns.iter().map(declared).collect();
    add(&mut text, format_args!("  {}\n)", columns.join(",\n  ")));
    if let Some(comment) = &table.comment {
        add(&mut text, format_args!("\nCOMMENT {}", literal(comment)));
    }
    if !table.partition_columns.is_empty() {
        let columns: Vec<String> = table.partition_columns.iter().map(declared).collect();
        add(
            &mut text,
            format_args!("\nPARTITIONED BY (\n  {}\n)", columns.join(",\n  ")),
        );
    }
    add(
        &mut text,
        format_args!("\nSTORED AS {}", table.format.name().to_uppercase()),
    );
    if !table.format.options().is_empty() {
        add(
            &mut text,
            format_args!("\nOPTIONS ({})", pairs(table.format.options(), " ")),
        );
    }
    if table.ownership == Ownership::External {
        add(&mut text, format_args!("\nLOCATION {}", literal(&table.location)));
    }
    if !table.properties.is_empty() {
        add(
            &mut text,
            format_args!("\nTBLPROPERTIES ({})", pairs(&table.properties, " = ")),
        );
    }
    text
}

fn create_view(view: &ViewDefinition) -> String {
    let mut text = format!("CREATE VIEW {}", view.name);
    if let Some(comment) = &view.comment {
        add(&mut text, format_args!(" COMMENT {}", literal(comment)));
    }
    add(&mut text, format_args!(" AS\n{}", view.sql));
    text
}

fn declared(column: &Column) -> String {
    let mut text = format!("{} {}", quoted(&column.name), types::name(&column.data_type));
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    if let Some(comment) = &column.comment {
        add(&mut text, format_args!(" COMMENT {}", literal(comment)));
    }
    text
}

fn pairs(pairs: &BTreeMap<String, String>, between: &str) -> String {
    let pairs = pairs
        .iter()
        .map(|(key, value)| format!("{}{between}{}", literal(key), literal(value)));
    pairs.collect::<Vec<_>>().join(", ")
}

/// Text as a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
