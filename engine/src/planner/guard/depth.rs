//! How deep a plan may be: its operators call one another, a batch is asked for by recursion.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Error, ErrorCode, Result};

/// The most operators above one another. A hash join takes some 20 KB of stack in a debug build, and a worker of tokio has
/// 2 MB. The text of a statement does not tell: 300 branches of UNION ALL are two operators, as many of INTERSECT are 300.
const LIMIT: usize = 96;

/// Refuses a plan that would exhaust the stack of the thread that runs it.
///
/// # Errors
///
/// `EXCEEDED_STATEMENT_LIMIT`.
pub fn check_depth(plan: &Arc<dyn ExecutionPlan>) -> Result<()> {
    let mut level = vec![plan];
    let mut depth = 0;
    while !level.is_empty() {
        depth += 1;
        if depth > LIMIT {
            let message = format!(
                "the plan has more than {LIMIT} operators above one another; keep a part of the query as a table and read that"
            );
            return Err(Error::new(ErrorCode::ExceededStatementLimit, message));
        }
        level = level.into_iter().flat_map(|operator| operator.children()).collect();
    }
    Ok(())
}
