//! The statements that have not come to their end.

use tokio::sync::watch;

/// How many statements are on their way, for whoever must wait for all of them.
#[derive(Debug)]
pub struct Running(watch::Sender<usize>);

/// One statement on its way, until dropped.
#[derive(Debug)]
pub struct Underway(watch::Sender<usize>);

impl Running {
    /// None yet.
    #[must_use]
    pub fn none() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One more.
    pub fn enter(&self) -> Underway {
        self.0.send_modify(|count| *count += 1);
        Underway(self.0.clone())
    }

    /// Waits until there is none.
    pub async fn ended(&self) {
        // The sender lives as long as `self`: the wait cannot fail.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
