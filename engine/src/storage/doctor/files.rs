//! The steps for files of this machine.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use futures::FutureExt;

use super::check::{Check, OnFailure};
use super::finding::Verdict;
use super::site::Site;

/// Every step, in the order in which they build on each other.
pub(super) const CHECKS: &[Check] = &[
    Check {
        step: "path",
        run: |site| path(site).boxed(),
        on_failure: OnFailure::Stop,
        if_silent: SILENT,
    },
    Check {
        step: "list",
        run: |site| list(site).boxed(),
        on_failure: OnFailure::Stop,
        if_silent: SILENT,
    },
    Check {
        step: "read",
        run: |site| read(site).boxed(),
        on_failure: OnFailure::GoOn,
        if_silent: SILENT,
    },
];

const SILENT: &str = "the file system does not answer: is it mounted from another machine?";

/// How many files are counted.
const MOST_FILES: usize = 10_000;

async fn path(site: &mut Site) -> Verdict {
    let path = path_of(site);
    let shown = path.display().to_string();
    match on_thread(move || fs::metadata(path)).await {
        Ok(found) if found.is_dir() => Verdict::passed(format!("\"{shown}\" is a directory")),
        Ok(found) => Verdict::passed(format!("\"{shown}\" is a file of {} bytes", found.len())),
        Err(cause) => Verdict::failed(
            format!("\"{shown}\": {cause}"),
            "check the spelling and the permissions; a relative path begins at the working directory",
        ),
    }
}

async fn list(site: &mut Site) -> Verdict {
    let path = path_of(site);
    match on_thread(move || files(&path)).await {
        Ok(files) if files.is_empty() => Verdict::warning(
            format!("there are no files under \"{}\"", site.location),
            "check the spelling: a query there finds nothing",
        ),
        Ok(files) if files.len() == MOST_FILES => Verdict::passed(format!("{MOST_FILES} files or more")),
        Ok(files) if files.len() == 1 => Verdict::passed("1 file"),
        Ok(files) => Verdict::passed(format!("{} files", files.len())),
        Err(cause) => Verdict::failed(
            format!("\"{}\" cannot be listed: {cause}", site.location),
            "allow this user to read and to enter the directories",
        ),
    }
}

async fn read(site: &mut Site) -> Verdict {
    let path = path_of(site);
    let first = on_thread(move || {
        let Some(first) = files(&path)?.into_iter().next() else {
            return Ok(None);
        };
        let read = File::open(&first).and_then(|mut file| file.read(&mut [0; 16]));
        Ok(Some((first, read)))
    });
    match first.await {
        Ok(Some((_, Ok(_)))) => Verdict::passed("the first file can be read"),
        Ok(Some((file, Err(cause)))) => Verdict::failed(
            format!("\"{}\" cannot be read: {cause}", file.display()),
            "allow this user to read the files",
        ),
        Ok(None) => Verdict::skipped("there is no file to read"),
        Err(cause) => Verdict::failed(cause.to_string(), "allow this user to read the files"),
    }
}

fn path_of(site: &Site) -> PathBuf {
    Path::new("/").join(site.location.path().as_ref())
}

/// The files under `path`, or `path` itself if it is one; at most [`MOST_FILES`].
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let (mut found, mut left) = (Vec::new(), vec![path.to_owned()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            // A link may lead back: its own kind is neither.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                left.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
            if found.len() == MOST_FILES {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
