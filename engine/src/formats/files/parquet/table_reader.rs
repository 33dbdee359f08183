//! Parquet as one of the formats.

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::common::Statistics;
use datafusion::datasource::physical_plan::{FileSource, ParquetSource};
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;

use super::intervals::columns_of_intervals;
use super::named::NamedSource;
use super::{Footers, ReaderFactory, file_statistics, footer_error, schema_of};
use crate::error::Result;
use crate::formats::files::{OptionRule, Scan, TableFile, TableFormat, TableReader};
use crate::formats::write::PARQUET_OPTIONS;
use crate::formats::{Format, Formats, schema};

/// Apache Parquet.
#[derive(Debug)]
pub struct Parquet;

impl TableFormat for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["parquet", "parq", "pqt", "pq"]
    }

    fn options(&self) -> &'static [OptionRule] {
        PARQUET_OPTIONS
    }

    fn reader(&self, _format: &Format, formats: &Formats) -> Result<Arc<dyn TableReader>> {
        Ok(Arc::new(ParquetReader {
            footers: Arc::new(Footers::new(formats.settings.footer_cache_bytes, &formats.footers)),
            in_flight: formats.settings.footers_in_flight.max(1),
        }))
    }
}

#[derive(Debug)]
struct ParquetReader {
    footers: Arc<Footers>,
    in_flight: usize,
}

impl ParquetReader {
    /// The schema that the footer of `file` declares.
    async fn schema(&self, file: &TableFile) -> Result<Schema> {
        let failed = |error| footer_error(error, file);
        let footer = self.footers.get(file).await.map_err(failed)?;
        schema_of(&footer).map_err(failed)
    }
}

#[async_trait]
impl TableReader for ParquetReader {
    async fn infer(&self, sample: &[TableFile]) -> Result<SchemaRef> {
        let schemas: Vec<Schema> = stream::iter(0..sample.len())
            .map(|index| self.schema(&sample[index]))
            .buffered(self.in_flight)
            .try_collect()
            .await?;
        let names: Vec<String> = sample.iter().map(TableFile::shown).collect();
        schema::merge(names.iter().map(String::as_str).zip(&schemas))
    }

    /// The footers, which the scan needs as well.
    async fn look_at(&self, files: &[TableFile]) -> Result<()> {
        stream::iter(0..files.len())
            .map(|index| async move {
                let file = &files[index];
                self.footers.get(file).await.map_err(|error| footer_error(error, file))
            })
            .buffer_unordered(self.in_flight)
            .try_for_each(|_| async { Ok(()) })
            .await
    }

    /// Of a footer that was too many to keep nothing is known: it is not read a second time for its statistics.
    fn statistics(&self, file: &TableFile, table: &SchemaRef) -> Option<Statistics> {
        let footer = self.footers.at_hand(file)?;
        let own = schema_of(&footer).ok()?;
        Some(file_statistics(&footer, &own, table))
    }

    fn source(&self, scan: Scan<'_>) -> Result<Arc<dyn FileSource>> {
        let readers = ReaderFactory::new(
            Arc::clone(&self.footers),
            Arc::clone(scan.place),
            scan.columns.clone(),
            scan.origin,
            columns_of_intervals(scan.columns.file_schema(), scan.projection),
        );
        let mut options = scan.session.default_table_options().parquet;
        if scan.filters_floats {
            // Minimum and maximum in a file leave NaN out: what they rule out may hold it.
            options.global.pruning = false;
            options.global.enable_page_index = false;
            options.global.bloom_filter_on_read = false;
        }
        let source = ParquetSource::new(scan.columns.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(readers));
        Ok(NamedSource::over(Arc::new(source), scan.place))
    }
}
