//! The engine's integration tests: one binary, since each test binary links the whole of DataFusion.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and compares the engine with the bare DataFusion under it"
)]

mod architecture;
mod completion;
mod ddl;
mod decimals;
mod footers;
mod formats;
mod functions;
mod hazards;
mod ingest;
mod layout;
mod life;
mod metastore;
mod overflow;
mod parameters;
mod s3;
mod sample;
mod storage;
mod support;
mod tpch;
mod writes;
