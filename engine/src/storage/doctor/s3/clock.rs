//! Whether this machine's clock agrees with the store's: a signature carries the time, and an old one is refused.

use chrono::DateTime;
use futures::FutureExt;

use crate::storage::doctor::check::{Check, OnFailure};
use crate::storage::doctor::finding::Verdict;
use crate::storage::doctor::reach::greet;
use crate::storage::doctor::site::Site;

pub(super) const CHECK: Check = Check {
    step: "clock",
    run: |site| clock(site).boxed(),
    // What the store says about the time is worth more than what we think of it.
    on_failure: OnFailure::GoOn,
    if_silent: "the store answers no more: try again",
};

/// Where a difference is worth a word, in seconds.
const NOTICED_SECONDS: i64 = 60;
/// Where it is too large. Stores refuse from 15 minutes on; clocks that are 5 minutes off are on their way there.
const REFUSED_SECONDS: i64 = 5 * 60;

async fn clock(site: &mut Site) -> Verdict {
    let Ok(greeting) = greet(site).await else {
        return Verdict::skipped("the store does not answer");
    };
    let told = greeting.header("date").map(DateTime::parse_from_rfc2822);
    match told {
        Some(Ok(theirs)) => judge(greeting.received / 1_000_000 - theirs.timestamp()),
        _ => Verdict::skipped("the store does not say what time it has"),
    }
}

/// `ahead_seconds` is how far this machine is ahead of the store.
fn judge(ahead_seconds: i64) -> Verdict {
    let seconds = ahead_seconds.abs();
    let side = if ahead_seconds > 0 { "ahead of" } else { "behind" };
    let amount = if seconds < 120 {
        format!("{seconds} seconds")
    } else {
        format!("{} minutes", seconds / 60)
    };
    let advice = "set the clock of this machine (timedatectl, chronyc), or the store's";
    match seconds {
        0..=2 => Verdict::passed("this machine and the store have the same time"),
        3..=NOTICED_SECONDS => Verdict::passed(format!("this machine's clock is {amount} {side} the store's")),
        61..=REFUSED_SECONDS => {
            Verdict::warning(format!("this machine's clock is {amount} {side} the store's"), advice)
        }
        _ => Verdict::failed(
            format!("this machine's clock is {amount} {side} the store's, which refuses signatures of another time"),
            advice,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::doctor::finding::Outcome;

    fn check(ahead_seconds: i64, outcome: Outcome, words: &str) {
        let verdict = judge(ahead_seconds);
        assert_eq!(verdict.outcome, outcome, "{ahead_seconds}");
        assert!(verdict.seen.contains(words), "{}", verdict.seen);
    }

    #[test]
    fn a_difference_is_judged_by_its_size() {
        check(0, Outcome::Passed, "the same time");
        check(-45, Outcome::Passed, "45 seconds behind");
        check(61, Outcome::Warning, "61 seconds ahead");
        check(-300, Outcome::Warning, "5 minutes behind");
        check(301, Outcome::Failed, "5 minutes ahead");
        check(-86_400, Outcome::Failed, "1440 minutes behind");
    }
}
