//! Which files under a location are the table's: sub-directories are read, names that begin with `_` or `.` are not.
//!
//! Source: Hive's `FileUtils.HIDDEN_FILES_PATH_FILTER`; Athena's user guide, "Table location in Amazon S3".

use datafusion::object_store::{self, ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};
use futures::TryStreamExt;

use crate::error::{Error, ErrorCode, Result};
use crate::storage::{self, Location};

/// How names end that are read as Parquet.
const PARQUET_ENDINGS: &[&str] = &["parquet", "parq", "pqt", "pq"];

/// Directories that say that the files beside them are not a plain table.
const LOGS: &[(&str, &str)] = &[("_delta_log", "Delta"), (".hoodie", "Hudi")];

/// One file of a table, as the listing saw it.
#[derive(Clone, Debug)]
pub struct ListedFile {
    /// Its path in the store, size in bytes, and `ETag` where the store gives one.
    pub object: ObjectMeta,
}

/// Lists the files of the table at `location`: one object, all that match a glob, or all below a directory.
///
/// Sorted by path. At most `limit` objects are looked at.
///
/// # Errors
/// `TABLE_NOT_FOUND` if nothing is there; `NOT_SUPPORTED` if what is there is of another format or a table with a log of
/// its own; `EXCEEDED_STATEMENT_LIMIT` beyond `limit`; the storage's own errors.
pub async fn list(store: &dyn ObjectStore, location: &Location, limit: usize) -> Result<Vec<ListedFile>> {
    if location.is_glob() || location.is_directory() {
        return below(store, location, limit).await;
    }
    // A name with an ending is most likely a file, one without a directory: the likely one is asked for first.
    let directory = location.clone().into_directory();
    if location.path().filename().is_some_and(|name| name.contains('.')) {
        match head(store, location).await? {
            Some(file) => Ok(vec![file]),
            None => below(store, &directory, limit).await,
        }
    } else {
        match below(store, &directory, limit).await {
            Err(error) if error.code() == ErrorCode::TableNotFound => {
                head(store, location).await?.map(|file| vec![file]).ok_or(error)
            }
            listed => listed,
        }
    }
}

async fn head(store: &dyn ObjectStore, location: &Location) -> Result<Option<ListedFile>> {
    match store.head(location.path()).await {
        Ok(object) => match ending(&object.location) {
            Ending::Parquet => Ok(Some(ListedFile { object })),
            Ending::Other => Err(foreign_file(&object.location, location, false)),
        },
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(storage::from_object_store(error, location)),
    }
}

/// The files below a directory, or below the directory of a glob if they match it.
async fn below(store: &dyn ObjectStore, location: &Location, limit: usize) -> Result<Vec<ListedFile>> {
    let hidden_wanted = location.is_glob() && names_hidden(&location.to_string());
    let mut files = Vec::new();
    let mut foreign = None;
    let mut objects = store.list(Some(location.path()));
    let mut seen = 0;
    while let Some(object) = next(&mut objects, location).await? {
        seen += 1;
        refuse_beyond(seen, limit, location)?;
        let relative = relative(&object.location, location.path());
        if !location.is_glob() {
            refuse_logged_table(relative, location)?;
        }
        let hidden = !hidden_wanted && is_hidden(relative);
        if hidden || is_marker(&object) || !location.covers(&object.location) {
            continue;
        }
        match ending(&object.location) {
            Ending::Parquet => files.push(ListedFile { object }),
            Ending::Other => foreign = foreign.or(Some(object.location)),
        }
    }
    match foreign {
        Some(path) => Err(foreign_file(&path, location, !files.is_empty())),
        None => found(files, location),
    }
}

/// The next object of a listing, with storage's errors in our words.
async fn next(
    objects: &mut (impl futures::Stream<Item = object_store::Result<ObjectMeta>> + Unpin),
    location: &Location,
) -> Result<Option<ObjectMeta>> {
    match objects.try_next().await {
        // A local directory that is not there is listed as an error, a prefix in a bucket as empty.
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        next => next.map_err(|error| storage::from_object_store(error, location)),
    }
}

