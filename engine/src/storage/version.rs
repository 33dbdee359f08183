//! What tells one version of an object from every other that its name ever had, from one statement to the next.
//!
//! [`Pins`](super::pins) keep one query to one version, and may be content with size and time where a store says no more: what
//! they overlook, the query overlooks for its own short life. What outlives a query must be surer.

use object_store::ObjectMeta;

use super::etag;
use super::location::Location;
use super::schemes::{FILE, HTTP, HTTPS};

const SECOND_MICROSECONDS: i64 = 1_000_000;

/// For how long after a change of a local file another one may leave no trace: the coarsest clock of a file system that is in use,
/// FAT's, ticks every 2 s. Git calls such files "racily clean" (`Documentation/technical/racy-git.txt`).
const FILE_SETTLES_MICROSECONDS: i64 = 2 * SECOND_MICROSECONDS;

/// The same for a web server: many make their tags of size and time, to the second, by a clock of their own.
const WEB_SETTLES_MICROSECONDS: i64 = 60 * SECOND_MICROSECONDS;

/// A version of an object, as a listing or a HEAD has shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The same for no other version of the object, once it has settled. It holds no secret.
    pub tag: String,
    /// From when on every change makes another tag, in microseconds since the Unix epoch: only what was read after it belongs
    /// to this version for good. Nought where tags are made of what an object holds, or counted.
    pub settled_at: i64,
}

impl Version {
    /// That of `object`, in the store of `location`. None if the store does not say enough: no strong `ETag`, or for a local file
    /// no inode, time of modification and time of change.
    #[must_use]
    pub fn of(location: &Location, object: &ObjectMeta) -> Option<Self> {
        let tag = object.e_tag.as_deref().filter(|tag| etag::is_strong(tag))?;
        let modified = object.last_modified;
        if location.scheme() != FILE {
            let is_web = [HTTP.name, HTTPS.name].contains(&location.scheme());
            let settled_at = modified.timestamp_micros().saturating_add(WEB_SETTLES_MICROSECONDS);
            return Some(Self {
                tag: etag::bare(tag).to_owned(),
                settled_at: if is_web { settled_at } else { 0 },
            });
        }
        // The tag has the inode; `schemes::file` puts the time of change beside it, which nobody can set back.
        let changed = object.version.as_deref()?;
        let changed_nanoseconds: i128 = changed.parse().ok()?;
        let changed_microseconds = i64::try_from(changed_nanoseconds / 1000).ok()?;
        Some(Self {
            tag: format!("{tag}-{}-{changed}", modified.timestamp_nanos_opt()?),
            settled_at: changed_microseconds
                .max(modified.timestamp_micros())
                .saturating_add(FILE_SETTLES_MICROSECONDS),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use object_store::path::Path;

    fn object(e_tag: Option<&str>, modified_nanoseconds: i64, version: Option<&str>) -> ObjectMeta {
        ObjectMeta {
            location: Path::from("a"),
            last_modified: DateTime::<Utc>::from_timestamp_nanos(modified_nanoseconds),
            size: 1,
            e_tag: e_tag.map(str::to_owned),
            version: version.map(str::to_owned),
        }
    }

    fn check(url: &str, object: &ObjectMeta, expected: Option<(&str, i64)>) {
        let location = Location::parse(url, std::path::Path::new("/")).unwrap();
        let version = Version::of(&location, object);
        let version = version
            .as_ref()
            .map(|version| (version.tag.as_str(), version.settled_at));
        assert_eq!(version, expected, "{url} {object:?}");
    }

    #[test]
    fn an_object_of_a_bucket_is_known_by_its_strong_tag() {
        check("s3://b/a", &object(Some("\"x\""), 5_000, None), Some(("x", 0)));
        check("az://c@acct/a", &object(Some("x"), 5_000, Some("v")), Some(("x", 0)));
        check("s3://b/a", &object(Some("W/\"x\""), 5_000, None), None);
        check("s3://b/a", &object(None, 5_000, None), None);
    }

    #[test]
    fn a_page_of_the_web_settles_later() {
        check(
            "https://h/a",
            &object(Some("\"x\""), 5_000_000_000, None),
            Some(("x", 65_000_000)),
        );
    }

    #[test]
    fn a_local_file_is_known_by_all_its_times_to_the_nanosecond_and_settles() {
        let file = object(Some("1-2-3"), 5_000_000_001, Some("7000000009"));
        check("/a", &file, Some(("1-2-3-5000000001-7000000009", 9_000_000)));
        let touched = object(Some("1-2-3"), 50_000_000_001, Some("7000000009"));
        check("/a", &touched, Some(("1-2-3-50000000001-7000000009", 52_000_000)));
        check("/a", &object(Some("1-2-3"), 5_000_000_001, None), None);
    }
}
