//! A set of files as one table.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, DataFusionError, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::scalar::ScalarValue;
use futures::{StreamExt, TryStreamExt, stream};
use parquet::errors::ParquetError;
use serde::Deserialize;
use std::sync::Arc;

use super::files::parquet::{AnyCaseAdapterFactory, Footers, ReaderFactory, file_statistics, schema_of};
use super::hive::{self, ListedFile, PartitionColumns};
use super::schema;
use crate::error::{Error, ErrorCode, Result};
use crate::storage::{self, Location, QueryStorage};

/// Limits of listing and of reading footers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most objects that one location may hold.
    pub listing_limit_objects: usize,
    /// The most files whose footers are read to find the schema of a table; of more, so many are taken evenly.
    pub inference_files: usize,
    /// The most footers read at once.
    pub footers_in_flight: usize,
    /// The memory that the footers of one table may take, in bytes; further ones are read again when scanned.
    pub footer_cache_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listing_limit_objects: 1_000_000,
            inference_files: 1_000,
            footers_in_flight: 32,
            footer_cache_bytes: 256 << 20,
        }
    }
}

/// Files of one format in one store, listed once, under one schema: the files' columns, then those that their path spells.
#[derive(Debug)]
pub struct FileTable {
    store_url: ObjectStoreUrl,
    columns: TableSchema,
    files: Vec<PartitionedFile>,
    footers: Arc<Footers>,
    all_files_merged: bool,
}

impl FileTable {
    /// Lists the files at `location` and finds their common schema from their footers.
    ///
    /// # Errors
    /// Those of the listing (`TABLE_NOT_FOUND`, `NOT_SUPPORTED` …), `BAD_DATA` if a file is not Parquet or clashes with
    /// another, and the storage's.
    pub async fn open(storage: &QueryStorage, location: &Location, settings: &Settings) -> Result<Self> {
        let store = storage.store(location)?;
        let store_url = storage.store_url(location)?;
        let listed = hive::list(store.as_ref(), location, settings.listing_limit_objects).await?;
        let footers = Arc::new(Footers::new(store, settings.footer_cache_bytes));
        let sample = evenly(listed.len(), settings.inference_files);
        let all_files_merged = sample.len() == listed.len();
        let schemas = read_schemas(&footers, &listed, &sample, location, settings.footers_in_flight).await?;
        let names: Vec<String> = sample.iter().map(|index| shown(location, &listed[*index])).collect();
        let named = names
            .iter()
            .map(String::as_str)
            .zip(schemas.iter().map(|(_, schema)| schema));
        let file_schema = schema::merge(named)?;
        let levels: Vec<_> = listed.iter().map(path_levels).collect();
        let taken: Vec<String> = file_schema
            .fields()
            .iter()
            .map(|field| field.name().to_lowercase())
            .collect();
        let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
        let partitions = PartitionColumns::infer(&levels, &taken)?;
        let mut files: Vec<PartitionedFile> = listed
            .into_iter()
            .zip(&levels)
            .map(|(file, (_, levels))| {
                PartitionedFile::from(file.object).with_partition_values(partitions.values(levels))
            })
            .collect();
        for (index, own) in &schemas {
            let file = &mut files[*index];
            // A footer that was too many to keep is not read a second time for its statistics: they stay unknown.
            let Some(footer) = footers.at_hand(file.path()) else {
                continue;
            };
            let statistics = file_statistics(&footer, own, &file_schema);
            file.statistics = Some(Arc::new(with_partitions(statistics, &file.partition_values)));
        }
        let columns = TableSchema::builder(file_schema)
            .with_table_partition_cols(partitions.fields().to_vec())
            .build();
        Ok(Self {
            store_url,
            columns,
            files,
            footers,
            all_files_merged,
        })
    }

    /// Whether a filter looks at a column of floating-point numbers.
    fn mention_floats(&self, filters: &[Expr]) -> bool {
        let schema = self.columns.table_schema();
        let is_float = |name: &str| {
            schema
                .field_with_name(name)
                .is_ok_and(|field| field.data_type().is_floating())
        };
        filters
            .iter()
            .any(|filter| filter.column_refs().iter().any(|column| is_float(column.name())))
    }

    /// The files that `filters` over partition columns leave. A filter that cannot be decided leaves every file.
    fn matching(&self, state: &dyn Session, filters: &[Expr]) -> datafusion::common::Result<Vec<PartitionedFile>> {
        let partitions = Arc::new(Schema::new(self.columns.table_partition_cols().clone()));
        let about_paths: Vec<&Expr> = filters.iter().filter(|filter| is_about(filter, &partitions)).collect();
        if about_paths.is_empty() || self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let batch = partition_batch(&partitions, &self.files)?;
        let df_schema = DFSchema::try_from(Arc::clone(&partitions))?;
        let mut keep = vec![true; self.files.len()];
        for filter in about_paths {
            let decided = state
                .create_physical_expr(unqualified(filter)?, &df_schema)?
                .evaluate(&batch);
            let Ok(decided) = decided.and_then(|value| value.into_array(self.files.len())) else {
                continue;
            };
            let Ok(decided) = datafusion::common::cast::as_boolean_array(&decided).cloned() else {
                continue;
            };
            mark(&mut keep, &decided);
        }
        let files = self.files.iter().zip(keep).filter(|(_, keep)| *keep);
        Ok(files.map(|(file, _)| file.clone()).collect())
    }
}

/// Clears `keep` where the filter is false or NULL.
fn mark(keep: &mut [bool], decided: &BooleanArray) {
    for (keep, decided) in keep.iter_mut().zip(decided.iter()) {
        *keep &= decided == Some(true);
    }
}

