//! Reading a file whose columns are the table's in another case, another width, or not all there.

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr_adapter::{DefaultPhysicalExprAdapter, PhysicalExprAdapter, PhysicalExprAdapterFactory};
use std::sync::Arc;

use super::exact::ExactCast;
use crate::formats::files::exact::may_round;
use crate::formats::schema;

/// `DataFusion`'s own adapter (casts what is narrower, NULL for what is missing) with columns matched in any case: on its own
/// it takes `ID` for missing where the table says `id`, and answers NULL. A cast that could round is one that fails instead.
#[derive(Debug)]
pub struct AnyCaseAdapterFactory;

impl PhysicalExprAdapterFactory for AnyCaseAdapterFactory {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let renamed = renamed(&table, &file);
        Ok(Arc::new(AnyCaseAdapter {
            adapter: DefaultPhysicalExprAdapter::new(Arc::clone(&table), renamed),
            casts: casts(&table, &file),
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
            // What is cast here is of the table's type by the time that the adapter sees it.
            Some(index) if may_round(field.data_type(), table.field(index).data_type()) => {
                let known = table.field(index);
                Field::new(known.name(), known.data_type().clone(), field.is_nullable())
            }
            Some(index) => field.as_ref().clone().with_name(table.field(index).name()),
            None => field.as_ref().clone(),
        })
        .collect();
    Arc::new(Schema::new_with_metadata(fields, file.metadata().clone()))
}

/// The type that each column of `file` must be cast to with care, by its place.
fn casts(table: &Schema, file: &Schema) -> Vec<Option<DataType>> {
    let cast = |field: &FieldRef| {
        let known = table.field(schema::index_of(table, field.name())?).data_type();
        may_round(field.data_type(), known).then(|| known.clone())
    };
    file.fields().iter().map(cast).collect()
}

#[derive(Debug)]
struct AnyCaseAdapter {
    adapter: DefaultPhysicalExprAdapter,
    casts: Vec<Option<DataType>>,
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
                let own: Arc<dyn PhysicalExpr> = Arc::new(Column::new(name, column.index()));
                Ok(match &self.casts[column.index()] {
                    Some(data_type) => Transformed::yes(Arc::new(ExactCast::new(own, name, data_type))),
                    None if name == column.name() => Transformed::no(expression),
                    None => Transformed::yes(own),
                })
            })
            .data()
    }
}
