//! From the files of a table to the plan that reads them, the same for every format.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, ColumnStatistics, DFSchema, Result, Statistics, project_schema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

use super::files::parquet::AnyCaseAdapterFactory;
use super::files::{Origin, Place, Scan, TableFile, TableReader};

/// A file with the values that its path has for the partition columns, and what is known of its rows.
#[derive(Clone, Debug)]
pub struct ScanFile {
    pub file: TableFile,
    pub partition_values: Vec<ScalarValue>,
    pub statistics: Option<Arc<Statistics>>,
}

impl ScanFile {
    /// The same file with what `reader` knows of it, for the columns of `table`.
    pub fn known_to(mut self, reader: &dyn TableReader, table: &SchemaRef) -> Self {
        let statistics = reader.statistics(&self.file, table);
        self.statistics = statistics.map(|statistics| Arc::new(with_partitions(statistics, &self.partition_values)));
        self
    }
}

/// What does not change from one scan of a table to the next.
#[derive(Clone, Debug)]
pub struct Scanner {
    /// The files' columns, then those that their paths spell.
    pub columns: TableSchema,
    pub reader: Arc<dyn TableReader>,
    pub origin: Origin,
}

/// What a scan was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub projection: Option<&'a Vec<usize>>,
    pub filters: &'a [Expr],
    pub limit: Option<usize>,
}

