//! Running a plan in this process.

use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::execute_stream;
use std::sync::Arc;

use super::Executor;
use crate::error::Result;
use crate::planner::{Plan, from_datafusion};
use crate::workgroup::Slot;

/// Runs plans on the threads of the runtime that polls the stream.
#[derive(Clone, Copy, Debug)]
pub struct LocalExecutor;

impl Executor for LocalExecutor {
    fn execute(&self, plan: &Plan, slot: &Slot) -> Result<SendableRecordBatchStream> {
        let planned = plan.state().runtime_env();
        let granted = RuntimeEnv {
            memory_pool: slot.memory(),
            disk_manager: Arc::clone(slot.disk()),
            cache_manager: Arc::clone(&planned.cache_manager),
            object_store_registry: Arc::clone(&planned.object_store_registry),
        };
        let task = TaskContext::from(plan.state()).with_runtime(Arc::new(granted));
        execute_stream(Arc::clone(plan.physical()), Arc::new(task)).map_err(from_datafusion)
    }
}
