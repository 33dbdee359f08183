//! Running a plan in this process.

use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::{RecordBatchReceiverStreamBuilder, RecordBatchStreamAdapter};
use futures::{StreamExt, stream};
use std::sync::Arc;
use tokio::runtime::Handle;

use super::Executor;
use super::processors::Processors;
use crate::error::Result;
use crate::planner::Plan;
use crate::workgroup::Slot;

/// Batches that wait to leave the threads that computed them. More would be memory that nobody has reserved.
const BATCHES_WAITING: usize = 1;

/// Runs plans on threads that do nothing else.
#[derive(Debug)]
pub struct LocalExecutor {
    processors: Processors,
}

impl LocalExecutor {
    /// Starts `threads` threads for operators to compute on. They end when the executor is dropped.
    ///
    /// # Errors
    /// `INTERNAL` if the operating system gives no threads.
    pub fn start(threads: usize) -> Result<Self> {
        let processors = Processors::start(threads)?;
        Ok(Self { processors })
    }

    /// Where operators compute, for what encodes or keeps their rows.
    #[must_use]
    pub fn processors(&self) -> &Handle {
        self.processors.handle()
    }
}

impl Executor for LocalExecutor {
    fn execute(&self, plan: &Plan, slot: Slot) -> Result<SendableRecordBatchStream> {
        let planned = plan.state().runtime_env();
        let granted = RuntimeEnv {
            memory_pool: slot.memory(),
            disk_manager: Arc::clone(slot.disk()),
            cache_manager: Arc::clone(&planned.cache_manager),
            object_store_registry: Arc::clone(&planned.object_store_registry),
        };
        let task = TaskContext::from(plan.state()).with_runtime(Arc::new(granted));
        let operators = Arc::clone(plan.operators());
        let schema = operators.schema();
        let mut leaving = RecordBatchReceiverStreamBuilder::new(Arc::clone(&schema), BATCHES_WAITING);
        let batches = leaving.tx();
        let work = async move {
            let _held_to_the_end = slot;
            // An operator spawns tasks of its own when it starts, on the runtime where it starts.
            let mut stream = execute_stream(operators, Arc::new(task))?;
            while let Some(batch) = stream.next().await {
                if batches.send(batch).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        leaving.spawn_on(work, self.processors.handle());
        let interrupted_on_drop = plan.interrupt().clone().drop_guard();
        let arriving = stream::unfold(
            (leaving.build(), interrupted_on_drop),
            |(mut batches, guard)| async move {
                let batch = batches.next().await?;
                Some((batch, (batches, guard)))
            },
        );
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, arriving)))
    }

    fn tasks(&self) -> usize {
        self.processors.handle().metrics().num_alive_tasks()
    }
}
