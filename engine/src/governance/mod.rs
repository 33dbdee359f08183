//! Who may do and see what.
//!
//! Must hold: an [`Authorization`] is made here alone, by [`authorize`], and a name becomes a table here alone, by
//! [`resolve`], which demands one. Deciding is pure: it reads nothing and changes nothing.
//! Must not know: how a statement is planned or run.

mod authorize;
mod principal;
mod view;

pub use authorize::{Authorization, authorize};
pub use principal::Principal;
pub use view::{Defaults, Sources, View, resolve};
