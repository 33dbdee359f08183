//! A process that dies at an exact request.

use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::faults::{Fault, FaultId, RequestRule};
use crate::{RequestRecord, S3Fixture};

/// On which side of a request's effect something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request has arrived whole, and never has an effect.
    Before,
    /// The request has had its effect, and is never answered.
    After,
}

/// A process that a fixture may kill. It ends with the test: whatever is left of it is killed when the last handle is dropped.
#[derive(Debug, Clone, Default)]
pub struct Victim(Arc<Process>);

#[derive(Debug, Default)]
struct Process(Mutex<Option<Child>>);

impl Victim {
    /// Starts the process. Rules about it should be given before, so that none of its requests is missed.
    pub fn start(&self, command: &mut Command) {
        // Held while it starts, so that a hook that comes early waits.
        let mut child = self.0.lock();
        *child = Some(command.spawn().expect("a process to be killed"));
    }

    /// Kills the process (SIGKILL), and waits until it is gone; nothing happens if it has ended already.
    pub fn kill(&self) {
        let mut child = self.0.lock();
        if let Some(child) = child.as_mut() {
            child.kill().expect("a process that can be killed");
            child.wait().expect("a process that ends when it is killed");
        }
    }

    /// How the process ended; `None` if it still runs after `patience`.
    pub fn wait(&self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            // Not held while waiting: a hook needs it to kill.
            let ended = self.0.lock().as_mut()?.try_wait().expect("the state of a process");
            if ended.is_some() || Instant::now() >= deadline {
                return ended;
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

impl Process {
    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.lock().take() {
            // One that has ended cannot be killed, and that is as good.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl S3Fixture {
    /// Kills `victim` at the first request that `rule` means, and sees to it that the request has its effect, or has none.
    /// Requests that arrived beside it are obeyed as ever, as those of a dead client are.
    ///
    /// `RequestRule::on_any(&RequestKind::WRITES).skip(n)` is the `n`th write, from 0, in the order of arrival.
    pub fn kill_at(&self, rule: RequestRule, moment: Moment, victim: &Victim) -> FaultId {
        let rule = rule.times(1);
        let victim = victim.clone();
        let kill = move |_: &RequestRecord| victim.kill();
        match moment {
            Moment::Before => {
                self.inject(rule.clone().fault(Fault::DropRequest));
                self.on_request(rule, kill)
            }
            Moment::After => {
                self.inject(rule.clone().fault(Fault::ApplyThenDropReply));
                self.on_applied(rule, kill)
            }
        }
    }
}
