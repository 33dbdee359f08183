//! From a plan to batches, and to what it changes.
//!
//! Must hold: nothing runs without a [`Slot`](crate::workgroup::Slot), and whatever runs reserves from it; dropping the
//! stream ends the work. Must not know: SQL, principals, history.

mod claim;
mod effects;
mod local;
mod metrics;
mod processors;

pub use claim::Claims;
pub use effects::Effects;
pub use local::LocalExecutor;
pub use metrics::spilled_bytes;

use datafusion::execution::SendableRecordBatchStream;

use crate::error::Result;
use crate::planner::Plan;
use crate::workgroup::Slot;

/// Runs plans. The stream gives batches in the plan's order; dropping it cancels; nobody retries.
pub trait Executor: std::fmt::Debug + Send + Sync {
    /// Starts `plan` within the limits of `slot`, which is given back when the work has ended. That may be after the stream is
    /// dropped: an operator that computes for long without a pause ends late, and nobody waits for it.
    ///
    /// # Errors
    /// What the operators report before their first batch.
    fn execute(&self, plan: &Plan, slot: Slot) -> Result<SendableRecordBatchStream>;

    /// How many tasks of operators there are now: none once all work has ended.
    fn tasks(&self) -> usize;
}
