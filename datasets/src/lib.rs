//! Sample data that comes with Owlet, and seeded generators of larger sets.
//!
//! [`sample`] is small and part of the program; generators make as much as is asked for, and their seed decides every byte.
//!
//! This crate imports none of ours: it makes bytes, and knows neither the engine nor where the bytes go.

pub mod generators;
pub mod sample;
