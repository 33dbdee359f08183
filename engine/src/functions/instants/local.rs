//! The analyzer rule that takes the zone off a time by what the clocks there show, as PostgreSQL, Trino and `DuckDB` do.
//!
//! `CAST(moment AS TIMESTAMP)` is the clock of UTC in DataFusion 55.2, whatever the zone of the moment, while its date and its text
//! are those of the zone.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::functions::datetime::to_local_time;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, LogicalPlan, TryCast};
use datafusion::optimizer::AnalyzerRule;

use crate::functions::walk::{columns_of, rewrite_expressions};

/// Puts what the clocks of its zone show in the place of a moment that is cast to a time without zone.
#[derive(Debug)]
pub(in crate::functions) struct LocalTimes;

impl AnalyzerRule for LocalTimes {
    fn name(&self) -> &'static str {
        "local_times"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(local_node).map(|plan| plan.data)
    }
}

fn local_node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = columns_of(&plan)?;
    rewrite_expressions(plan, |expr| expr.transform_up(|expr| Ok(local(expr, &schema))))
}

fn local(mut expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let (Expr::Cast(Cast { expr: moment, field }) | Expr::TryCast(TryCast { expr: moment, field })) = &mut expr else {
        return Transformed::no(expr);
    };
    let has_zone =
        |data_type: DataType| matches!(data_type, DataType::Timestamp(_, Some(zone)) if zone.as_ref() != "UTC");
    let loses_zone = matches!(
        field.data_type(),
        DataType::Timestamp(_, None) | DataType::Time32(_) | DataType::Time64(_)
    );
    if !loses_zone || !moment.get_type(schema).is_ok_and(has_zone) {
        return Transformed::no(expr);
    }
    **moment = to_local_time().call(vec![moment.as_ref().clone()]);
    Transformed::yes(expr)
}
