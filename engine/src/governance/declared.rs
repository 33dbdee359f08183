//! A table of the catalogue as something to scan.

use datafusion::catalog::TableProvider;
use std::path::Path;
use std::sync::Arc;

use super::view::Sources;
use crate::catalog::{Ownership, TableDefinition};
use crate::error::Result;
use crate::formats::{Declaration, DeclaredPartition, DeclaredTable};
use crate::storage::Location;

/// What scans `table`. Nothing is read of its files.
pub(super) async fn open(table: &TableDefinition, sources: Sources<'_>) -> Result<Arc<dyn TableProvider>> {
    let declaration = declaration(table, sources).await?;
    let scanned = DeclaredTable::new(Arc::clone(sources.storage), declaration, Arc::clone(sources.formats))?;
    Ok(Arc::new(scanned))
}

/// What `table` and its registered partitions say of its files.
///
/// # Errors
/// Those of the catalogue, and of locations that cannot be read.
pub async fn declaration(table: &TableDefinition, sources: Sources<'_>) -> Result<Declaration> {
    let location = Location::parse(&table.location, Path::new("/"))?;
    if table.ownership == Ownership::Managed {
        // Whoever may see the table may read what the warehouse holds of it, wherever that is.
        sources.storage.permit(&location);
    }
    let partitions = if table.partition_columns.is_empty() {
        Vec::new()
    } else {
        sources.catalog.partitions(&table.name).await?
    };
    let partitions = partitions
        .into_iter()
        .map(|partition| {
            let location = partition
                .location
                .as_deref()
                .map(|text| Location::parse(text, Path::new("/")));
            Ok(DeclaredPartition {
                values: partition.values,
                location: location.transpose()?,
                dropped: partition.dropped,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(table.declaration(location, partitions))
}
