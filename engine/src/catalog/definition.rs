//! What the catalogue keeps of databases, tables and views.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::formats::{Declaration, DeclaredPartition, Format};
use crate::name::TableName;
use crate::storage::Location;

/// A database: a named set of tables and views.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Database {
    /// Its name, lower case.
    pub name: String,
    /// What it is for, in the words of whoever made it.
    pub comment: Option<String>,
    /// The directory under which its tables are put that name no place of their own: a URL, or an absolute path.
    pub location: Option<String>,
    /// Whatever else was declared, by key.
    pub properties: BTreeMap<String, String>,
}

/// A column of a table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, lower case unless the files of the table have columns that differ by case alone.
    pub name: String,
    /// Its Arrow type. [`types`](super::types) has the SQL name of each type that can be declared.
    pub data_type: DataType,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// What it means, in the words of whoever declared it.
    pub comment: Option<String>,
}

impl Column {
    /// A column that may hold NULL, without comment.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            data_type,
            nullable: true,
            comment: None,
        }
    }

    /// The column as a field of an Arrow schema.
    #[must_use]
    pub fn field(&self) -> Field {
        Field::new(&self.name, self.data_type.clone(), self.nullable)
    }
}

impl From<&Field> for Column {
    fn from(field: &Field) -> Self {
        Self {
            nullable: field.is_nullable(),
            ..Self::new(field.name(), field.data_type().clone())
        }
    }
}

/// The Arrow schema of `columns`, in their order.
#[must_use]
pub fn schema_of(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()))
}

/// Whose the files of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Somebody else's: dropping the table leaves them.
    External,
    /// The table's, in a directory of the warehouse that no other table shares: dropping the table removes them.
    Managed,
}

/// A table of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// Its full name.
    pub name: TableName,
    /// The columns that stand in the files.
    pub columns: Vec<Column>,
    /// The columns that stand in the paths, outermost directory first.
    pub partition_columns: Vec<Column>,
    /// The directory, file or pattern: a URL, or an absolute path.
    pub location: String,
    /// How the files are written.
    pub format: Format,
    /// Whose the files are.
    pub ownership: Ownership,
    /// What it is for, in the words of whoever made it.
    pub comment: Option<String>,
    /// Whatever else was declared, by key.
    pub properties: BTreeMap<String, String>,
}

impl TableDefinition {
    /// What it says of its files, which lie at `location`, with these registered partitions.
    #[must_use]
    pub fn declaration(&self, location: Location, partitions: Vec<DeclaredPartition>) -> Declaration {
        Declaration {
            name: self.name.to_string(),
            location,
            format: self.format.clone(),
            columns: schema_of(&self.columns),
            partition_columns: self
                .partition_columns
                .iter()
                .map(|column| Arc::new(column.field()))
                .collect(),
            partitions,
        }
    }

    /// Whether nothing can be written where its files are.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        Location::parse(&self.location, Path::new("/")).is_ok_and(|location| location.is_read_only())
    }
}

/// A view: a query under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewDefinition {
    /// Its full name.
    pub name: TableName,
    /// The text of the query, as it was written. It is planned, and what it reads authorized, each time the view is used.
    pub sql: String,
    /// The database that names in the query belong to which have none.
    pub database: String,
    /// The columns that it had when it was made. It keeps to these names in this order.
    pub columns: Vec<Column>,
    /// What it is for, in the words of whoever made it.
    pub comment: Option<String>,
}

/// One partition of a table, as the metastore has it.
///
/// Partitions need not be registered: those that lie in the table's own directory are found by listing. What is registered adds to
/// what is found (another place, or an empty partition), or hides it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition {
    /// The value of each partition column, in their order, as text; `None` is NULL.
    pub values: Vec<Option<String>>,
    /// Its directory; none if it lies where the table's layout puts it.
    pub location: Option<String>,
    /// Whether it was dropped: its files are there and are not read.
    pub dropped: bool,
}
