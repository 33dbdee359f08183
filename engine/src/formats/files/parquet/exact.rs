//! A cast inside a scan that fails rather than change a value.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::formats::files::exact::exact_cast;

/// A value that a file has and its column's declared type has not. The source knows the file, and says so.
#[derive(Debug)]
pub struct NotAsDeclared(String);

impl fmt::Display for NotAsDeclared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotAsDeclared {}

/// A column of a file in the type that was declared for it.
#[derive(Debug, Eq)]
pub struct ExactCast {
    column: Arc<dyn PhysicalExpr>,
    name: String,
    data_type: DataType,
}

impl ExactCast {
    /// `column`, named `name` in messages, as `data_type`.
    pub fn new(column: Arc<dyn PhysicalExpr>, name: &str, data_type: &DataType) -> Self {
        Self {
            column,
            name: name.to_owned(),
            data_type: data_type.clone(),
        }
    }
}

// By hand: the derived ones do not compile for `Arc<dyn …>` (rust-lang/rust#78808).
impl PartialEq for ExactCast {
    fn eq(&self, other: &Self) -> bool {
        self.column.eq(&other.column) && self.data_type == other.data_type
    }
}

impl Hash for ExactCast {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.data_type.hash(state);
    }
}

impl fmt::Display for ExactCast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CAST({} AS {})", self.column, self.data_type)
    }
}

impl PhysicalExpr for ExactCast {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(self.data_type.clone())
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        self.column.nullable(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let column = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        let field = Field::new(&self.name, self.data_type.clone(), true);
        let cast = exact_cast(&column, &field).map_err(|why| {
            let why = format!("column \"{}\" is declared as {}: {why}", self.name, self.data_type);
            DataFusionError::External(Box::new(NotAsDeclared(why)))
        })?;
        Ok(ColumnarValue::Array(cast))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let column = children.pop().unwrap_or_else(|| Arc::clone(&self.column));
        Ok(Arc::new(Self::new(column, &self.name, &self.data_type)))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
