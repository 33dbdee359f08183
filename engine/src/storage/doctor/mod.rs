//! The way to a store, examined step by step: what is seen at each step, and what to change.
//!
//! A query says only that a store failed. Here each thing that must hold is asked for by itself, in the order in which they
//! depend on each other, so that the first that fails is the one to mend.
//!
//! What must hold:
//! - Every step ends within its limit, whatever the other side does.
//! - Nothing is written unless the caller allows it, and what was written is taken back.
//! - No secret, token or signature is in a finding; of an access key the first four characters are.
//! - A step that cannot work without an earlier one that failed is skipped, and says so.
//!
//! It knows nothing of terminals: whoever asked shows the findings.

mod check;
mod examination;
mod exchange;
mod files;
mod finding;
mod reach;
mod s3;
mod site;
mod stores;
mod web;

pub use examination::Examination;
pub use finding::{Finding, Outcome, Terms, Verdict};
