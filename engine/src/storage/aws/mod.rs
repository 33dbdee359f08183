//! Where an S3 bucket is and how its requests are signed, by the rules that the AWS tools have taught everyone.
//!
//! The crate `aws-config` reads the environment, the shared files and the services that give out credentials. It gets our
//! environment and our HTTP client; `object_store` gets neither credentials nor a say: it builds unsigned requests, and
//! [`SigningService`] signs each one as it goes out. So a retry carries a fresh date and fresh credentials, and credentials
//! that have expired are renewed in the one place that every request passes.

mod client;
mod named;
mod resolve;
mod signer;
mod signing;

pub(super) use resolve::{Bucket, resolve};
pub(super) use signing::SigningService;
