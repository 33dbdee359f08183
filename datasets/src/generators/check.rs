//! What lies where a data set is to go.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::plan::Plan;
use super::wishes::Refusal;
use super::write::{Failure, SUCCESS, Target};

/// Looks into the directories of the tables that `plan` writes, and answers how many files the plan would replace: none,
/// unless [`Target::may_overwrite`].
///
/// Names that begin with `_` or `.` do not count, since no reader of tables reads them. The marks that
/// say that a table is whole are removed: it is not, from now on until it is written again.
///
/// # Errors
/// [`Failure::Refused`] if there are files and they may not be replaced, or if there are files that the plan does not
/// replace: rows of two sets would be mixed, and what this crate has not written it does not delete. [`Failure::Store`] if
/// the store does not tell.
pub async fn check(plan: &Plan, target: &Target) -> Result<usize, Failure> {
    let planned: HashSet<Path> = plan.files.iter().map(|file| target.path(&file.path)).collect();
    let (mut replaced, mut marks) = (0, Vec::new());
    for table in plan.tables() {
        let directory = target.path(table);
        let found = objects(target, &directory).await?;
        let (own, other): (Vec<&Path>, Vec<&Path>) = found
            .iter()
            .filter(|path| !is_hidden(path, &directory))
            .partition(|path| planned.contains(path));
        if let Some(first) = other.first().or(own.first().filter(|_| !target.may_overwrite)) {
            return Err(Failure::Refused(refusal(
                table,
                first,
                (own.len(), other.len()),
                target.may_overwrite,
            )));
        }
        replaced += own.len();
        marks.extend(Some(directory.join(SUCCESS)).filter(|mark| found.contains(mark)));
    }
    // Only now: a refusal leaves everything as it was.
    for path in marks {
        let removed = target.store.delete(&path).await;
        removed.map_err(|cause| Failure::Store { path, cause })?;
    }
    Ok(replaced)
}

/// All objects below `directory`. A local directory that is not there is an error to `object_store`, and empty to us.
async fn objects(target: &Target, directory: &Path) -> Result<Vec<Path>, Failure> {
    let listing = target.store.list(Some(directory)).flat_map(|object| match object {
        Err(object_store::Error::NotFound { .. }) => stream::empty().left_stream(),
        object => stream::iter([object.map(|object| object.location)]).right_stream(),
    });
    let found = listing.try_collect().await;
    found.map_err(|cause| Failure::Store {
        path: directory.clone(),
        cause,
    })
}

/// Whether a step of `path` below `directory` begins as hidden names do.
fn is_hidden(path: &Path, directory: &Path) -> bool {
    let below = path.prefix_match(directory);
    below.is_some_and(|mut steps| steps.any(|step| step.as_ref().starts_with(['_', '.'])))
}

fn refusal(table: &str, first: &Path, (own, other): (usize, usize), may_overwrite: bool) -> Refusal {
    let name = first.filename().unwrap_or_default();
    Refusal(if may_overwrite {
        format!(
            "the directory \"{table}\" holds {other} files that this set would not replace, such as \"{name}\", and rows of \
             two sets would be mixed: remove them, or choose another place"
        )
    } else if other > 0 {
        format!(
            "the directory \"{table}\" holds {} files already, such as \"{name}\": choose another place, or remove them",
            own + other
        )
    } else {
        format!(
            "the directory \"{table}\" holds {own} files already, such as \"{name}\", and all of them would be replaced: \
             choose another place, or add --overwrite"
        )
    })
}
