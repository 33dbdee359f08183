//! SQL functions of our own, and the arithmetic that fails where DataFusion 55.2 wraps around.
//!
//! What must hold: a sum, a difference, a product or a total is the mathematical one or the error `INVALID_VALUE`, never
//! the remainder of it; a decimal is compared with the number that a statement writes, not with a double beside it, and with a
//! double as a double; times are compared as moments, whatever their units. One
//! function is one file and one line in [`FUNCTIONS`]; a function of ours replaces DataFusion's of the same name. What one
//! call gives is within a limit of bytes, whatever size it is asked for. The module knows no table and no principal.

mod arithmetic;
mod bounded;
mod exact;
mod instants;
mod mixed;
mod overflow;
mod sum;
mod walk;
mod zoneless;

pub use zoneless::give_no_zone;

use std::sync::Arc;

use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::AggregateUDF;

/// Every function of ours, in the order in which they are registered.
const FUNCTIONS: &[fn() -> AggregateUDF] = &[sum::checked_sum];

/// Adds our functions and the rules that keep numbers exact, and lets no function give more than `call_limit_bytes` in one call
/// because an argument says so. To be called after `with_default_features`, so that ours come last and win.
pub fn register(mut builder: SessionStateBuilder, call_limit_bytes: usize) -> SessionStateBuilder {
    for function in builder.scalar_functions().get_or_insert_default() {
        *function = bounded::bounded(function, call_limit_bytes);
    }
    let ours = FUNCTIONS.iter().map(|function| Arc::new(function()));
    builder.aggregate_functions().get_or_insert_default().extend(ours);
    let analyzer = builder.analyzer().get_or_insert_default();
    // Before types are known for what is compared, and after it for what type coercion casts to a decimal.
    analyzer.rules.insert(0, Arc::new(exact::ExactDecimals));
    analyzer.rules.insert(1, Arc::new(mixed::MixedComparisons));
    analyzer.rules.insert(2, Arc::new(instants::ComparedInstants));
    analyzer.rules.insert(3, Arc::new(instants::LocalTimes));
    analyzer.rules.push(Arc::new(exact::ExactDecimals));
    builder.with_analyzer_rule(Arc::new(arithmetic::CheckArithmetic::default()))
}
