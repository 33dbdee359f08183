//! The threads that operators compute on.

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Error, ErrorCode, Result};

/// The stack of one thread. Operators ask one another for batches by recursion; the planner refuses what would be too deep for
/// half of it.
const STACK_BYTES: usize = 4 << 20;

/// A runtime for computing alone, apart from the one that answers callers.
///
/// An operator may compute for minutes without a pause, on every thread that there is. On a shared runtime nothing would then
/// notice a signal, a deadline, a caller who goes away or a byte from the network: tokio looks for those only when one of its
/// threads has nothing else to do.
#[derive(Debug)]
pub(super) struct Processors {
    handle: Handle,
    /// `None` only while the value is dropped.
    runtime: Option<Runtime>,
}

impl Processors {
    /// Starts `threads` threads, one at least.
    ///
    /// # Errors
    /// `INTERNAL` if the operating system gives none.
    pub(super) fn start(threads: usize) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("owlet-compute")
            .worker_threads(threads.max(1))
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| {
                Error::new(ErrorCode::Internal, format!("no threads to compute on: {error}")).caused_by(error)
            })?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// Where to spawn what computes.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Processors {
    /// Waits for nothing: an operator may compute on for long, and the last owner may stand on a thread that must not block.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
