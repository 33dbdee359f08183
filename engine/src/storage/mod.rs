//! What a URL opens: schemes, credentials, the metered and verified HTTP service, and pins.
//!
//! A process has one [`Storage`]: one HTTP client, and for each bucket its address and credentials, found when the bucket is
//! first used. A query has one [`QueryStorage`]: its counters, its pins, and its stores, built over what the process keeps.
//!
//! What must hold:
//! - No byte reaches a reader unless its length and place are what was asked for.
//! - A query reads one version of each object, or fails with `OBJECT_CHANGED`.
//! - [`Usage`] equals what the servers counted.
//! - A remote principal reaches only what the configuration allows and the sample, and never a local file.
//! - Nothing writes to the sample.
//! - No secret and no query string of a URL is in an error, a `Debug` or a `Display`.
//!
//! Storage knows nothing of formats, tables or plans.

mod access;
mod aws;
mod body;
mod dispatched;
mod doctor;
mod environment;
mod etag;
mod failure;
mod listing;
mod location;
mod network;
mod objects;
mod pinned;
mod pins;
mod process;
mod query;
mod range;
mod refusal;
mod schemes;
mod secret;
mod service;
mod settings;
mod usage;
mod version;

pub use access::Access;
pub use doctor::{Examination, Finding, Outcome, Terms, Verdict};
pub use environment::Environment;
pub use failure::{from_chain, from_object_store};
pub use location::Location;
pub use objects::next_object;
pub use process::Storage;
pub use query::QueryStorage;
pub use schemes::{SCHEMES, SampleFile, Scheme};
pub use settings::{BucketSettings, Settings};
pub use usage::{Requests, Usage};
pub use version::Version;
