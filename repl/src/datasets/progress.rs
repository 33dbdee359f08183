//! How far the writing of a set is, on standard error: a bar on a terminal, else a line now and then.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owlet_datasets::generators::{Plan, Progress};
use owlet_engine::storage::Location;

use crate::diagnostic;
use crate::footer::bytes;
use crate::text::{counted, visible};

const BETWEEN_DRAWINGS: Duration = Duration::from_millis(200);
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Tells the user how far the writing is.
pub struct Reporter {
    progress: Arc<Progress>,
    files: usize,
    began: Instant,
    view: View,
}

enum View {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Reporter {
    /// Begins to count the time.
    pub fn start(plan: &Plan, progress: Arc<Progress>, is_quiet: bool) -> Self {
        Self {
            progress,
            files: plan.files.len(),
            began: Instant::now(),
            view: if is_quiet { View::Nothing } else { view(plan) },
        }
    }

    /// Says what begins.
    pub fn begin(&self, replaced: usize, location: &Location) {
        let files = counted(self.files as u64, "file");
        let replacing = match replaced {
            0 => String::new(),
            some => format!(", {some} of them in place of files of the same names"),
        };
        let place = location.to_string();
        self.say(&format!("writing {files} to {}{replacing}", visible(&place)));
    }

    /// Reports until the future is dropped.
    pub async fn report(&self) -> Infallible {
        let period = match self.view {
            View::Bar(_) => BETWEEN_DRAWINGS,
            View::Lines => BETWEEN_LINES,
            View::Nothing => return std::future::pending().await,
        };
        let mut ticks = tokio::time::interval(period);
        // The first tick comes at once.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            match &self.view {
                View::Bar(bar) => {
                    bar.set_position(self.progress.rows());
                    bar.set_message(self.line());
                }
                _ => self.say(&self.line()),
            }
        }
    }

    /// Says what was written, and what becomes of an unfinished set.
    pub fn end(&mut self, is_whole: bool) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
        self.say(&self.line());
        if !is_whole && self.progress.files() > 0 {
            self.say("the files that were written are whole and stay; --overwrite replaces them in another run");
        }
    }

    fn line(&self) -> String {
        let seconds = self.began.elapsed().as_secs_f64();
        let written = self.progress.bytes();
        let milliseconds = self.began.elapsed().as_millis().max(1);
        let rate = u64::try_from(u128::from(written) * 1_000 / milliseconds).unwrap_or(u64::MAX);
        format!(
            "{} of {} · {} generated · {} written in {seconds:.1} s ({}/s)",
            self.progress.files(),
            counted(self.files as u64, "file"),
            counted(self.progress.rows(), "row"),
            bytes(written),
            bytes(rate),
        )
    }

    fn say(&self, line: &str) {
        if !matches!(self.view, View::Nothing) {
            diagnostic::say(&format!("{line}\n"));
        }
    }
}

/// A bar if standard error is a terminal.
fn view(plan: &Plan) -> View {
    let bar = ProgressBar::with_draw_target(Some(plan.expected_rows), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("[{bar:30}] {percent:>3} % {msg}") {
        Ok(style) if !bar.is_hidden() => View::Bar(bar.with_style(style.progress_chars("=> "))),
        _ => View::Lines,
    }
}
