//! The files and directories that lie where a path leads: one listing of one level.

use std::path::Path as FilePath;
use std::sync::Arc;

use super::place::Place;
use super::{Candidate, CandidateKind};
use crate::error::Result;
use crate::storage::{Location, QueryStorage, from_object_store};

/// What lies in `directory` (empty, or up to its last `/`) and begins with the word of `place`. Hidden names are offered to
/// whoever asks for them by their first character.
///
/// # Errors
/// The directory is out of the principal's reach, is no location, or cannot be listed.
pub(super) async fn below(
    storage: &Arc<QueryStorage>,
    directory: &str,
    place: &Place<'_>,
    working_directory: &FilePath,
) -> Result<Vec<Candidate>> {
    let written = if directory.is_empty() { "./" } else { directory };
    let location = Location::parse(written, working_directory)?;
    if location.is_glob() {
        return Ok(Vec::new());
    }
    let store = storage.store(&location)?;
    let listing = store.list_with_delimiter(Some(location.path())).await;
    let listing = listing.map_err(|error| from_object_store(error, &location))?;
    let directories = listing.common_prefixes.iter().map(|path| (path, "/"));
    let files = listing.objects.iter().map(|object| (&object.location, ""));
    let is_hidden = |name: &str| name.starts_with(['.', '_']) && place.word.is_empty();
    let candidate = |(path, end): (&object_store::path::Path, &str)| {
        let name = path.filename()?;
        // Names with a quote would have to be written in another way than they are listed.
        let fits = name.starts_with(place.word) && !is_hidden(name) && !name.contains('\'');
        fits.then(|| Candidate::new(CandidateKind::Path, format!("{name}{end}")))
    };
    Ok(directories.chain(files).filter_map(candidate).collect())
}
