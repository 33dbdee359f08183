//! What a footer says of a file's rows, as far as it can be trusted.

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Statistics};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use parquet::file::metadata::ParquetMetaData;

use crate::formats::schema;

/// The statistics of one file for the columns of `table`: the exact number of rows, and minimum, maximum and NULL count of
/// each flat column that the file has under the same name and type. Everything else is unknown.
///
/// `DataFusion`'s own conversion counts every row as NULL for a column that it cannot find by its exact name, which turns
/// `count(column)` wrong; such columns never reach it.
#[must_use]
pub fn file_statistics(footer: &ParquetMetaData, file: &Schema, table: &SchemaRef) -> Statistics {
    let mut statistics = DFParquetMetadata::statistics_from_parquet_metadata(footer, table)
        .unwrap_or_else(|_| Statistics::new_unknown(table));
    for (index, field) in table.fields().iter().enumerate() {
        let own = file.field_with_name(field.name()).ok();
        let trusted = own.is_some_and(|own| {
            schema::readable(own.data_type()) == *field.data_type()
                && !field.data_type().is_nested()
                // Minimum and maximum in a footer leave NaN out, which is the greatest value here.
                && !field.data_type().is_floating()
        });
        if !trusted && let Some(column) = statistics.column_statistics.get_mut(index) {
            *column = ColumnStatistics::new_unknown();
        }
    }
    let rows: i64 = footer
        .row_groups()
        .iter()
        .map(parquet::file::metadata::RowGroupMetaData::num_rows)
        .sum();
    statistics.num_rows = usize::try_from(rows).map_or(Precision::Absent, Precision::Exact);
    statistics
}
