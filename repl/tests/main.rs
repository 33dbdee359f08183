//! The command `owlet` as its users have it: whole processes, their output and their exit codes.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod datasets;
mod doctor;
mod endings;
mod errors;
mod full_disk;
mod interactive;
mod kills;
mod memory;
mod results;
mod serve;
mod shell;
mod sources;
mod store;
mod terminal;
