//! The footers that a process remembers from one statement to the next.
//!
//! Must hold: a footer is given only for the version of its file that the statement itself has listed, in a store that the
//! statement itself may reach. So what another writer has done is seen by the next statement, and who may not list a file
//! learns nothing of it. What cannot be told from another version for good is not kept.

use datafusion::object_store::path::Path;
use parquet::file::metadata::ParquetMetaData;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::formats::files::TableFile;
use crate::storage::Version;

/// Decoded footers of any files, up to a number of bytes; those that were used least recently go first.
pub struct FooterCache {
    limit_bytes: usize,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    kept: Mutex<Kept>,
}

/// A version of a file: where it is, and which one of those that were there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// The store with its bucket: two buckets may hold the same path. Its endpoint is settled by the engine's configuration.
    store: String,
    path: Path,
    size: u64,
    tag: String,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    /// Counts uses, so that the least recent one is the smallest.
    uses: u64,
    by_key: HashMap<Arc<Key>, Entry>,
    by_use: BTreeMap<u64, Arc<Key>>,
}

#[derive(Debug)]
struct Entry {
    footer: Arc<ParquetMetaData>,
    bytes: usize,
    used: u64,
}

/// A file whose version is known, looked up before its footer is read.
#[derive(Debug)]
pub struct Sought {
    key: Arc<Key>,
    /// Whether what is read from now on belongs to this version for good.
    is_settled: bool,
}

impl FooterCache {
    /// No footers yet, and never more than `limit_bytes` of them: none at all if that is nought. `clock` gives the microseconds
    /// since the Unix epoch.
    pub fn new(limit_bytes: usize, clock: Arc<dyn Fn() -> i64 + Send + Sync>) -> Self {
        Self {
            limit_bytes,
            clock,
            kept: Mutex::default(),
        }
    }

    /// What is sought for `file`, which this statement has listed. None if its version is not known, or nothing is kept anyway.
    pub fn sought(&self, file: &TableFile) -> Option<Sought> {
        if self.limit_bytes == 0 {
            return None;
        }
        let version = Version::of(&file.place.location, &file.object)?;
        Some(Sought {
            is_settled: version.settled_at <= (self.clock)(),
            key: Arc::new(Key {
                store: file.place.store_url.as_str().to_owned(),
                path: file.object.location.clone(),
                size: file.object.size,
                tag: version.tag,
            }),
        })
    }

    /// The footer of the version that is sought, if it is kept.
    pub fn get(&self, sought: &Sought) -> Option<Arc<ParquetMetaData>> {
        self.kept().used(&sought.key)
    }

    /// Keeps `footer`, which was read after it was `sought`, as far as its version is known for good and it fits at all. One
    /// without page index does not take the place of one that has it.
    pub fn keep(&self, sought: &Sought, footer: &Arc<ParquetMetaData>) {
        let bytes = footer.memory_size() + sought.key.bytes();
        if !sought.is_settled || bytes > self.limit_bytes {
            return;
        }
        let mut kept = self.kept();
        let known = kept.by_key.get(&sought.key);
        if known.is_some_and(|known| known.footer.offset_index().is_some() && footer.offset_index().is_none()) {
            return;
        }
        kept.remove(&sought.key);
        kept.insert(&sought.key, footer, bytes);
        while kept.bytes > self.limit_bytes {
            kept.remove_least_recent();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FooterCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        f.debug_struct("FooterCache")
            .field("limit_bytes", &self.limit_bytes)
            .field("bytes", &kept.bytes)
            .field("footers", &kept.by_key.len())
            .finish_non_exhaustive()
    }
}

impl Key {
    /// The bytes that it takes with its place in both maps.
    fn bytes(&self) -> usize {
        let entry = size_of::<(Arc<Self>, Entry)>() + size_of::<(u64, Arc<Self>)>();
        size_of::<Self>() + self.store.len() + self.path.as_ref().len() + self.tag.len() + entry
    }
}

impl Kept {
    fn used(&mut self, key: &Arc<Key>) -> Option<Arc<ParquetMetaData>> {
        let entry = self.by_key.get_mut(key)?;
        self.uses += 1;
        if let Some(own) = self.by_use.remove(&entry.used) {
            self.by_use.insert(self.uses, own);
        }
        entry.used = self.uses;
        Some(Arc::clone(&entry.footer))
    }