fn is_about(filter: &Expr, partitions: &Schema) -> bool {
    let columns = filter.column_refs();
    !columns.is_empty()
        && !filter.is_volatile()
        && columns
            .iter()
            .all(|column| partitions.field_with_name(column.name()).is_ok())
}

/// `filter` with bare column names, as the batch of partition values has them.
fn unqualified(filter: &Expr) -> datafusion::common::Result<Expr> {
    use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
    filter
        .clone()
        .transform(|expr| match expr {
            Expr::Column(column) if column.relation.is_some() => Ok(Transformed::yes(Expr::Column(
                datafusion::common::Column::new_unqualified(column.name),
            ))),
            other => Ok(Transformed::no(other)),
        })
        .data()
}

/// One row a file, one column a partition column.
fn partition_batch(schema: &SchemaRef, files: &[PartitionedFile]) -> datafusion::common::Result<RecordBatch> {
    let columns = (0..schema.fields().len())
        .map(|index| ScalarValue::iter_to_array(files.iter().map(|file| file.partition_values[index].clone())))
        .collect::<datafusion::common::Result<Vec<ArrayRef>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(files.len()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

/// The directories of a file that read `key=value`, beside its path.
fn path_levels(file: &ListedFile) -> (String, hive::Levels) {
    let path = file.object.location.as_ref();
    (path.to_owned(), hive::levels(path))
}

/// `limit` indices of `count`, the first and the last among them.
fn evenly(count: usize, limit: usize) -> Vec<usize> {
    let limit = limit.max(2);
    if count <= limit {
        return (0..count).collect();
    }
    (0..limit).map(|step| step * (count - 1) / (limit - 1)).collect()
}

/// The schemas of the files at `sample`, by index.
async fn read_schemas(
    footers: &Arc<Footers>,
    files: &[ListedFile],
    sample: &[usize],
    location: &Location,
    in_flight: usize,
) -> Result<Vec<(usize, Schema)>> {
    stream::iter(sample.iter().copied())
        .map(|index| {
            let object = &files[index].object;
            async move {
                let failed = |error| footer_error(error, location.object(&object.location));
                let footer = footers.get(object).await.map_err(failed)?;
                let schema = schema_of(&footer).map_err(failed)?;
                Ok((index, schema))
            }
        })
        .buffered(in_flight.max(1))
        .try_collect()
        .await
}

/// A file as messages name it.
fn shown(location: &Location, file: &ListedFile) -> String {
    location.object(&file.object.location).to_string()
}

fn footer_error(error: ParquetError, file: Location) -> Error {
    storage::from_chain(&error).unwrap_or_else(|| {
        let message = format!("\"{file}\" is not a readable Parquet file: {error}");
        Error::new(ErrorCode::BadData, message).caused_by(error)
    })
}

/// Each group with the statistics of its files, and those of all; unknown unless every file's are `known`.
fn summed(
    groups: Vec<FileGroup>,
    schema: &SchemaRef,
    known: bool,
) -> datafusion::common::Result<(Vec<FileGroup>, Statistics)> {
    if !known {
        return Ok((groups, Statistics::new_unknown(schema)));
    }
    let sum = |files: &[PartitionedFile]| {
        Statistics::try_merge_iter(files.iter().filter_map(|file| file.statistics.as_deref()), schema)
    };
    let groups = groups
        .into_iter()
        .map(|group| Ok(Arc::new(sum(group.files())?)).map(|statistics| group.with_statistics(statistics)))
        .collect::<datafusion::common::Result<Vec<_>>>()?;
    let all = Statistics::try_merge_iter(groups.iter().filter_map(|group| group.file_statistics(None)), schema)?;
    Ok((groups, all))
}

/// `statistics` of a file's own columns, then those of its partition columns: every row has the one value, or NULL.
fn with_partitions(mut statistics: Statistics, values: &[ScalarValue]) -> Statistics {
    for value in values {
        let column = if value.is_null() {
            ColumnStatistics {
                null_count: statistics.num_rows,
                ..ColumnStatistics::new_unknown()
            }
        } else {
            ColumnStatistics {
                null_count: Precision::Exact(0),
                max_value: Precision::Exact(value.clone()),
                min_value: Precision::Exact(value.clone()),
                distinct_count: Precision::Exact(1),
                ..ColumnStatistics::new_unknown()
            }
        };
        statistics.column_statistics.push(column);
    }
    statistics
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.columns.table_schema())
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
        let files = self.matching(state, filters)?;
        if files.is_empty() {
            let schema = datafusion::common::project_schema(&self.schema(), projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let known = files.iter().all(|file| file.statistics.is_some());
        let groups = FileGroup::new(files).split_files(state.config().target_partitions().max(1));
        let (groups, statistics) = summed(groups, &self.schema(), known)?;
        let readers = ReaderFactory::new(
            Arc::clone(&self.footers),
            Arc::clone(self.columns.file_schema()),
            self.all_files_merged,
        );
        let mut options = state.default_table_options().parquet;
        if self.mention_floats(filters) {
            // Minimum and maximum in a file leave NaN out: what they rule out may hold it.
            options.global.pruning = false;
            options.global.enable_page_index = false;
            options.global.bloom_filter_on_read = false;
        }
        let source = ParquetSource::new(self.columns.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(readers));
        let config = FileScanConfigBuilder::new(self.store_url.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_expr_adapter(Some(Arc::new(AnyCaseAdapterFactory)))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn statistics(&self) -> Option<Statistics> {
        None
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_holds_the_first_and_the_last_file() {
        assert_eq!(evenly(3, 5), [0, 1, 2]);
        assert_eq!(evenly(101, 5), [0, 25, 50, 75, 100]);
    }
}
