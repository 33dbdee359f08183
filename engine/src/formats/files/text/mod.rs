//! What formats of text share: bytes behind a compression, what a text may mean, and texts as columns.
//!
//! Must hold: a value is what its text says. A type is found for a column only if every text of it is that value and no other
//! (`007`, `+1` and integers that a DOUBLE would round stay text), and a text that is no value of its column's type is an error
//! that names it, never NULL.

mod bytes;
mod column;
mod evidence;
mod number;
mod time;

/// How many bytes of records a batch holds, so that long ones do not fill the memory: it ends with the record that passes this.
pub const BATCH_BYTES: usize = 8 << 20;

pub use bytes::{COMPRESSION, Compression, TextStream, compression_of};
pub use column::{Reading, build, not_of_type, supports};
pub use evidence::Evidence;
