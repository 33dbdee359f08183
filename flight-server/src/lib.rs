//! Network front ends of Owlet: Arrow Flight SQL first, later ones beside it, a folder each.
//!
//! Nothing is here yet: this version of Owlet listens on no port. The crate exists so that the direction of imports
//! is settled: a front end sees what the engine's `lib.rs` exports and nothing behind it.
