//! How `DataFusion`'s Parquet scan reads bytes: through the query's own store and the query's own footers.

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::object_store::{ObjectStore, ObjectStoreExt};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use std::ops::Range;
use std::sync::Arc;

use super::footer_error;
use super::footers::{Footers, check_within, schema_of};
use super::intervals::refuse_months;
use super::page_index;
use crate::formats::files::{Origin, Place, TableFile};
use crate::formats::schema;

/// Makes a reader for each file of one table at one place.
#[derive(Debug)]
pub struct ReaderFactory {
    footers: Arc<Footers>,
    place: Arc<Place>,
    columns: TableSchema,
    origin: Origin,
    intervals: Arc<[String]>,
}

impl ReaderFactory {
    /// Readers over `footers`. The files' own `columns` are from `origin`: unless every file was looked
    /// at, each is checked against it before its first byte of data is read. `intervals` are the names, in lower case, of the columns of intervals that are
    /// read.
    pub fn new(
        footers: Arc<Footers>,
        place: Arc<Place>,
        columns: TableSchema,
        origin: Origin,
        intervals: Vec<String>,
    ) -> Self {
        Self {
            footers,
            place,
            columns,
            origin,
            intervals: intervals.into(),
        }
    }
}

impl ParquetFileReaderFactory for ReaderFactory {
    fn create_reader(
        &self,
        _partition_index: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        Ok(Box::new(Reader {
            footers: Arc::clone(&self.footers),
            file: TableFile {
                place: Arc::clone(&self.place),
                object: file.object_meta,
            },
            columns: self.columns.clone(),
            origin: self.origin,
            intervals: Arc::clone(&self.intervals),
            page_index: None,
        }))
    }
}

struct Reader {
    footers: Arc<Footers>,
    file: TableFile,
    columns: TableSchema,
    origin: Origin,
    intervals: Arc<[String]>,
    /// Where the page index lies, once the footer is known.
    page_index: Option<Range<u64>>,
}

impl Reader {
    fn store(&self) -> &dyn ObjectStore {
        self.file.place.store.as_ref()
    }

    async fn footer(&mut self) -> Result<Arc<ParquetMetaData>, ParquetError> {
        let failed = |error| external(footer_error(error, &self.file));
        let footer = self.footers.get(&self.file).await.map_err(failed)?;
        if self.origin != Origin::AllFiles {
            let own = schema_of(&footer).map_err(failed)?;
            schema::check_fits(&self.file.shown(), &own, &self.columns, self.origin).map_err(external)?;
        }
        refuse_months(&footer, &self.file.shown(), &self.intervals).map_err(external)?;
        self.page_index = page_index::range(&footer);
        Ok(footer)
    }
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> ParquetError {
    ParquetError::External(Box::new(error))
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        async move {
            if self.page_index.as_ref() == Some(&range) {
                return self.footers.page_index(&self.file, range).await;
            }
            check_within(&self.file.object, &range)?;
            self.store()
                .get_range(&self.file.object.location, range)
                .await
                .map_err(external)
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        async move {
            for range in &ranges {
                check_within(&self.file.object, range)?;
            }
            self.store()
                .get_ranges(&self.file.object.location, &ranges)
                .await
                .map_err(external)
        }
        .boxed()
    }

    /// The footer, with the page index if it is at hand: whoever needs it asks for its bytes otherwise, which come by
    /// [`Self::get_bytes`].
    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        async move { self.footer().await }.boxed()
    }
}
