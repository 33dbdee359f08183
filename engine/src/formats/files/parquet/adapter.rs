//! Reading a file whose columns are the table's in another case, another width, or not all there.

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr_adapter::{DefaultPhysicalExprAdapter, PhysicalExprAdapter, PhysicalExprAdapterFactory};
use std::sync::Arc;

use crate::formats::schema;

/// `DataFusion`'s own adapter (casts what is narrower, NULL for what is missing) with columns matched in any case: on its own
/// it takes `ID` for missing where the table says `id`, and answers NULL.
#[derive(Debug)]
pub struct AnyCaseAdapterFactory;

impl PhysicalExprAdapterFactory for AnyCaseAdapterFactory {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let renamed = renamed(&table, &file);
        Ok(Arc::new(AnyCaseAdapter {
            adapter: DefaultPhysicalExprAdapter::new(table, renamed),
            file,
        }))
    }
}

/// The schema of `file` with the table's name for each column that the table has.
fn renamed(table: &Schema, file: &SchemaRef) -> SchemaRef {
    let fields: Vec<Field> = file
        .fields()
        .iter()
        .map(|field| match schema::index_of(table, field.name()) {
            Some(index) => field.as_ref().clone().with_name(table.field(index).name()),
            None => field.as_ref().clone(),
        })
        .collect();
    Arc::new(Schema::new_with_metadata(fields, file.metadata().clone()))
}

#[derive(Debug)]
struct AnyCaseAdapter {
    adapter: DefaultPhysicalExprAdapter,
    file: SchemaRef,
}

impl PhysicalExprAdapter for AnyCaseAdapter {
    fn rewrite(&self, expression: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        // What comes back speaks of the renamed file. Pruning looks statistics up by name, so the file's own names return.
        self.adapter
            .rewrite(expression)?
            .transform(|expression| {
                // downcast: a column is known by its type alone, physical expressions have no kind to match on.
                let Some(column) = expression.downcast_ref::<Column>() else {
                    return Ok(Transformed::no(expression));
                };
                let name = self.file.field(column.index()).name();
                if name == column.name() {
                    return Ok(Transformed::no(expression));
                }
                Ok(Transformed::yes(
                    Arc::new(Column::new(name, column.index())) as Arc<dyn PhysicalExpr>
                ))
            })
            .data()
    }
}
