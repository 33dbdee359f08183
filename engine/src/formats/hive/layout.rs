//! Which files under a location are the table's: sub-directories are read, names that begin with `_` or `.` are not.
//!
//! Source: Hive's `FileUtils.HIDDEN_FILES_PATH_FILTER`; Athena's user guide, "Table location in Amazon S3".

use datafusion::object_store::{self, ListResult, ObjectMeta, ObjectStore, ObjectStoreExt, path::Path};

use crate::error::{Error, ErrorCode, Result};
use crate::storage::{self, Location};

/// Directories that say that the files beside them are not a plain table.
const LOGS: &[(&str, &str)] = &[("_delta_log", "Delta"), (".hoodie", "Hudi")];

/// Lists the files of the table at `location`: one object, all that match a glob, or all below a directory.
///
/// Sorted by path. At most `limit` objects are looked at. Nothing there is an empty list.
///
/// # Errors
/// `NOT_SUPPORTED` if what is there is a table with a log of its own; `EXCEEDED_STATEMENT_LIMIT` beyond `limit`; the
/// storage's own errors.
pub async fn list(store: &dyn ObjectStore, location: &Location, limit: usize) -> Result<Vec<ObjectMeta>> {
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
        let listed = below(store, &directory, limit).await?;
        if !listed.is_empty() {
            return Ok(listed);
        }
        Ok(head(store, location).await?.into_iter().collect())
    }
}

async fn head(store: &dyn ObjectStore, location: &Location) -> Result<Option<ObjectMeta>> {
    match store.head(location.path()).await {
        Ok(object) => Ok(Some(object)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(storage::from_object_store(error, location)),
    }
}

/// The files below a directory, or below the directory of a glob if they match it.
async fn below(store: &dyn ObjectStore, location: &Location, limit: usize) -> Result<Vec<ObjectMeta>> {
    let hidden_wanted = location.is_glob() && names_hidden(&location.to_string());
    let mut files = Vec::new();
    let prefix = prefix_in_order(location).and_then(|prefix| Some((prefix, Path::parse(prefix).ok()?)));
    let mut objects = match &prefix {
        None => store.list(Some(location.path())),
        Some((_, first)) => {
            // The object of just that name comes before what a listing behind it begins with.
            files.extend(head_of_prefix(store, location, first).await?);
            store.list_with_offset(Some(location.path()), first)
        }
    };
    let mut seen = 0;
    while let Some(object) = storage::next_object(&mut objects, location).await? {
        if prefix
            .as_ref()
            .is_some_and(|(prefix, _)| !object.location.as_ref().starts_with(prefix))
        {
            break;
        }
        seen += 1;
        refuse_beyond(seen, limit, location)?;
        let relative = relative(&object.location, location.path());
        if !location.is_glob() {
            refuse_logged_table(relative, location)?;
        }
        let hidden = !hidden_wanted && is_hidden(relative);
        if !hidden && !is_marker(&object) && location.covers(&object.location) {
            files.push(object);
        }
    }
    files.sort_unstable_by(|a, b| a.location.cmp(&b.location));
    // A store that names an object twice has it once.
    files.dedup_by(|a, b| a.location == b.location);
    Ok(files)
}

/// What the names of all objects begin with that a pattern means, if it says more than their directory does and the store lists names in
/// their order: then the listing begins there, and ends behind it.
fn prefix_in_order(location: &Location) -> Option<&str> {
    // Amazon's directory buckets have names with this ending, and list in no order.
    let ordered = matches!(location.scheme(), "s3" | "gs") && !location.bucket().ends_with("--x-s3");
    let prefix = location.pattern_prefix().filter(|_| ordered)?;
    let within = !prefix.is_empty() && !prefix.ends_with('/');
    within.then_some(prefix)
}

/// The object whose name is the whole prefix of a pattern, if the pattern means it.
async fn head_of_prefix(store: &dyn ObjectStore, location: &Location, path: &Path) -> Result<Option<ObjectMeta>> {
    if location.covers(path) {
        head(store, &location.object(path)).await
    } else {
        Ok(None)
    }
}

/// What lies directly in the directory at `path` of the store of `location`, without what is hidden or empty. A directory that is not
/// there is empty.
///
/// # Errors
/// `NOT_SUPPORTED` for a table with a log of its own; the storage's own errors.
pub async fn list_level(store: &dyn ObjectStore, location: &Location, path: &Path) -> Result<ListResult> {
    let mut listing = match store.list_with_delimiter(Some(path)).await {
        Ok(listing) => listing,
        Err(object_store::Error::NotFound { .. }) => ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
        },
        Err(error) => {
            return Err(storage::from_object_store(
                error,
                location.object(path).into_directory(),
            ));
        }
    };
    let is_file = |object: &ObjectMeta| !is_marker(object) && !is_hidden(relative(&object.location, path));
    for directory in &listing.common_prefixes {
        refuse_logged_table(relative(directory, path), location)?;
    }
    listing.objects.retain(is_file);
    listing
        .common_prefixes
        .retain(|directory| !is_hidden(relative(directory, path)));
    listing.common_prefixes.sort_unstable();
    Ok(listing)
}

/// Fails with `EXCEEDED_STATEMENT_LIMIT` for more than `limit` objects.
pub fn refuse_beyond(seen: usize, limit: usize, location: &Location) -> Result<()> {
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
pub fn relative<'a>(path: &'a Path, base: &Path) -> &'a str {
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
}
