//! The server as its clients have it: a real one on a free port of this machine, and clients over the network.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

mod cancelling;
mod clients;
mod doctor;
mod errors;
mod ingest;
mod metadata;
mod prepared;
mod results;
mod sessions;
mod shutdown;
mod statements;
mod support;
