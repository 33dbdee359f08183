//! The scan of formats that are read from the beginning to the end: no part of such a file can be found without what is before it.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::projection::{ProjectionOpener, SplitProjection};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::object_store::ObjectStore;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use std::fmt::Debug;
use std::sync::Arc;

use super::{Origin, Place, Scan, TableFile};
use crate::error::Result;

/// Reads the rows of one file. Errors name the file.
#[async_trait]
pub trait RowReader: Debug + Send + Sync {
    /// The format's name.
    fn name(&self) -> &'static str;

    /// The rows of `file`, in order, in batches of at most `wanted.batch_rows` rows that have the columns of `wanted`.
    async fn rows(&self, file: TableFile, wanted: Wanted) -> Result<BoxStream<'static, Result<RecordBatch>>>;
}

/// Which columns a scan wants of each file.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// All columns that the table has in its files, then those of its paths.
    pub table: TableSchema,
    /// The wanted ones of the files, by their places.
    pub columns: Vec<usize>,
    /// The schema of the batches: the wanted columns.
    pub schema: SchemaRef,
    pub origin: Origin,
    pub batch_rows: usize,
}

/// The source of a scan through a [`RowReader`].
#[derive(Clone)]
pub struct RowSource {
    reader: Arc<dyn RowReader>,
    place: Arc<Place>,
    columns: TableSchema,
    projection: SplitProjection,
    origin: Origin,
    batch_rows: usize,
    metrics: ExecutionPlanMetricsSet,
}

impl RowSource {
    /// The source of `scan`, of all columns as yet.
    pub fn new(reader: Arc<dyn RowReader>, scan: &Scan<'_>) -> Self {
        Self {
            reader,
            place: Arc::clone(scan.place),
            columns: scan.columns.clone(),
            projection: SplitProjection::unprojected(scan.columns),
            origin: scan.origin,
            batch_rows: scan.session.config().batch_size(),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl FileSource for RowSource {
    /// The given store is the query's own, which [`Place`] has as well.
    fn create_file_opener(
        &self,
        _: Arc<dyn ObjectStore>,
        _: &FileScanConfig,
        _: usize,
    ) -> DataFusionResult<Arc<dyn FileOpener>> {
        let table = self.columns.file_schema();
        let wanted = Wanted {
            table: self.columns.clone(),
            columns: self.projection.file_indices.clone(),
            schema: Arc::new(table.project(&self.projection.file_indices)?),
            origin: self.origin,
            batch_rows: self.batch_rows.max(1),
        };
        let opener = RowOpener {
            reader: Arc::clone(&self.reader),
            place: Arc::clone(&self.place),
            wanted,
        };
        ProjectionOpener::try_new(self.projection.clone(), Arc::new(opener), table)
    }

    fn table_schema(&self) -> &TableSchema {
        &self.columns
    }

    fn with_batch_size(&self, batch_rows: usize) -> Arc<dyn FileSource> {
        Arc::new(Self {
            batch_rows,
            ..self.clone()
        })
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        Some(&self.projection.source)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> DataFusionResult<Option<Arc<dyn FileSource>>> {
        let merged = self.projection.source.try_merge(projection)?;
        Ok(Some(Arc::new(Self {
            projection: SplitProjection::new(self.columns.file_schema(), &merged),
            ..self.clone()
        })))
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        &self.metrics
    }

    fn file_type(&self) -> &str {
        self.reader.name()
    }

    /// No: where a record begins is not known without those before it.
    fn supports_repartitioning(&self) -> bool {
        false
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        datafusion::physical_plan::apply_expression_roots(self.projection.source.iter(), f)
    }
}

struct RowOpener {
    reader: Arc<dyn RowReader>,
    place: Arc<Place>,
    wanted: Wanted,
}

impl FileOpener for RowOpener {
    fn open(&self, file: PartitionedFile) -> DataFusionResult<FileOpenFuture> {
        let file = TableFile {
            place: Arc::clone(&self.place),
            object: file.object_meta,
        };
        let (reader, wanted) = (Arc::clone(&self.reader), self.wanted.clone());
        Ok(Box::pin(async move {
            let rows = reader.rows(file, wanted).await?;
            Ok(rows.map_err(DataFusionError::from).boxed())
        }))
    }
}
