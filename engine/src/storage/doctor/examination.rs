//! The steps one after another: each within its limit, and none that builds on one that failed.

use std::sync::Arc;

use super::check::{Check, OnFailure};
use super::finding::{Finding, Outcome, Terms, Verdict};
use super::site::Site;
use super::{files, s3, stores, web};
use crate::storage::location::Location;
use crate::storage::process::Storage;
use crate::storage::schemes::FILE;

/// An examination that goes on step by step, as its findings are asked for.
pub struct Examination {
    site: Site,
    left: std::slice::Iter<'static, Check>,
    /// The step that failed and that the others build on.
    failed: Option<&'static str>,
}

impl Storage {
    /// Examines the way to `location`, which nothing is asked of before the first [`Examination::next`].
    ///
    /// `clock` gives microseconds since the Unix epoch; `id` is unlike that of any other examination. What runs here should have
    /// settings without retries: a step shows the first answer.
    #[must_use]
    pub fn examine(&self, location: Location, terms: Terms, clock: fn() -> i64, id: String) -> Examination {
        let left = checks(location.scheme()).iter();
        let site = Site {
            network: Arc::clone(&self.0.network),
            storage: self.clone(),
            service: web::service(&location),
            location,
            terms,
            clock,
            id,
            greeting: None,
            road: None,
            written: None,
        };
        Examination {
            site,
            left,
            failed: None,
        }
    }
}

impl Examination {
    /// Takes the next step; nothing after the last. May be dropped while it runs: [`Self::take_back`] then undoes what it did.
    pub async fn next(&mut self) -> Option<Finding> {
        let check = self.left.next()?;
        let verdict = match self.failed {
            Some(failed) => Verdict::skipped(format!("builds on the step \"{failed}\", which failed")),
            None => self.take(check).await,
        };
        if verdict.outcome == Outcome::Failed && check.on_failure == OnFailure::Stop {
            self.failed.get_or_insert(check.step);
        }
        Some(Finding {
            step: check.step,
            verdict,
        })
    }

    /// Deletes what the examination wrote, if it was broken off before it did so itself. Gives the name of the object if it could
    /// not be deleted within the limit of a step.
    pub async fn take_back(&mut self) -> Option<String> {
        let limit = self.site.terms.step_limit;
        // A deletion that comes too late leaves the key noted.
        let _ = tokio::time::timeout(limit, s3::take_back(&mut self.site)).await;
        let key = self.site.written.as_ref()?;
        Some(format!("{}/{key}", self.site.location.store_name()))
    }

    async fn take(&mut self, check: &Check) -> Verdict {
        let limit = self.site.terms.step_limit;
        let taken = tokio::time::timeout(limit, (check.run)(&mut self.site)).await;
        let verdict = taken.unwrap_or_else(|_| {
            let seen = format!("no answer within {} s", limit.as_secs_f32());
            Verdict::failed(seen, check.if_silent)
        });
        if self.site.written.is_none() {
            return verdict;
        }
        match self.take_back().await {
            None => verdict,
            Some(left) => verdict.with([format!("\"{left}\" could not be deleted: delete it by hand")]),
        }
    }
}

impl std::fmt::Debug for Examination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Examination")
            .field("location", &self.site.location)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// The steps for a scheme.
fn checks(scheme: &str) -> &'static [Check] {
    match scheme {
        "s3" => s3::CHECKS,
        "http" | "https" => web::CHECKS,
        FILE => files::CHECKS,
        _ => stores::CHECKS,
    }
}
