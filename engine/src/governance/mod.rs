//! Who may do and see what.
//!
//! Must hold: an [`Authorization`] is made here alone, by [`authorize`], and a name becomes a table here alone, by
//! [`resolve`], which demands one. Deciding is pure: it reads nothing and changes nothing.
//! Must not know: how a statement is planned or run.

mod authorize;
mod constraints;
mod declared;
mod information_schema;
mod principal;
mod resolve;
mod view;

pub use authorize::{Authorization, authorize};
pub use declared::declaration;
pub use information_schema::{DescribedRelation, INFORMATION_SCHEMA_TABLES, RelationKind, databases, relations};
pub use principal::Principal;
pub use resolve::{find, full_name, no_database, resolve};
pub use view::{Defaults, Sources, View, Visible, VisibleView};