fn found(mut files: Vec<ListedFile>, location: &Location) -> Result<Vec<ListedFile>> {
    if files.is_empty() {
        let message = format!("there is no file at \"{location}\"; check the path");
        return Err(Error::new(ErrorCode::TableNotFound, message));
    }
    files.sort_unstable_by(|a, b| a.object.location.cmp(&b.object.location));
    // A store that names an object twice has it once.
    files.dedup_by(|a, b| a.object.location == b.object.location);
    Ok(files)
}

fn refuse_beyond(seen: usize, limit: usize, location: &Location) -> Result<()> {
    if seen <= limit {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::ExceededStatementLimit,
        format!(
            "\"{location}\" holds more than {limit} objects; narrow the path or raise formats.listing_limit_objects"
        ),
    ))
}

/// `path` below `base`.
fn relative<'a>(path: &'a Path, base: &Path) -> &'a str {
    let path = path.as_ref();
    path.strip_prefix(base.as_ref()).unwrap_or(path).trim_start_matches('/')
}

fn is_hidden(relative: &str) -> bool {
    relative.split('/').any(|part| part.starts_with(['_', '.']))
}

/// Whether a glob asks for hidden names itself, in the part of it that is a pattern.
fn names_hidden(glob: &str) -> bool {
    let special = glob.find(['*', '?', '[']).unwrap_or(glob.len());
    let start = glob[..special].rfind('/').map_or(0, |slash| slash + 1);
    is_hidden(&glob[start..])
}

/// Empty objects stand for directories or for writers that had no rows; they hold no data in any format.
fn is_marker(object: &ObjectMeta) -> bool {
    object.size == 0
}

enum Ending {
    Parquet,
    Other,
}

/// A name without an ending is taken for Parquet: Athena and Trino write such names.
fn ending(path: &Path) -> Ending {
    let name = path.filename().unwrap_or_default();
    match name.rsplit_once('.') {
        None => Ending::Parquet,
        Some((_, last)) if PARQUET_ENDINGS.contains(&last.to_ascii_lowercase().as_str()) => Ending::Parquet,
        Some(_) => Ending::Other,
    }
}

fn foreign_file(path: &Path, location: &Location, among_parquet: bool) -> Error {
    let advice = if among_parquet {
        format!(
            "; read the Parquet files beside it with \"{}/*.parquet\"",
            location.to_string().trim_end_matches('/')
        )
    } else {
        format!(
            "; files are taken as Parquet when their name ends in .{}",
            PARQUET_ENDINGS.join(", .")
        )
    };
    Error::new(
        ErrorCode::NotSupported,
        format!(
            "\"{}\" is not a Parquet file by its name, and other formats are not supported yet{advice}",
            location.object(path)
        ),
    )
}

/// A table with a log of its own must not be read as bare Parquet: its directory also holds files that the log removed.
fn refuse_logged_table(relative: &str, location: &Location) -> Result<()> {
    let kind = relative.split('/').find_map(|part| {
        let log = LOGS.iter().find(|(directory, _)| *directory == part);
        log.map(|(_, kind)| *kind)
    });
    let iceberg = relative.ends_with(".metadata.json").then_some("Iceberg");
    match kind.or(iceberg) {
        None => Ok(()),
        Some(kind) => Err(Error::new(
            ErrorCode::NotSupported,
            format!(
                "\"{location}\" is a {kind} table, which is not supported yet; its files alone would be a wrong answer"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_asks_for_hidden_names_only_in_its_pattern() {
        for (glob, wanted) in [
            ("s3://b/.x/*.parquet", false),
            ("s3://b/x/_*", true),
            ("/a/*/.y/z", true),
        ] {
            assert_eq!(names_hidden(glob), wanted, "{glob}");
        }
    }

    #[test]
    fn names_that_begin_with_underscore_or_dot_are_hidden_at_every_level() {
        for (path, hidden) in [("a.parquet", false), ("_a", true), ("x/.tmp/a", true), ("x_y/a", false)] {
            assert_eq!(is_hidden(path), hidden, "{path}");
        }
    }

    #[test]
    fn names_without_an_ending_and_in_any_case_are_parquet() {
        for (path, parquet) in [
            ("20240101_abc", true),
            ("A.PARQUET", true),
            ("a.snappy.parquet", true),
            ("a.csv", false),
        ] {
            assert_eq!(matches!(ending(&Path::from(path)), Ending::Parquet), parquet, "{path}");
        }
    }
}
