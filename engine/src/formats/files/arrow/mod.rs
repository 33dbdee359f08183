//! Arrow IPC, both as a file (with a footer that says where its batches are) and as a stream.
//!
//! Must hold: a stream that ends without the mark of its end is an error, although the specification allows it: it cannot be told
//! from one that was cut off between two batches.

mod blocks;
mod reader;

pub use reader::ArrowIpc;
