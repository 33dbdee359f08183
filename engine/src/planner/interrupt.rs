//! Joins that end when nobody wants their result any more.
//!
//! DataFusion 55.2 counts the batches of scans, and lets a task pause after some of them. A join makes any number of batches
//! from one of a scan's, and a join with a filter that few pairs pass makes none for minutes: a nested loop join looks at all
//! pairs of a batch and the whole of its left side. A task that does not pause cannot be ended. So the batches of joins are
//! counted, too, and their filters, which are asked every few thousand pairs, fail once the query is over.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorCode};

/// `plan`, whose joins pause now and then, and fail with `CANCELLED` soon after `interrupt` is cancelled.
pub fn interruptible(plan: Arc<dyn ExecutionPlan>, interrupt: &CancellationToken) -> Result<Arc<dyn ExecutionPlan>> {
    let rewritten = plan.transform_up(|operator| {
        if !operator.name().ends_with("JoinExec") {
            return Ok(Transformed::no(operator));
        }
        let join = with_watched_filter(operator, interrupt)?;
        Ok(Transformed::yes(Arc::new(CooperativeExec::new(join)) as _))
    })?;
    Ok(rewritten.data)
}

fn with_watched_filter(join: Arc<dyn ExecutionPlan>, interrupt: &CancellationToken) -> Result<Arc<dyn ExecutionPlan>> {
    // downcast: a join's filter can only be exchanged by the join's own builder.
    if let Some(nested) = join.downcast_ref::<NestedLoopJoinExec>() {
        let filter = nested.filter().map(|filter| watched(filter, interrupt));
        return Ok(Arc::new(
            NestedLoopJoinExecBuilder::from(nested).with_filter(filter).build()?,
        ));
    }
    // downcast: see above.
    if let Some(hashed) = join.downcast_ref::<HashJoinExec>() {
        let filter = hashed.filter().map(|filter| watched(filter, interrupt));
        return hashed.builder().with_filter(filter).build_exec();
    }
    Ok(join)
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
