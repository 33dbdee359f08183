//! How results go to clients: cast to types that drivers read, cut into messages, and held back while nobody reads them.
//!
//! Must hold: every batch has the schema that was announced, nullability included; no message is longer than the session
//! says; of a stream, no more waits than its buffer, and a client that reads nothing for too long loses it.

mod delivery;
mod encode;
mod flow;
mod send;
mod wire;

pub(crate) use delivery::{Compression, Delivery, Wishes, client_limit_bytes};
pub(crate) use encode::schema_message;
pub(crate) use send::{Shipment, send};
pub(crate) use wire::{Views, Wire};
