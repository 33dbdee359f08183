//! Planning on a stack of its own.

use std::future::Future;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::error::{Error, ErrorCode, Result};

/// Planning recurses with the depth of the statement and with that of the expressions that the optimizer builds from it.
const STACK_BYTES: usize = 16 << 20;

/// Runs `work` to its end on a new thread with a deep stack. A panic in it becomes `INTERNAL`.
///
/// Dropping the returned future does not interrupt `work`: give it something to watch.
///
/// # Errors
/// Those of `work`; `INTERNAL` if it panics or no thread can be had.
pub async fn run<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let runtime = Handle::current();
    let (sender, receiver) = oneshot::channel();
    let body = move || {
        // Nobody listens any more if the statement was cancelled.
        let _ = sender.send(runtime.block_on(work));
    };
    let spawned = thread::Builder::new()
        .name("owlet-planning".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(body);
    spawned
        .map_err(|error| Error::new(ErrorCode::Internal, format!("no thread to plan on: {error}")).caused_by(error))?;
    receiver
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorCode::Internal, "planning ended by a panic")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error() {
        let error = run(async { if true { panic!("on purpose") } else { Ok(()) } })
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::Internal);
    }
}
