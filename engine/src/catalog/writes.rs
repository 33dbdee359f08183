//! Claims on places that statements write to, so that no two statements write into one directory, and so that what a dead
//! statement left can be told from the files of others.

/// A statement's right to write below one location, and to register a table there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteClaim {
    /// The directory, with one `/` at its end: a URL, or an absolute path.
    pub location: String,
    /// The query whose it is. The names of the files that it writes begin with this id.
    pub query_id: String,
}
