//! How much may run at once: admission, the memory that a query is granted, the spill directory, deadlines.
//!
//! Must hold: a query runs only while it holds a [`Slot`]; whatever is reserved counts against the query's grant and against
//! the engine's total; what is refused is refused with a code that tells the caller to come back later or to ask for less.

mod admission;
mod memory;
mod settings;
mod spill;

pub use admission::{Slot, WorkGroup};
pub use settings::{Machine, Settings};
pub use spill::SpillDirectory;
