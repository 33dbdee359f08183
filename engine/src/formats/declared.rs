//! A table whose columns, format and partitions somebody wrote down.

use arrow::datatypes::{FieldRef, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

use super::files::{self, Origin, TableFile, TableReader};
use super::hive::{Discovery, Filters};
use super::scan::{Request, ScanFile, Scanner};
use super::{Format, Formats};
use crate::error::Result;
use crate::storage::{Location, QueryStorage};

/// What a table is, as the catalogue keeps it.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Its name, for messages.
    pub name: String,
    /// The directory, file or pattern that its files are at.
    pub location: Location,
    /// How its files are written.
    pub format: Format,
    /// The columns that stand in the files.
    pub columns: SchemaRef,
    /// The columns that stand in the paths, outermost directory first. None of them is among [`Self::columns`].
    pub partition_columns: Vec<FieldRef>,
    /// The partitions that are registered, in any order. Those that lie in the table's directory are found without that.
    pub partitions: Vec<DeclaredPartition>,
}

/// A partition: values for the partition columns, and where its files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredPartition {
    /// The value of each partition column, in their order, as text; `None` is NULL.
    pub values: Vec<Option<String>>,
    /// Its directory; none if it lies where the table's layout puts it.
    pub location: Option<Location>,
    /// Whether its files are there and are not read.
    pub dropped: bool,
}

/// A table of files that were declared. It is made without any request; its files are listed when it is scanned, when the filters
/// are known.
#[derive(Debug)]
pub struct DeclaredTable {
    storage: Arc<QueryStorage>,
    declaration: Declaration,
    formats: Arc<Formats>,
    scanner: Scanner,
}

impl DeclaredTable {
    /// The table of `declaration`, for the query that `storage` belongs to.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` if the query may not reach the location; `BAD_DATA` for a registered partition whose values do not fit
    /// the partition columns.
    pub fn new(storage: Arc<QueryStorage>, declaration: Declaration, formats: Arc<Formats>) -> Result<Self> {
        storage.store(&declaration.location)?;
        let reader = files::reader(&declaration.format, &formats)?;
        let columns = TableSchema::builder(Arc::clone(&declaration.columns))
            .with_table_partition_cols(declaration.partition_columns.clone())
            .build();
        Ok(Self {
            storage,
            declaration,
            formats,
            scanner: Scanner {
                columns,
                reader,
                origin: Origin::Declared,
            },
        })
    }

    /// The files that `filters` leave, with what is known of their rows.
    async fn files(&self, state: &dyn Session, filters: &[Expr], limit: Option<usize>) -> Result<Vec<ScanFile>> {
        let discovery = Discovery::new(&self.storage, &self.declaration, &self.formats.settings)?;
        let files = discovery.files(Filters { state, filters }).await?;
        // The first rows of many files are had without a look at each of them.
        let worth_it = files.len() <= self.formats.settings.inference_files && (limit.is_none() || files.len() == 1);
        if !worth_it {
            return Ok(files);
        }
        let listed: Vec<TableFile> = files.iter().map(|file| file.file.clone()).collect();
        let reader: &dyn TableReader = self.scanner.reader.as_ref();
        reader.look_at(&listed).await?;
        let schema = self.scanner.columns.file_schema();
        Ok(files.into_iter().map(|file| file.known_to(reader, schema)).collect())
    }
}

/// The partitions that the table has: those that lie in its directory and those that are registered, without those that were
/// dropped. Sorted by their values.
///
/// # Errors
/// `BAD_DATA` that names the path of a directory whose value is none of its column's type; those of listing.
pub async fn find_partitions(
    storage: &Arc<QueryStorage>,
    declaration: &Declaration,
    formats: &Formats,
) -> Result<Vec<DeclaredPartition>> {
    Discovery::new(storage, declaration, &formats.settings)?
        .partitions()
        .await
}

/// Refuses a table whose directories name its partition columns in another order than `declaration` does, or below levels of other
/// names: it could not be read. Lists one level, one more for each level of another name, and nothing for a table without partition
/// columns.
///
/// # Errors
/// `BAD_DATA` that names such a directory; `INVALID_VALUE` for a place that is a file by its name; the storage's own.
pub async fn check_partition_order(
    storage: &Arc<QueryStorage>,
    declaration: &Declaration,
    formats: &Formats,
) -> Result<()> {
    Discovery::new(storage, declaration, &formats.settings)?
        .check_order()
        .await
}

#[async_trait]
impl TableProvider for DeclaredTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.scanner.columns.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::common::Result<Vec<TableProviderFilterPushDown>> {
        // Every filter is evaluated again above the scan: what is pushed down only saves work.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let files = self.files(state, filters, limit).await?;
        let request = Request {
            projection,
            filters,
            limit,
        };
        self.scanner.plan(state, files, request)
    }
}
