//! Which version of each object a query reads.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use object_store::path::Path;
use object_store::{GetOptions, ObjectMeta};

use super::etag;

/// The versions that one query has seen in one store. The first sight of an object decides.
#[derive(Debug, Default)]
pub(super) struct Pins(Mutex<HashMap<Path, Pin>>);

/// A version of an object. Stores without ETags are told apart by size and time, to the second as HTTP has it.
#[derive(Clone, Debug)]
pub(super) struct Pin {
    e_tag: Option<String>,
    size: u64,
    modified: i64,
}

impl Pin {
    fn of(object: &ObjectMeta) -> Self {
        Self {
            e_tag: object.e_tag.clone(),
            size: object.size,
            modified: object.last_modified.timestamp(),
        }
    }

    /// Makes a request fail, where the store can, unless it concerns this version.
    pub(super) fn demand(&self, options: &mut GetOptions) {
        options.if_match = self.e_tag.as_deref().and_then(etag::condition);
    }

    pub(super) fn is(&self, object: &ObjectMeta) -> bool {
        match (&self.e_tag, &object.e_tag) {
            (Some(pinned), Some(found)) => etag::same(pinned, found),
            _ => self.size == object.size && self.modified == object.last_modified.timestamp(),
        }
    }
}

impl Pins {
    pub(super) fn get(&self, path: &Path) -> Option<Pin> {
        self.lock().get(path).cloned()
    }

    /// Whether `object` is the version that the query reads, which it is if none was seen before.
    pub(super) fn admits(&self, object: &ObjectMeta) -> bool {
        let mut pins = self.lock();
        match pins.get_mut(&object.location) {
            None => {
                pins.insert(object.location.clone(), Pin::of(object));
                true
            }
            Some(pin) if pin.is(object) => {
                // A listing without tags pins by size and time; the first read adds the tag.
                pin.e_tag = pin.e_tag.take().or_else(|| object.e_tag.clone());
                true
            }
            Some(_) => false,
        }
    }

    /// `object` as a listing shows it, without its tags if it is not the version that the query reads.
    pub(super) fn listed(&self, mut object: ObjectMeta) -> ObjectMeta {
        if !self.admits(&object) {
            object.e_tag = None;
            object.version = None;
        }
        object
    }

    /// Forgets the version: the query itself writes the object.
    pub(super) fn forget(&self, path: &Path) {
        self.lock().remove(path);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Path, Pin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
