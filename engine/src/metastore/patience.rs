//! How long, and how often, a statement is tried again when another connection was in its way.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::failure::is_transient;

/// The first pause. Each further one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The tries of one statement. SQLite's own busy timeout covers the usual wait for a lock. This covers what it does not: the
/// switch of a new file to a write-ahead log while another process writes to it fails at once.
pub(super) struct Patience {
    deadline: Instant,
    pause: Duration,
}

impl Patience {
    /// Tries for `limit` from now.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            deadline: Instant::now() + limit,
            pause: FIRST_PAUSE,
        }
    }

    /// Pauses, if `error` may pass and there is time; otherwise gives it back.
    pub(super) async fn pause_after(&mut self, error: sqlx::Error) -> Result<(), sqlx::Error> {
        if !is_transient(&error) || Instant::now() >= self.deadline {
            return Err(error);
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
