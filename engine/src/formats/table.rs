//! A set of files as one table, under the schema that they have.

use arrow::datatypes::{FieldRef, Fields, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Statistics};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

use super::files::{self, Origin, Place, TableFile, TableReader};
use super::hive::{self, PartitionColumns};
use super::scan::{Request, ScanFile, Scanner, matching};
use super::{Format, Formats, Settings, schema};
use crate::error::{Error, ErrorCode, Result};
use crate::storage::{Location, QueryStorage};

/// Files of one format, listed once, under one schema: the files' columns, then those that their path spells.
#[derive(Debug)]
pub struct FileTable {
    scanner: Scanner,
    format: Format,
    files: Vec<ScanFile>,
}

impl FileTable {
    /// Lists the files at `locations`, in one store or several, and finds their format by their endings and their common
    /// schema from what they hold.
    ///
    /// # Errors
    /// `TABLE_NOT_FOUND` for a location with no file, `NOT_SUPPORTED` for files of several formats or of none that is known, those
    /// of listing, `BAD_DATA` if a file is not of its format or clashes with another, and the storage's.
    pub async fn open(storage: &QueryStorage, locations: &[Location], formats: &Formats) -> Result<Self> {
        Self::open_as(storage, locations, None, formats).await
    }

    /// The same, with files of `format` whatever their names, if it is given.
    pub(super) async fn open_as(
        storage: &QueryStorage,
        locations: &[Location],
        format: Option<&Format>,
        formats: &Formats,
    ) -> Result<Self> {
        let (format, listed) = list(storage, locations, format, &formats.settings).await?;
        let reader = files::reader(&format, formats)?;
        let (file_schema, origin) = infer(reader.as_ref(), &listed, formats.settings.inference_files).await?;
        let levels: Vec<_> = listed
            .iter()
            .map(|file| (file.shown(), hive::levels(file.object.location.as_ref())))
            .collect();
        let partitions = PartitionColumns::infer(&levels)?;
        let file_schema = without(&file_schema, partitions.fields());
        let files = listed
            .into_iter()
            .zip(&levels)
            .map(|(file, (_, levels))| {
                let file = ScanFile {
                    file,
                    partition_values: partitions.values(levels),
                    statistics: None,
                };
                file.known_to(reader.as_ref(), &file_schema)
            })
            .collect();
        let columns = TableSchema::builder(file_schema)
            .with_table_partition_cols(partitions.fields().to_vec())
            .build();
        let scanner = Scanner {
            columns,
            reader,
            origin,
        };
        Ok(Self { scanner, format, files })
    }

    /// The format of the files.
    pub(super) fn format(&self) -> &Format {
        &self.format
    }

    /// The files' own columns, and those of their paths.
    pub(super) fn columns(&self) -> &TableSchema {
        &self.scanner.columns
    }

    /// How many files there are, and how many bytes they have.
    pub(super) fn size(&self) -> (usize, u64) {
        let bytes = self.files.iter().map(|file| file.file.object.size).sum();
        (self.files.len(), bytes)
    }

    /// The files that `filters` over partition columns leave.
    fn matching(&self, state: &dyn Session, filters: &[Expr]) -> datafusion::common::Result<Vec<ScanFile>> {
        let partitions = Arc::new(Schema::new(self.columns().table_partition_cols().clone()));
        let values: Vec<_> = self.files.iter().map(|file| file.partition_values.as_slice()).collect();
        let keep = matching(state, filters, &partitions, &values)?;
        let files = self.files.iter().zip(keep).filter(|(_, keep)| *keep);
        Ok(files.map(|(file, _)| file.clone()).collect())
    }
}

/// The files at each location and the format that they have. A file that two locations name is one file.
async fn list(
    storage: &QueryStorage,
    locations: &[Location],
    format: Option<&Format>,
    settings: &Settings,
) -> Result<(Format, Vec<TableFile>)> {
    let mut listed: Vec<TableFile> = Vec::new();
    let mut common: Option<Format> = format.cloned();
    for location in locations {
        let place = Arc::new(Place {
            location: location.clone(),
            store: storage.store(location)?,
            store_url: storage.store_url(location)?,
        });
        let objects = hive::list(place.store.as_ref(), location, settings.listing_limit_objects).await?;
        if objects.is_empty() {
            let message = format!("there is no file at \"{location}\"; check the path");
            return Err(Error::new(ErrorCode::TableNotFound, message));
        }
        let found: Vec<TableFile> = objects
            .into_iter()
            .map(|object| TableFile {
                place: Arc::clone(&place),
                object,
            })
            .collect();
        if format.is_none()
            && let Some(own) = files::common_format(&found, location)?
        {
            refuse_other(common.as_ref(), own.name(), location)?;
            common = Some(Format::plain(own));
        }
        listed.extend(found);
    }
    let key = |file: &TableFile| (file.place.store_url.as_str().to_owned(), file.object.location.clone());
    if locations.len() > 1 {
        listed.sort_by_cached_key(key);
        listed.dedup_by(|a, b| a.place.store_url == b.place.store_url && a.object.location == b.object.location);
    }
    Ok((common.unwrap_or_else(Format::parquet), listed))
}

fn refuse_other(common: Option<&Format>, own: &str, location: &Location) -> Result<()> {
    match common {
        Some(known) if known.name() != own => Err(Error::new(
            ErrorCode::NotSupported,
            format!(
                "the files at \"{location}\" are {own}, those at the locations before it {}; one table has one format",
                known.name()
            ),
        )),
        _ => Ok(()),
    }
}

/// The common schema of `files`, of which at most `limit` are looked at.
async fn infer(reader: &dyn TableReader, files: &[TableFile], limit: usize) -> Result<(SchemaRef, Origin)> {
    let sample: Vec<TableFile> = evenly(files.len(), limit)
        .into_iter()
        .map(|index| files[index].clone())
        .collect();
    let origin = if sample.len() == files.len() {
        Origin::AllFiles
    } else {
        Origin::SomeFiles
    };
    Ok((reader.infer(&sample).await?, origin))
}

/// The columns of `files` but those that the paths spell, as Hive and Spark have it: a table is divided, and pruned, by its paths.
fn without(files: &SchemaRef, paths: &[FieldRef]) -> SchemaRef {
    let is_own = |field: &&FieldRef| !schema::is_among(paths, field.name());
    let own: Fields = files.fields().iter().filter(is_own).cloned().collect();
    Arc::new(Schema::new(own))
}

/// `limit` indices of `count`, the first and the last among them.
fn evenly(count: usize, limit: usize) -> Vec<usize> {
    let limit = limit.max(2);
    if count <= limit {
        return (0..count).collect();
    }
    (0..limit).map(|step| step * (count - 1) / (limit - 1)).collect()
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.columns().table_schema())
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
        let request = Request {
            projection,
            filters,
            limit,
        };
        self.scanner.plan(state, files, request)
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
