//! Views: expanded here and only here.

use datafusion::catalog::TableProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use std::sync::Arc;

use super::failure::from_datafusion;
use super::planning::logical_plan;
use crate::error::{Error, ErrorCode, Result};
use crate::governance::VisibleView;
use crate::name::quoted;
use crate::syntax::Command;

/// The view as a table, planned with `state`, which knows its relations.
///
/// # Errors
/// Those of planning its query, `EXCEEDED_STATEMENT_LIMIT` for more than `relation_limit` relations, and `COLUMN_NOT_FOUND` if that no longer gives a column that the view was made with.
pub async fn table(view: &VisibleView, state: &SessionState, relation_limit: usize) -> Result<Arc<dyn TableProvider>> {
    let name = &view.name;
    let Command::Query(tree) = view.statement.command() else {
        return Err(Error::new(
            ErrorCode::Internal,
            format!("the view {name} is not a query"),
        ));
    };
    let stale = |error: Error| error.without_position().context(format!("in the view {name}"));
    let plan = logical_plan(tree, state, &view.view).await.map_err(stale)?;
    check_size(&plan, relation_limit).map_err(stale)?;
    let plan = named(plan, view).map_err(stale)?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// Refuses a view whose relations, with those of the views that it reads, are more than a statement may have: views over views twice
/// make plans of any size from a few words.
fn check_size(plan: &LogicalPlan, limit: usize) -> Result<()> {
    let mut scans = 0_usize;
    let counted = plan.apply_with_subqueries(|node| {
        scans += usize::from(node.inputs().is_empty());
        Ok(TreeNodeRecursion::Continue)
    });
    counted.map_err(from_datafusion)?;
    if scans <= limit {
        return Ok(());
    }
    let message = format!("it reads {scans} relations with those of the views within it, and the limit is {limit}");
    Err(Error::new(ErrorCode::ExceededStatementLimit, message))
}

/// The view's columns of `plan`, found by their names: what its query has gained since, as `SELECT *` does, is not the view's.
fn named(plan: LogicalPlan, view: &VisibleView) -> Result<LogicalPlan> {
    let fields = plan.schema().columns();
    let column = |name: &String| {
        let found = fields.iter().find(|field| field.name == *name);
        found
            .map(|field| Expr::Column(field.clone()).alias(name))
            .ok_or_else(|| {
                let name = quoted(name);
                let message =
                    format!("its query no longer gives the column {name}; make it anew with CREATE OR REPLACE VIEW");
                Error::new(ErrorCode::ColumnNotFound, message)
            })
    };
    let columns = view.columns.iter().map(|wanted| column(&wanted.name));
    let columns = columns.collect::<Result<Vec<Expr>>>()?;
    LogicalPlanBuilder::from(plan)
        .project(columns)
        .and_then(LogicalPlanBuilder::build)
        .map_err(from_datafusion)
}
