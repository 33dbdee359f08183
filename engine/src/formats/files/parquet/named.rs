//! Parquet's source, with the file's name in each error of decoding it: on its own it says that some page is corrupt.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::object_store::ObjectStore;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use futures::StreamExt;
use futures::stream::BoxStream;
use parquet::errors::ParquetError;
use std::fmt;
use std::sync::Arc;

use super::exact::NotAsDeclared;
use crate::error::{Error, ErrorCode};
use crate::formats::files::Place;
use crate::storage;

/// A source whose errors name the file. Everything else is the inner source's.
pub struct NamedSource {
    inner: Arc<dyn FileSource>,
    place: Arc<Place>,
}

impl NamedSource {
    /// `inner` over files at `place`.
    pub fn over(inner: Arc<dyn FileSource>, place: &Arc<Place>) -> Arc<dyn FileSource> {
        Arc::new(Self {
            inner,
            place: Arc::clone(place),
        })
    }

    fn again(&self, inner: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        Self::over(inner, &self.place)
    }
}

impl FileSource for NamedSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        self.inner.create_file_opener(store, config, partition)
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        Ok(Box::new(Named {
            inner: self.inner.create_morselizer(store, config, partition)?,
            name: Arc::clone(&self.place),
        }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        self.again(self.inner.with_batch_size(batch_size))
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_extra(t, f)
    }

    fn supports_repartitioning(&self) -> bool {
        self.inner.supports_repartitioning()
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let pushed = self.inner.try_pushdown_filters(filters, config)?;
        Ok(FilterPushdownPropagation {
            filters: pushed.filters,
            updated_node: pushed.updated_node.map(|inner| self.again(inner)),
        })
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        let pushed = self.inner.try_pushdown_sort(order, properties)?;
        Ok(match pushed {
            SortOrderPushdownResult::Exact { inner } => SortOrderPushdownResult::Exact {
                inner: self.again(inner),
            },
            SortOrderPushdownResult::Inexact { inner } => SortOrderPushdownResult::Inexact {
                inner: self.again(inner),
            },
            SortOrderPushdownResult::Unsupported => SortOrderPushdownResult::Unsupported,
        })
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        let pushed = self.inner.try_pushdown_projection(projection)?;
        Ok(pushed.map(|inner| self.again(inner)))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }
}

/// A part of a scan, and what its errors are named after: for the whole a place, for one file its name.
#[derive(Debug)]
struct Named<T, N> {
    inner: T,
    name: N,
}

impl Morselizer for Named<Box<dyn Morselizer>, Arc<Place>> {
    fn plan_file(&self, file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let name: Arc<str> = self.name.shown(&file.object_meta.location).into();
        let planner = self.inner.plan_file(file).map_err(|error| with_file(error, &name))?;
        Ok(planner_of(planner, &name))
    }
}

fn planner_of(inner: Box<dyn MorselPlanner>, name: &Arc<str>) -> Box<dyn MorselPlanner> {
    let name = Arc::clone(name);
    Box::new(Named { inner, name })
}

impl MorselPlanner for Named<Box<dyn MorselPlanner>, Arc<str>> {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { inner, name } = *self;
        let Some(mut plan) = inner.plan().map_err(|error| with_file(error, &name))? else {
            return Ok(None);
        };
        let named = |inner| -> Box<dyn Morsel> {
            Box::new(Named {
                inner,
                name: Arc::clone(&name),
            })
        };
        let morsels = plan.take_morsels().into_iter().map(named).collect();
        let planners = plan
            .take_ready_planners()
            .into_iter()
            .map(|planner| planner_of(planner, &name));
        let mut again = MorselPlan::new()
            .with_morsels(morsels)
            .with_planners(planners.collect());
        if let Some(pending) = plan.take_pending_planner() {
            again.set_pending_planner(async move {
                let planner = pending.await.map_err(|error| with_file(error, &name))?;
                Ok(planner_of(planner, &name))
            });
        }
        Ok(Some(again))
    }
}

impl Morsel for Named<Box<dyn Morsel>, Arc<str>> {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let Self { inner, name } = *self;
        let batches = inner.into_stream();
        batches
            .map(move |batch| batch.map_err(|error| with_file(error, &name)))
            .boxed()
    }
}

/// `error` as it is, unless it says that bytes are no Parquet: then one that names the file. What fails in an expression that is
/// evaluated while a file is read is not the file's fault.
fn with_file(error: DataFusionError, file: &str) -> DataFusionError {
    let Some(why) = undecodable(&error) else {
        return error;
    };
    if storage::from_chain(&error).is_some() {
        return error;
    }
    let message = format!("\"{file}\" cannot be read: {why}");
    Error::new(ErrorCode::BadData, message).caused_by(error).into()
}

/// What the decoder says, if it is the decoder that says something.
fn undecodable(error: &DataFusionError) -> Option<String> {
    // downcast: the libraries between us keep an error of the decoder as `dyn Error`.
    let own = |error: &(dyn std::error::Error + 'static)| error.downcast_ref::<Error>().is_some();
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => undecodable(inner),
        DataFusionError::Shared(inner) => undecodable(inner),
        DataFusionError::External(cause) => cause.downcast_ref::<NotAsDeclared>().map(ToString::to_string),
        DataFusionError::ParquetError(inner) => match inner.as_ref() {
            ParquetError::External(cause) if own(cause.as_ref()) => None,
            inner => Some(inner.to_string()),
        },
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::ParquetError(message) => Some(message.clone()),
            // downcast: as above.
            ArrowError::ExternalError(cause) => match cause.downcast_ref::<ParquetError>()? {
                ParquetError::External(cause) if own(cause.as_ref()) => None,
                inner => Some(inner.to_string()),
            },
            _ => None,
        },
        _ => None,
    }
}
