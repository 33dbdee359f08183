//! What lies where a data set is to go.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload};

use super::plan::Plan;
use super::wishes::Refusal;
use super::write::{Failure, SUCCESS, Target};

/// The empty file that says that a run writes below a directory. Readers of tables do not see it.
const CLAIM: &str = "_IN_PROGRESS";

/// Claims the directories of the tables that `plan` writes, looks into them, and answers how many files the plan would
/// replace: none, unless [`Target::may_overwrite`].
///
/// Names that begin with `_` or `.` do not count, since no reader of tables reads them. The marks that say that a table is
/// whole are removed: it is not, from now on until it is written again. The claims stay until [`write()`](super::write()) has
/// ended, so that two runs at once cannot mix their sets.
///
/// # Errors
/// [`Failure::Refused`] if another run claims a directory, or one that was killed did; if there are files and they may not be
/// replaced, or if there are files that the plan does not replace: rows of two sets would be mixed, and what this crate has
/// not written it does not delete. [`Failure::Store`] if the store does not tell.
pub async fn check(plan: &Plan, target: &Target) -> Result<usize, Failure> {
    let tables = plan.tables();
    for (taken, table) in tables.iter().enumerate() {
        if let Err(refused) = take(table, target).await {
            give_back(&tables[..taken], target).await;
            return Err(refused);
        }
    }
    let looked = look(plan, target).await;
    if looked.is_err() {
        give_back(&tables, target).await;
    }
    looked
}

/// Where the claim of a table's directory lies.
fn claim(table: &str, target: &Target) -> Path {
    target.path(table).join(CLAIM)
}

/// Makes the claim, unless it is there. With [`Target::may_overwrite`] it may be: what a killed run has left is replaced too.
async fn take(table: &str, target: &Target) -> Result<(), Failure> {
    let mode = if target.may_overwrite {
        PutMode::Overwrite
    } else {
        PutMode::Create
    };
    let path = claim(table, target);
    match target.store.put_opts(&path, PutPayload::new(), mode.into()).await {
        Ok(_) => Ok(()),
        Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
            Err(Failure::Refused(Refusal(format!(
                "the directory \"{table}\" is being written by another run, or was by one that was killed (\"{CLAIM}\" lies \
                 there): choose another place, or add --overwrite once no other run is at it"
            ))))
        }
        Err(cause) => Err(Failure::Store { path, cause }),
    }
}

/// Removes the claims of these tables. One that cannot be removed is in the way of the next run alone, which will say so.
pub(super) async fn give_back(tables: &[&str], target: &Target) {
    for table in tables {
        drop(target.store.delete(&claim(table, target)).await);
    }
}

async fn look(plan: &Plan, target: &Target) -> Result<usize, Failure> {
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
