//! Joins that end when nobody wants their result any more.
//!
//! A join with a filter that few pairs pass looks at pair after pair until a batch is full, and a nested loop join looks at
//! all pairs of a batch and the whole of its left side: minutes in which DataFusion 55.2 does not pause, and nothing can end
//! it. But it asks the filter every few thousand pairs. The filter that is put here fails once the query is over.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorCode};

/// `plan`, whose joins fail with `CANCELLED` soon after `interrupt` is cancelled.
pub fn interruptible(plan: Arc<dyn ExecutionPlan>, interrupt: &CancellationToken) -> Result<Arc<dyn ExecutionPlan>> {
    let watched = |filter: Option<&JoinFilter>| filter.map(|filter| watched(filter, interrupt));
    let rewritten = plan.transform_up(|operator| {
        if let Some(join) = operator.downcast_ref::<NestedLoopJoinExec>()
            && let Some(filter) = watched(join.filter())
        {
            let join = NestedLoopJoinExecBuilder::from(join)
                .with_filter(Some(filter))
                .build()?;
            return Ok(Transformed::yes(Arc::new(join) as _));
        }
        if let Some(join) = operator.downcast_ref::<HashJoinExec>()
            && let Some(filter) = watched(join.filter())
        {
            let join = join.builder().with_filter(Some(filter)).build_exec()?;
            return Ok(Transformed::yes(join));
        }
        Ok(Transformed::no(operator))
    })?;
    Ok(rewritten.data)
}

fn watched(filter: &JoinFilter, interrupt: &CancellationToken) -> JoinFilter {
    let condition = Watched {
        condition: Arc::clone(filter.expression()),
        interrupt: interrupt.clone(),
    };
    let (columns, schema) = (filter.column_indices().to_vec(), Arc::clone(filter.schema()));
    JoinFilter::new(Arc::new(condition), columns, schema)
}

/// A condition that fails once the query is over. It is shown as the condition alone.
#[derive(Debug)]
struct Watched {
    condition: Arc<dyn PhysicalExpr>,
    interrupt: CancellationToken,
}

impl PhysicalExpr for Watched {
    fn data_type(&self, input: &Schema) -> Result<DataType> {
        self.condition.data_type(input)
    }

    fn nullable(&self, input: &Schema) -> Result<bool> {
        self.condition.nullable(input)
    }

    fn return_field(&self, input: &Schema) -> Result<FieldRef> {
        self.condition.return_field(input)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.interrupt.is_cancelled() {
            let over = Error::new(ErrorCode::Cancelled, "the query was cancelled");
            return Err(DataFusionError::External(Box::new(over)));
        }
        self.condition.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.condition]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let condition = children.pop().unwrap_or_else(|| Arc::clone(&self.condition));
        Ok(Arc::new(Self {
            condition,
            interrupt: self.interrupt.clone(),
        }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(f)
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}

impl PartialEq for Watched {
    fn eq(&self, other: &Self) -> bool {
        self.condition.eq(&other.condition)
    }
}

impl Eq for Watched {}

impl Hash for Watched {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}
