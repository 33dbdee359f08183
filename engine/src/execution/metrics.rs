//! What operators counted while they ran.

use datafusion::physical_plan::ExecutionPlan;

/// The bytes that `plan` and everything below it wrote to the spill directory.
#[must_use]
pub fn spilled_bytes(plan: &dyn ExecutionPlan) -> u64 {
    let own = plan.metrics().and_then(|metrics| metrics.spilled_bytes()).unwrap_or(0);
    let below: u64 = plan
        .children()
        .into_iter()
        .map(|child| spilled_bytes(child.as_ref()))
        .sum();
    own as u64 + below
}
