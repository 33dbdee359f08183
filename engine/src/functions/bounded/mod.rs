//! Functions whose result is as large as an argument says: `repeat('x', 2000000000)`.
//!
//! DataFusion 55.2 reserves no memory for what functions give, and calls them while it plans, too: one call takes what the
//! machine has. Here the sizes that are asked for are added up before the function is called, and a call that would give
//! more than its limit is the error `EXCEEDED_MEMORY_LIMIT`. The guard is the function itself, so no way to call it leads past.

mod function;
mod growth;
mod numbers;
mod series;
mod widths;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use function::BoundedFunction;
use growth::Growth;

/// Every function whose result may be much larger than its arguments, by DataFusion's own name for it.
const GROWING: &[(&str, Growth)] = &[
    ("array_repeat", Growth::RepeatedElement),
    ("array_resize", Growth::ResizedList),
    ("array_to_string", Growth::JoinedElements),
    ("concat", Growth::Concatenated),
    ("concat_ws", Growth::ConcatenatedWithSeparator),
    ("generate_series", Growth::Series),
    ("lpad", Growth::PaddedText),
    ("range", Growth::Series),
    ("regexp_replace", Growth::ReplacedMatches),
    ("repeat", Growth::RepeatedText),
    ("replace", Growth::ReplacedText),
    ("rpad", Growth::PaddedText),
];

/// `function`, or the same within `limit_bytes` a call if it is one that grows.
pub(super) fn bounded(function: &Arc<ScalarUDF>, limit_bytes: usize) -> Arc<ScalarUDF> {
    let growing = GROWING.iter().find(|(name, _)| *name == function.name());
    growing.map_or_else(
        || Arc::clone(function),
        |(_, growth)| Arc::new(ScalarUDF::from(BoundedFunction::new(function, *growth, limit_bytes))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_growing_function_is_one_of_the_library() {
        let known = datafusion::execution::SessionStateDefaults::default_scalar_functions();
        for (name, _) in GROWING {
            assert!(known.iter().any(|function| function.name() == *name), "{name}");
        }
    }
}
