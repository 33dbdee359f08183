//! Which files a declared table has: the partitions in its directory and those that are registered, without those that a filter
//! on partition columns rules out before they are listed.

use arrow::datatypes::{FieldRef, Schema};
use datafusion::catalog::Session;
use datafusion::logical_expr::Expr;
use datafusion::object_store::{ListResult, path::Path};
use datafusion::scalar::ScalarValue;
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::layout;
use super::partitions::{level, typed};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::files::{self, Place, TableFile};
use crate::formats::scan::{ScanFile, is_about, matching};
use crate::formats::{Declaration, DeclaredPartition, Settings};
use crate::storage::{Location, QueryStorage};

/// More directories than this are not listed one by one if that would be most of what there is.
const WORTH_NARROWING: usize = 64;

/// The conjuncts of a scan, and what evaluates them.
#[derive(Clone, Copy)]
pub struct Filters<'a> {
    pub state: &'a dyn Session,
    pub filters: &'a [Expr],
}

/// The search for the files of one declared table.
#[derive(Debug)]
pub struct Discovery<'a> {
    storage: &'a QueryStorage,
    declaration: &'a Declaration,
    settings: &'a Settings,
    place: Arc<Place>,
    registered: Vec<Registered<'a>>,
    /// The values of partitions that are elsewhere or nowhere: what lies in the table's directory under them is not read.
    overridden: HashSet<Vec<ScalarValue>>,
}

#[derive(Debug)]
struct Registered<'a> {
    partition: &'a DeclaredPartition,
    values: Vec<ScalarValue>,
}

/// A directory below the table's, with the values of the levels down to it.
#[derive(Clone, Debug)]
struct Directory {
    path: Path,
    values: Vec<ScalarValue>,
    texts: Vec<Option<String>>,
}

impl<'a> Discovery<'a> {
    /// The search for the files of `declaration`. Nothing is listed yet.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a location out of reach; `BAD_DATA` for a registered value that is none of its column's type.
    pub fn new(storage: &'a QueryStorage, declaration: &'a Declaration, settings: &'a Settings) -> Result<Self> {
        let mut registered = Vec::with_capacity(declaration.partitions.len());
        for partition in &declaration.partitions {
            let values = registered_values(declaration, partition)?;
            registered.push(Registered { partition, values });
        }
        let moved = registered
            .iter()
            .filter(|known| known.partition.dropped || known.partition.location.is_some());
        let overridden = moved.map(|known| known.values.clone()).collect();
        Ok(Self {
            storage,
            declaration,
            settings,
            place: place(storage, &declaration.location)?,
            registered,
            overridden,
        })
    }

    /// The files of the partitions that the filters leave, sorted by place and path.
    ///
    /// # Errors
    /// `BAD_DATA` that names the path of a file that lies in no partition, or of a value that is none of its column's type;
    /// those of listing.
    pub async fn files(&self, filters: Filters<'_>) -> Result<Vec<ScanFile>> {
        let found = if self.fields().is_empty() {
            self.listed(&self.place, &self.declaration.location, &[]).await?
        } else {
            let mut files = self.found(filters).await?;
            files.extend(self.registered_elsewhere(filters).await?);
            files
        };
        let rows: Vec<&[ScalarValue]> = found.iter().map(|file| file.partition_values.as_slice()).collect();
        let keep = decided(filters, &self.schema(self.fields().len()), &rows)?;
        self.refuse_too_many(found.len())?;
        let kept = found.into_iter().zip(keep).filter(|(_, keep)| *keep);
        Ok(kept.map(|(file, _)| file).collect())
    }

    /// Refuses directories that are named after the partition columns in another order, or below levels that are none of theirs:
    /// those of the first level after a later column, and those that are found after any column on the way down from another one.
    /// Directories of other names alone are no mistake yet, since each may be registered as a partition.
    ///
    /// # Errors
    /// `BAD_DATA` that names such a directory; those of listing.
    pub async fn check_order(&self) -> Result<()> {
        let location = &self.declaration.location;
        if self.fields().is_empty() || location.is_glob() {
            return Ok(());
        }
        self.refuse_file().await?;
        let mut above = location.path().clone();
        loop {
            let listing = layout::list_level(self.place.store.as_ref(), location, &above).await?;
            let directories = &listing.common_prefixes;
            let first = usize::from(above == *location.path());
            let is_misplaced =
                |path: &&Path| (first..self.fields().len()).any(|depth| self.is_named_after(path, depth));
            if let Some(path) = directories.iter().find(is_misplaced) {
                return Err(self.outside(path, 0));
            }
            // One way down is enough: levels are the same everywhere, or reading says where they are not.
            let is_other_level =
                |path: &&Path| !self.is_named_after(path, 0) && path.filename().and_then(level).is_some();
            match directories.iter().find(is_other_level) {
                Some(path) => above = path.clone(),
                None => return Ok(()),
            }
        }
    }

