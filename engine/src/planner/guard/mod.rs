//! What DataFusion 55.2 answers wrongly and only a planner can see: refused before its optimizer gets hold of it.
//!
//! Clauses that are wrong by their words alone are refused in `syntax`; here stand those that need the functions
//! ([`check_calls`]) or the plan ([`check`]), with views and WITH queries put in place of their names. [`check_depth`] looks at the
//! plan that will run.

mod calls;
mod depth;
mod sizes;
mod subqueries;

pub use calls::check_calls;
pub use depth::check_depth;

use datafusion::logical_expr::LogicalPlan;

use crate::error::Result;

/// Refuses the plan, as the SQL planner made it, if something in it would have a wrong answer, none, or take the memory of the
/// machine.
///
/// # Errors
///
/// `NOT_SUPPORTED`, with what to write instead; `EXCEEDED_MEMORY_LIMIT`.
pub fn check(plan: &LogicalPlan) -> Result<()> {
    subqueries::check(plan)?;
    sizes::check(plan)
}
