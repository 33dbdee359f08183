//! The fixture, driven by the client that Owlet uses and by plain HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its sizes are small"
)]

mod client;
mod conditions;
mod counting;
mod credentials;
mod faults;
mod flows;
mod hooks;
mod mends;
mod pace;
mod victims;