    fn insert(&mut self, key: &Arc<Key>, footer: &Arc<ParquetMetaData>, bytes: usize) {
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, Arc::clone(key));
        let entry = Entry {
            footer: Arc::clone(footer),
            bytes,
            used: self.uses,
        };
        self.by_key.insert(Arc::clone(key), entry);
    }

    fn remove(&mut self, key: &Arc<Key>) {
        if let Some(entry) = self.by_key.remove(key) {
            self.bytes -= entry.bytes;
            self.by_use.remove(&entry.used);
        }
    }

    fn remove_least_recent(&mut self) {
        if let Some((_, key)) = self.by_use.pop_first()
            && let Some(entry) = self.by_key.remove(&key)
        {
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::arrow::ArrowWriter;
    use parquet::file::metadata::ParquetMetaDataReader;
    use std::sync::atomic::{AtomicI64, Ordering};

    fn footer() -> Arc<ParquetMetaData> {
        let schema = Arc::new(arrow::datatypes::Schema::empty());
        let file = ArrowWriter::try_new(Vec::new(), schema, None)
            .unwrap()
            .into_inner()
            .unwrap();
        let footer = ParquetMetaDataReader::new().parse_and_finish(&bytes::Bytes::from(file));
        Arc::new(footer.unwrap())
    }

    fn sought(path: &str, tag: &str) -> Sought {
        let key = Key {
            store: "s3://b".to_owned(),
            path: Path::from(path),
            size: 1,
            tag: tag.to_owned(),
        };
        Sought {
            key: Arc::new(key),
            is_settled: true,
        }
    }

    fn cache(limit_bytes: usize) -> FooterCache {
        let clock = AtomicI64::new(0);
        FooterCache::new(limit_bytes, Arc::new(move || clock.load(Ordering::Relaxed)))
    }

    #[test]
    fn a_footer_is_kept_for_one_version_in_one_store() {
        let cache = cache(1 << 20);
        cache.keep(&sought("a", "1"), &footer());
        assert!(cache.get(&sought("a", "1")).is_some());
        assert!(cache.get(&sought("a", "2")).is_none());
        assert!(cache.get(&sought("b", "1")).is_none());
        let mut other = sought("a", "1");
        Arc::get_mut(&mut other.key).unwrap().store = "s3://c".to_owned();
        assert!(cache.get(&other).is_none());
        let mut longer = sought("a", "1");
        Arc::get_mut(&mut longer.key).unwrap().size = 2;
        assert!(cache.get(&longer).is_none());
    }

    #[test]
    fn what_was_used_least_recently_goes_first() {
        let footer = footer();
        let each = footer.memory_size() + sought("a", "1").key.bytes();
        let cache = cache(3 * each);
        for path in ["a", "b", "c"] {
            cache.keep(&sought(path, "1"), &footer);
        }
        cache.get(&sought("a", "1"));
        cache.keep(&sought("d", "1"), &footer);
        for (path, is_kept) in [("a", true), ("b", false), ("c", true), ("d", true)] {
            assert_eq!(cache.get(&sought(path, "1")).is_some(), is_kept, "{path}");
        }
        assert_eq!(cache.kept().bytes, 3 * each);
        assert_eq!(cache.kept().by_use.len(), 3);
    }

    #[test]
    fn a_footer_that_does_not_fit_drives_nothing_out() {
        let footer = footer();
        let each = footer.memory_size() + sought("a", "1").key.bytes();
        let cache = cache(each);
        cache.keep(&sought("a", "1"), &footer);
        cache.keep(&sought(&"long/".repeat(100), "1"), &footer);
        assert!(cache.get(&sought("a", "1")).is_some());
    }

    #[test]
    fn a_version_that_is_not_settled_is_not_kept() {
        let cache = cache(1 << 20);
        let fresh = Sought {
            is_settled: false,
            ..sought("a", "1")
        };
        cache.keep(&fresh, &footer());
        assert!(cache.get(&sought("a", "1")).is_none());
    }
}