    /// Refuses a place that is named as a file of the table's format, unless there is a directory of that name, as Spark makes them:
    /// a file has no partitions.
    async fn refuse_file(&self) -> Result<()> {
        let location = &self.declaration.location;
        let is_named_as_file = files::by_ending(location.path())
            .is_some_and(|format| format.name().eq_ignore_ascii_case(self.declaration.format.name()));
        if location.is_directory() || !is_named_as_file {
            return Ok(());
        }
        let directory = location.clone().into_directory();
        if !layout::list(
            self.place.store.as_ref(),
            &directory,
            self.settings.listing_limit_objects,
        )
        .await?
        .is_empty()
        {
            return Ok(());
        }
        let message = format!(
            "\"{location}\" is a file by its name, and a file has no partitions; put \"/\" at its end if a directory is meant"
        );
        Err(Error::new(ErrorCode::InvalidValue, message))
    }

    fn is_named_after(&self, path: &Path, depth: usize) -> bool {
        path.filename().is_some_and(|step| self.is_level(step, depth))
    }

    /// The partitions in the table's directory and those that are registered, without those that were dropped, by their values.
    ///
    /// # Errors
    /// As [`Self::files`].
    pub async fn partitions(&self) -> Result<Vec<DeclaredPartition>> {
        let mut level = vec![self.root()];
        for depth in 0..self.fields().len() {
            level = self.below(&level, depth).await?;
        }
        let mut seen: HashSet<Vec<ScalarValue>> = self.registered.iter().map(|known| known.values.clone()).collect();
        let mut partitions: Vec<DeclaredPartition> = self
            .registered
            .iter()
            .map(|known| known.partition.clone())
            .filter(|partition| !partition.dropped)
            .collect();
        if !self.fields().is_empty() {
            let new = level
                .into_iter()
                .filter(|directory| seen.insert(directory.values.clone()));
            partitions.extend(new.map(|directory| DeclaredPartition {
                values: directory.texts,
                location: None,
                dropped: false,
            }));
        }
        partitions.sort_by(|a, b| a.values.cmp(&b.values));
        Ok(partitions)
    }

    fn fields(&self) -> &[FieldRef] {
        &self.declaration.partition_columns
    }

    /// The first `count` partition columns.
    fn schema(&self, count: usize) -> Arc<Schema> {
        Arc::new(Schema::new(self.fields()[..count].to_vec()))
    }

