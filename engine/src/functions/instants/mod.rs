//! Times of different units compared as what they are, however far away, and moments as the clocks of their zone show them.
//!
//! DataFusion 55.2 counts both sides of such a comparison in nanoseconds, which end in the year 2262: `valid_to >
//! now()`, `valid_to = DATE '9999-12-31'` and even `TIMESTAMP '9999-12-31 00:00:00'` fail there. What must hold: a comparison is the
//! one of the two moments, whatever the units; it fails for none that its own side can hold; and a literal takes the type of the
//! column beside it, so that files are still left out by it.

mod compared;
mod literal;
mod local;
mod placed;
mod rounded;
mod values;

pub(super) use compared::ComparedInstants;
pub(super) use local::LocalTimes;
