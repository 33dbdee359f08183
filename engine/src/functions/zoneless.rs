//! The functions that read an instant, such as `to_timestamp`, in a session that has named no time zone.
//!
//! Every session has a zone, UTC unless it names another, because DataFusion would read TIMESTAMP WITH TIME ZONE as one without
//! zone otherwise. DataFusion gives that zone to what these functions give, too. As in Trino, and in DataFusion of its own accord,
//! `to_timestamp` is a TIMESTAMP; a session that names a zone gets its instants in it.

use datafusion::common::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::registry::FunctionRegistry;
use std::sync::Arc;

/// DataFusion's names for them.
const FUNCTIONS: &[&str] = &[
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_nanos",
    "to_timestamp_seconds",
];

/// Lets the functions of `registry` give timestamps without zone.
///
/// # Errors
/// Those of a registry that takes no functions.
pub fn give_no_zone(registry: &mut dyn FunctionRegistry) -> Result<()> {
    // The library's own defaults name no zone.
    let without_zone = ConfigOptions::default();
    for name in FUNCTIONS {
        if let Some(function) = registry.udf(name)?.inner().with_updated_config(&without_zone) {
            registry.register_udf(Arc::new(function))?;
        }
    }
    Ok(())
}
