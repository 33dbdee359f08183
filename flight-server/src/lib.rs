//! Network front ends of Owlet: Arrow Flight SQL first, later ones beside it, a folder each.
//!
//! A client's call goes through one door (`service`), which finds its session (`sessions`); what it asks for is planned and
//! run by the engine; what comes out is cast to what drivers read, cut into messages and held back while nobody reads
//! (`results`). A front end sees what the engine's `lib.rs` exports and nothing behind it.
//!
//! Must hold: the schema that is announced is the schema that is sent, to the last nullability; what changes something
//! runs when it is executed and exactly once; a client that goes away ends its work.

mod authentication;
mod connections;
pub mod doctor;
mod failure;
mod identifier;
mod messages;
mod metadata;
mod results;
mod server;
mod service;
mod sessions;
mod settings;
mod uploads;

pub use authentication::Authentication;
pub use server::{bind, serve};
pub use settings::Settings;
