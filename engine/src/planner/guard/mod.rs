//! What DataFusion 55.2 answers wrongly and only a planner can see: refused before its optimizer gets hold of it.
//!
//! Clauses that are wrong by their words alone are refused in `syntax`; here stand those that need the functions
//! ([`check_calls`]) or the plan ([`check`]), with views and WITH queries put in place of their names. [`check_depth`] looks at the
//! plan that will run.

mod calls;
mod depth;
mod subqueries;

pub use calls::check_calls;
pub use depth::check_depth;
pub use subqueries::check;
