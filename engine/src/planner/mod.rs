//! From a statement and the proof that it may run to a plan.
//!
//! Must hold: a [`Plan`] cannot be built without an [`Authorization`](crate::governance::Authorization); tables come from
//! [`governance::resolve`](crate::governance::resolve) alone; planning changes nothing, so that EXPLAIN is always safe; what
//! `DataFusion` is known to answer wrongly is refused here, before its optimizer sees it.
//! Must not know: slots, history, how a plan is run.

mod ddl;
mod deep_stack;
mod failure;
mod guard;
mod interrupt;
mod parameters;
mod plan;
mod planning;
mod quoted;
mod rows;
mod session;
mod settings;
mod state;
mod view;
mod zoned;

pub use ddl::not_prepared;
pub use failure::from_datafusion;
pub use plan::{CatalogEffect, Effect, KeepEffect, KeepMode, Plan, WriteEffect};
pub use planning::{Bounds, Planner, Request};
pub use rows::count;
pub use session::{SessionChange, Snapshot};
pub use settings::{SessionSettings, SettingValue};