impl Scanner {
    /// The plan that reads `files`. The filters have been used on the partition columns already.
    pub fn plan(
        &self,
        state: &dyn Session,
        files: Vec<ScanFile>,
        request: Request<'_>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut scans = Vec::new();
        for (place, files) in by_place(files) {
            scans.push(self.plan_place(state, &place, files, request)?);
        }
        match scans.len() {
            0 => {
                let schema = project_schema(self.columns.table_schema(), request.projection)?;
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(scans.remove(0)),
            _ => UnionExec::try_new(scans),
        }
    }

    fn plan_place(
        &self,
        state: &dyn Session,
        place: &Arc<Place>,
        files: Vec<ScanFile>,
        request: Request<'_>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.columns.table_schema();
        let known = files.iter().all(|file| file.statistics.is_some());
        let files = files.into_iter().map(partitioned_file).collect();
        let groups = FileGroup::new(files).split_files(state.config().target_partitions().max(1));
        let (groups, statistics) = summed(groups, schema, known)?;
        let source = self.reader.source(Scan {
            place,
            columns: &self.columns,
            projection: request.projection.map(Vec::as_slice),
            origin: self.origin,
            session: state,
            filters_floats: mention_floats(request.filters, schema),
        })?;
        let source = pruned_by(source, state, request.filters, schema)?;
        let config = FileScanConfigBuilder::new(place.store_url.clone(), source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(request.projection.cloned())?
            .with_limit(request.limit)
            .with_expr_adapter(Some(Arc::new(AnyCaseAdapterFactory)))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// `source` with what of `filters` it can skip rows by. They are evaluated again above the scan.
///
/// The optimizer's rule for this knows columns by their names alone: above a join whose sides share one, it gives the one side
/// the other's filter, and rows are lost. So it does not run, and the filters come from here.
fn pruned_by(
    source: Arc<dyn FileSource>,
    state: &dyn Session,
    filters: &[Expr],
    schema: &SchemaRef,
) -> Result<Arc<dyn FileSource>> {
    if filters.is_empty() {
        return Ok(source);
    }
    let df_schema = DFSchema::try_from(Arc::clone(schema))?;
    let filters = filters
        .iter()
        .filter(|filter| !filter.is_volatile())
        .map(|filter| state.create_physical_expr(unqualified(filter)?, &df_schema))
        .collect::<Result<Vec<_>>>()?;
    let pushed = source.try_pushdown_filters(filters, state.config_options())?;
    Ok(pushed.updated_node.unwrap_or(source))
}

/// The files of each place, in the order in which the places first appear.
fn by_place(files: Vec<ScanFile>) -> Vec<(Arc<Place>, Vec<ScanFile>)> {
    let mut places: Vec<(Arc<Place>, Vec<ScanFile>)> = Vec::new();
    for file in files {
        let own = file.file.place.store_url.clone();
        match places.iter_mut().find(|(place, _)| place.store_url == own) {
            Some((_, files)) => files.push(file),
            None => places.push((Arc::clone(&file.file.place), vec![file])),
        }
    }
    places
}

fn partitioned_file(file: ScanFile) -> PartitionedFile {
    let mut partitioned = PartitionedFile::from(file.file.object).with_partition_values(file.partition_values);
    partitioned.statistics = file.statistics;
    partitioned
}

/// Whether a filter looks at a column of floating-point numbers.
fn mention_floats(filters: &[Expr], schema: &Schema) -> bool {
    let is_float = |name: &str| {
        schema
            .field_with_name(name)
            .is_ok_and(|field| field.data_type().is_floating())
    };
    filters
        .iter()
        .any(|filter| filter.column_refs().iter().any(|column| is_float(column.name())))
}

/// Which of `rows`, each the values of the columns of `partitions`, the filters leave that look at those columns alone. A
/// filter that cannot be decided leaves every row.
pub fn matching(
    state: &dyn Session,
    filters: &[Expr],
    partitions: &SchemaRef,
    rows: &[&[ScalarValue]],
) -> Result<Vec<bool>> {
    let mut keep = vec![true; rows.len()];
    let about_paths: Vec<&Expr> = filters.iter().filter(|filter| is_about(filter, partitions)).collect();
    if about_paths.is_empty() || rows.is_empty() {
        return Ok(keep);
    }
    let batch = partition_batch(partitions, rows)?;
    let df_schema = DFSchema::try_from(Arc::clone(partitions))?;
    for filter in about_paths {
        let decided = state
            .create_physical_expr(unqualified(filter)?, &df_schema)?
            .evaluate(&batch);
        let Ok(decided) = decided.and_then(|value| value.into_array(rows.len())) else {
            continue;
        };
        let Ok(decided) = datafusion::common::cast::as_boolean_array(&decided).cloned() else {
            continue;
        };
        mark(&mut keep, &decided);
    }
    Ok(keep)
}

/// Clears `keep` where the filter is false or NULL.
fn mark(keep: &mut [bool], decided: &BooleanArray) {
    for (keep, decided) in keep.iter_mut().zip(decided.iter()) {
        *keep &= decided == Some(true);
    }
}

/// Whether `filter` can be decided from `partitions` alone.
pub fn is_about(filter: &Expr, partitions: &Schema) -> bool {
    let columns = filter.column_refs();
    !columns.is_empty()
        && !filter.is_volatile()
        && columns
            .iter()
            .all(|column| partitions.field_with_name(column.name()).is_ok())
}

/// `filter` with bare column names, as the batch of partition values has them.
fn unqualified(filter: &Expr) -> Result<Expr> {
    filter
        .clone()
        .transform(|expr| match expr {
            Expr::Column(column) if column.relation.is_some() => {
                Ok(Transformed::yes(Expr::Column(Column::new_unqualified(column.name))))
            }
            other => Ok(Transformed::no(other)),
        })
        .data()
}

/// One row a partition, one column a partition column.
fn partition_batch(schema: &SchemaRef, rows: &[&[ScalarValue]]) -> Result<RecordBatch> {
    let columns = (0..schema.fields().len())
        .map(|index| ScalarValue::iter_to_array(rows.iter().map(|values| values[index].clone())))
        .collect::<Result<Vec<ArrayRef>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

/// Each group with the statistics of its files, and those of all; unknown unless every file's are `known`.
fn summed(groups: Vec<FileGroup>, schema: &SchemaRef, known: bool) -> Result<(Vec<FileGroup>, Statistics)> {
    if !known {
        return Ok((groups, Statistics::new_unknown(schema)));
    }
    let sum = |files: &[PartitionedFile]| {
        Statistics::try_merge_iter(files.iter().filter_map(|file| file.statistics.as_deref()), schema)
    };
    let groups = groups
        .into_iter()
        .map(|group| Ok(Arc::new(sum(group.files())?)).map(|statistics| group.with_statistics(statistics)))
        .collect::<Result<Vec<_>>>()?;
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
