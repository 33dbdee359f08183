//! A line that says how far a query is, while nothing else is shown.

use std::pin::Pin;
use std::time::Duration;

use owlet_engine::Statistics;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::diagnostic;
use crate::footer;

/// How long a query may take without a word.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a line stands.
const REFRESH: Duration = Duration::from_millis(250);

/// Back to the first column, and nothing in the line.
const ERASED: &str = "\r\u{1b}[K";

/// The line of one query on standard error. It is taken back when this is dropped.
pub struct Progress {
    is_wanted: bool,
    is_shown: bool,
    started: Instant,
    next: Pin<Box<Sleep>>,
}

impl Progress {
    /// Begins to wait. Shows nothing ever unless `is_wanted`.
    pub fn start(is_wanted: bool) -> Self {
        let started = Instant::now();
        Self {
            is_wanted,
            is_shown: false,
            started,
            next: Box::pin(sleep_until(started + SILENCE)),
        }
    }

    /// Waits until the line is due again; for ever if none is wanted.
    pub async fn due(&mut self) {
        if !self.is_wanted {
            return std::future::pending().await;
        }
        self.next.as_mut().await;
        self.next.as_mut().reset(Instant::now() + REFRESH);
    }

    /// Shows what the query has cost so far, if it has begun to run.
    pub fn show(&mut self, statistics: Option<&Statistics>) {
        let costs = statistics.map(footer::progress).unwrap_or_default();
        self.is_shown = true;
        let elapsed = self.started.elapsed().as_secs_f64();
        diagnostic::say(&format!("{ERASED}{elapsed:.1} s{costs} · Ctrl-C cancels"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            diagnostic::say(ERASED);
        }
    }
}
