//! The SQL suites, each on `file://` and on `s3://`, and the proof that their runner can fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and asks the environment what to do"
)]

mod datafusion;
mod lake;
mod runner;
mod suites;
