//! Catalogues, databases, tables and their columns, as drivers ask for them.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Schema;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
    CommandGetPrimaryKeys, CommandGetTableTypes, CommandGetTables,
};

use super::probe::{Answer, Probe};
use super::refusal::Refusal;
use super::rules;

/// The words for a table that is no view, in the spellings that clients have.
const TABLE_WORDS: [&str; 2] = ["TABLE", "BASE TABLE"];

/// A table as GetTables lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) catalog: Option<String>,
    pub(super) db_schema: Option<String>,
    pub(super) name: String,
    pub(super) kind: String,
}

impl Table {
    /// Whether it is one of those that every server has about its tables.
    pub(super) fn is_about_tables(&self) -> bool {
        let schema = self.db_schema.as_deref().unwrap_or_default().to_ascii_lowercase();
        ["information_schema", "system", "pg_catalog"].contains(&schema.as_str())
    }

    /// Whether it is a table that rows are in, and no view.
    pub(super) fn is_plain(&self) -> bool {
        TABLE_WORDS.iter().any(|word| self.kind.eq_ignore_ascii_case(word))
    }

    /// Its name for a statement.
    pub(super) fn in_sql(&self) -> String {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let schema = self.db_schema.as_deref().filter(|schema| !schema.is_empty());
        let schema = schema.map(|schema| format!("{}.", quoted(schema))).unwrap_or_default();
        format!("{schema}{}", quoted(&self.name))
    }

    /// GetTables of this one alone, with its columns.
    pub(super) fn filter(&self) -> CommandGetTables {
        CommandGetTables {
            catalog: self.catalog.clone(),
            db_schema_filter_pattern: self.db_schema.clone(),
            table_name_filter_pattern: Some(self.name.clone()),
            table_types: Vec::new(),
            include_schema: true,
        }
    }
}

/// GetTables of everything.
pub(super) fn all_tables() -> CommandGetTables {
    CommandGetTables {
        catalog: None,
        db_schema_filter_pattern: None,
        table_name_filter_pattern: None,
        table_types: Vec::new(),
        include_schema: false,
    }
}

/// GetTables of everything, with the columns.
pub(super) fn all_columns() -> CommandGetTables {
    CommandGetTables {
        include_schema: true,
        ..all_tables()
    }
}

/// GetTables of some types.
pub(super) fn tables_of(types: &[&str]) -> CommandGetTables {
    CommandGetTables {
        table_types: types.iter().map(ToString::to_string).collect(),
        ..all_tables()
    }
}

pub(super) async fn catalogs(probe: &mut Probe) -> Result<Answer, Refusal> {
    probe.ask("GetCatalogs", &CommandGetCatalogs {}).await
}

pub(super) async fn db_schemas(probe: &mut Probe) -> Result<Answer, Refusal> {
    let command = CommandGetDbSchemas {
        catalog: None,
        db_schema_filter_pattern: None,
    };
    probe.ask("GetDbSchemas", &command).await
}

pub(super) async fn table_types(probe: &mut Probe) -> Result<Answer, Refusal> {
    probe.ask("GetTableTypes", &CommandGetTableTypes {}).await
}

pub(super) async fn tables(probe: &mut Probe, command: &CommandGetTables) -> Result<Answer, Refusal> {
    let call = if command.include_schema {
        "GetTables with include_schema"
    } else {
        "GetTables"
    };
    probe.ask(call, command).await
}

pub(super) async fn primary_keys(probe: &mut Probe, table: &Table) -> Result<Answer, Refusal> {
    let command = CommandGetPrimaryKeys {
        catalog: table.catalog.clone(),
        db_schema: table.db_schema.clone(),
        table: table.name.clone(),
    };
    probe.ask("GetPrimaryKeys", &command).await
}

pub(super) async fn imported_keys(probe: &mut Probe, table: &Table) -> Result<Answer, Refusal> {
    let command = CommandGetImportedKeys {
        catalog: table.catalog.clone(),
        db_schema: table.db_schema.clone(),
        table: table.name.clone(),
    };
    probe.ask("GetImportedKeys", &command).await
}

pub(super) async fn exported_keys(probe: &mut Probe, table: &Table) -> Result<Answer, Refusal> {
    let command = CommandGetExportedKeys {
        catalog: table.catalog.clone(),
        db_schema: table.db_schema.clone(),
        table: table.name.clone(),
    };
    probe.ask("GetExportedKeys", &command).await
}

pub(super) async fn cross_reference(probe: &mut Probe, table: &Table) -> Result<Answer, Refusal> {
    let command = CommandGetCrossReference {
        pk_catalog: table.catalog.clone(),
        pk_db_schema: table.db_schema.clone(),
        pk_table: table.name.clone(),
        fk_catalog: table.catalog.clone(),
        fk_db_schema: table.db_schema.clone(),
        fk_table: table.name.clone(),
    };
    probe.ask("GetCrossReference", &command).await
}

/// The tables of an answer to GetTables. What lacks its columns lists none.
pub(super) fn listed(answer: &Answer) -> Vec<Table> {
    let columns = ["catalog_name", "db_schema_name", "table_name", "table_type"].map(|name| answer.texts(name));
    let [Some(catalogs), Some(schemas), Some(names), Some(kinds)] = columns else {
        return Vec::new();
    };
    let rows = catalogs.into_iter().zip(schemas).zip(names.into_iter().zip(kinds));
    rows.map(|((catalog, db_schema), (name, kind))| Table {
        catalog,
        db_schema,
        name: name.unwrap_or_default(),
        kind: kind.unwrap_or_default(),
    })
    .collect()
}

/// The schemas in the column `table_schema`, each as it can be read, or why it cannot.
pub(super) fn schemas(answer: &Answer) -> Vec<Result<Schema, String>> {
    let columns = answer
        .batches
        .iter()
        .filter_map(|batch| batch.column_by_name("table_schema"));
    let columns = columns.filter_map(|column| column.as_binary_opt::<i32>());
    let messages = columns.flat_map(|column| (0..column.len()).map(|row| rules::unreadable_schema(column.value(row))));
    messages.collect()
}

/// The first schema that cannot be read, in words.
pub(super) fn unreadable(answer: &Answer) -> Option<String> {
    let names = answer.texts("table_name").unwrap_or_default().into_iter().flatten();
    let first = names
        .zip(schemas(answer))
        .find_map(|(name, schema)| Some((name, schema.err()?)));
    first.map(|(name, why)| format!("table_schema of \"{name}\": {why}"))
}