    fn root(&self) -> Directory {
        Directory {
            path: self.declaration.location.path().clone(),
            values: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// The files in the table's directory, in all directories that the filters do not rule out by the levels that were
    /// looked at; without filters on partition columns those are none, and there is one listing.
    async fn found(&self, filters: Filters<'_>) -> Result<Vec<ScanFile>> {
        let mut level = vec![self.root()];
        for depth in 0..self.fields().len() {
            let deciding = self.schema(depth + 1);
            let narrows = |filter: &&Expr| {
                is_about(filter, &self.schema(self.fields().len()))
                    && filter
                        .column_refs()
                        .iter()
                        .any(|column| self.depth_of(column.name()) >= Some(depth))
            };
            if self.declaration.location.is_glob() || !filters.filters.iter().any(|filter| narrows(&filter)) {
                break;
            }
            let below = self.below(&level, depth).await?;
            let rows: Vec<&[ScalarValue]> = below.iter().map(|directory| directory.values.as_slice()).collect();
            let keep = decided(filters, &deciding, &rows)?;
            let kept = keep.iter().filter(|keep| **keep).count();
            if kept > WORTH_NARROWING && kept * 2 > below.len() {
                break;
            }
            level = below
                .into_iter()
                .zip(keep)
                .filter(|(_, keep)| *keep)
                .map(|(directory, _)| directory)
                .collect();
        }
        let listings = stream::iter(0..level.len()).map(|index| self.files_below(&level[index]));
        let files: Vec<Vec<ScanFile>> = listings
            .buffered(self.settings.listings_in_flight.max(1))
            .try_collect()
            .await?;
        Ok(files.into_iter().flatten().collect())
    }

    fn depth_of(&self, column: &str) -> Option<usize> {
        self.fields().iter().position(|field| field.name() == column)
    }

    /// The files of registered partitions with a place of their own.
    async fn registered_elsewhere(&self, filters: Filters<'_>) -> Result<Vec<ScanFile>> {
        let elsewhere: Vec<(&Registered<'_>, &Location)> = self
            .registered
            .iter()
            .filter(|known| !known.partition.dropped)
            .filter_map(|known| known.partition.location.as_ref().map(|location| (known, location)))
            .collect();
        let rows: Vec<&[ScalarValue]> = elsewhere.iter().map(|(known, _)| known.values.as_slice()).collect();
        let keep = decided(filters, &self.schema(self.fields().len()), &rows)?;
        let listings = elsewhere
            .iter()
            .zip(keep)
            .filter(|(_, keep)| *keep)
            .map(|((known, location), _)| async move {
                let place = place(self.storage, location)?;
                self.listed(&place, location, &known.values).await
            });
        let listings = stream::iter(listings.collect::<Vec<_>>());
        let files: Vec<Vec<ScanFile>> = listings
            .buffered(self.settings.listings_in_flight.max(1))
            .try_collect()
            .await?;
        Ok(files.into_iter().flatten().collect())
    }

    /// The files at `location`, all of which have the partition values `values`.
    async fn listed(&self, place: &Arc<Place>, location: &Location, values: &[ScalarValue]) -> Result<Vec<ScanFile>> {
        let objects = layout::list(place.store.as_ref(), location, self.settings.listing_limit_objects).await?;
        let file = |object| ScanFile {
            file: TableFile {
                place: Arc::clone(place),
                object,
            },
            partition_values: values.to_vec(),
            statistics: None,
        };
        Ok(objects.into_iter().map(file).collect())
    }

    /// The files below a directory of the table, with the values of the levels that were not looked at from their paths.
    async fn files_below(&self, directory: &Directory) -> Result<Vec<ScanFile>> {
        let location = if self.declaration.location.is_glob() {
            self.declaration.location.clone()
        } else {
            self.place.location.object(&directory.path).into_directory()
        };
        let listed = self.listed(&self.place, &location, &[]).await?;
        let mut known: HashMap<String, Option<Vec<ScalarValue>>> = HashMap::new();
        let mut files = Vec::with_capacity(listed.len());
        for mut file in listed {
            let path = &file.file.object.location;
            let (parent, _) = path.as_ref().rsplit_once('/').unwrap_or(("", ""));
            let values = if let Some(values) = known.get(parent) {
                values.clone()
            } else {
                let values = self.values_of(path, directory)?;
                known.insert(parent.to_owned(), values.clone());
                values
            };
            if let Some(values) = values
                && !self.overridden.contains(&values)
            {
                file.partition_values = values;
                files.push(file);
            }
        }
        Ok(files)
    }

    /// All partition values of a file below `directory`; nothing if it belongs to a registered partition.
    fn values_of(&self, path: &Path, directory: &Directory) -> Result<Option<Vec<ScalarValue>>> {
        let relative = layout::relative(path, &directory.path);
        let mut values = directory.values.clone();
        // The last step is the file itself.
        let steps: Vec<&str> = relative.split('/').collect();
        let mut steps = steps[..steps.len() - 1].iter();
        if self.declaration.location.is_glob() {
            // Steps before the first level are those of the pattern.
            while steps.as_slice().first().is_some_and(|step| !self.is_level(step, 0)) {
                steps.next();
            }
        }
        for depth in values.len()..self.fields().len() {
            let value = match steps.next() {
                Some(step) => self.level_value(step, depth, path)?,
                None => None,
            };
            match value {
                Some((value, _)) => values.push(value),
                None if self.is_registered_place(path) => return Ok(None),
                None => return Err(self.outside(path, depth)),
            }
        }
        Ok(Some(values))
    }

    fn is_level(&self, step: &str, depth: usize) -> bool {
        let field = self.fields()[depth].name().to_lowercase();
        level(step).is_some_and(|(key, _)| key == field)
    }

    /// The value that a directory has for the partition column at `depth`, if it is named after that column.
    fn level_value(&self, step: &str, depth: usize, path: &Path) -> Result<Option<(ScalarValue, Option<String>)>> {
        let field = &self.fields()[depth];
        match level(step) {
            Some((key, text)) if key == field.name().to_lowercase() => {
                let value = typed(field, text.as_deref(), &self.place.shown(path))?;
                Ok(Some((value, text)))
            }
            _ => Ok(None),
        }
    }

    /// The partition directories of the level at `depth` below `directories`.
    async fn below(&self, directories: &[Directory], depth: usize) -> Result<Vec<Directory>> {
        let listings = stream::iter(0..directories.len()).map(|index| async move {
            let directory = &directories[index];
            let listing = layout::list_level(self.place.store.as_ref(), &self.place.location, &directory.path).await?;
            self.level_of(directory, depth, listing)
        });
        let levels: Vec<Vec<Directory>> = listings
            .buffered(self.settings.listings_in_flight.max(1))
            .try_collect()
            .await?;
        let level: Vec<Directory> = levels.into_iter().flatten().collect();
        self.refuse_too_many(level.len())?;
        Ok(level)
    }

    fn level_of(&self, parent: &Directory, depth: usize, listing: ListResult) -> Result<Vec<Directory>> {
        let stray = listing.objects.iter().map(|object| &object.location);
        if let Some(stray) = stray.into_iter().find(|path| !self.is_registered_place(path)) {
            return Err(self.outside(stray, depth));
        }
        let mut directories = Vec::with_capacity(listing.common_prefixes.len());
        for path in listing.common_prefixes {
            match self.level_value(path.filename().unwrap_or_default(), depth, &path)? {
                Some((value, text)) => directories.push(Directory {
                    values: parent.values.iter().cloned().chain([value]).collect(),
                    texts: parent.texts.iter().cloned().chain([text]).collect(),
                    path,
                }),
                None if self.is_registered_place(&path) => {}
                None => return Err(self.outside(&path, depth)),
            }
        }
        if depth + 1 == self.fields().len() {
            directories.retain(|directory| !self.overridden.contains(&directory.values));
        }
        Ok(directories)
    }

    /// Whether `path` is in the directory of a registered partition inside the table's directory, or above such a one.
    fn is_registered_place(&self, path: &Path) -> bool {
        let root = self.declaration.location.path();
        let own = self.declaration.location.store_name();
        let places = self
            .registered
            .iter()
            .filter_map(|known| known.partition.location.as_ref());
        places
            .filter(|location| location.store_name() == own && location.path() != root)
            .any(|location| {
                let inside = location.path().prefix_matches(root);
                inside && (path.prefix_matches(location.path()) || location.path().prefix_matches(path))
            })
    }

    fn outside(&self, path: &Path, depth: usize) -> Error {
        let message = format!(
            "\"{}\" does not lie in a partition of \"{}\": after \"{}\", a directory \"{}=…\" is expected",
            self.place.shown(path),
            self.declaration.name,
            match depth {
                0 => self.declaration.location.to_string(),
                depth => format!("{}=…", self.fields()[depth - 1].name()),
            },
            self.fields()[depth].name(),
        );
        Error::new(ErrorCode::BadData, message)
    }

    fn refuse_too_many(&self, count: usize) -> Result<()> {
        layout::refuse_beyond(count, self.settings.listing_limit_objects, &self.declaration.location)
    }
}

/// The typed values of a registered partition.
fn registered_values(declaration: &Declaration, partition: &DeclaredPartition) -> Result<Vec<ScalarValue>> {
    let fields = &declaration.partition_columns;
    if partition.values.len() != fields.len() {
        let message = format!(
            "a partition of \"{}\" has {} values for {} partition columns",
            declaration.name,
            partition.values.len(),
            fields.len()
        );
        return Err(Error::new(ErrorCode::BadData, message));
    }
    let values = fields.iter().zip(&partition.values);
    values
        .map(|(field, text)| typed(field, text.as_deref(), &declaration.name))
        .collect()
}

fn place(storage: &QueryStorage, location: &Location) -> Result<Arc<Place>> {
    Ok(Arc::new(Place {
        location: location.clone(),
        store: storage.store(location)?,
        store_url: storage.store_url(location)?,
    }))
}

fn decided(filters: Filters<'_>, schema: &Arc<Schema>, rows: &[&[ScalarValue]]) -> Result<Vec<bool>> {
    matching(filters.state, filters.filters, schema, rows).map_err(|error| {
        let message = format!("a filter on partition columns cannot be evaluated: {error}");
        Error::new(ErrorCode::Internal, message).caused_by(error)
    })
}
