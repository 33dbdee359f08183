//! What a statement has written.

use crate::storage::Location;

/// Files that are visible, and that are removed when this is dropped without [`Self::keep`].
#[derive(Debug)]
#[must_use = "what was written is removed unless it is kept"]
pub struct Written {
    /// Rows in all files.
    pub rows: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// The files, in the order in which they were ended.
    pub files: Vec<WrittenFile>,
}

/// One file.
#[derive(Clone, Debug)]
pub struct WrittenFile {
    /// Where it is.
    pub location: Location,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// The value of each partition column, in their order, as text; `None` is NULL.
    pub partition: Vec<Option<String>>,
}

impl Written {
    /// The files count: they stay. To be called when what makes them count has happened, or when it is not known whether it
    /// has.
    pub fn keep(&mut self) {}
}
