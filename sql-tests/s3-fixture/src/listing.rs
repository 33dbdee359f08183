//! Pages of a listing: which keys and common prefixes come next, and where the page after them begins
//! (Amazon S3 API reference, ListObjectsV2).

use std::time::SystemTime;

/// Which page is asked for.
#[derive(Debug)]
pub(crate) struct PageRequest<'a> {
    pub prefix: &'a str,
    pub delimiter: Option<&'a str>,
    /// Only what comes after this key or common prefix.
    pub after: Option<&'a str>,
    /// The number of keys and prefixes, together, that a page may have.
    pub limit: usize,
}

/// One object of a page.
#[derive(Debug)]
pub(crate) struct Listed {
    pub key: String,
    pub size: u64,
    pub modified: SystemTime,
    pub etag: String,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    pub objects: Vec<Listed>,
    pub prefixes: Vec<String>,
    /// The last entry, if more follow.
    pub next: Option<String>,
}

/// What a line of a listing names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// An object.
    Key(String),
    /// All objects whose keys begin like this.
    Prefix(String),
}

impl Entry {
    fn name(&self) -> &str {
        let (Self::Key(name) | Self::Prefix(name)) = self;
        name
    }
}

/// The entries of one page out of all `keys` (in order, all beginning with the prefix), and the last of them if more
/// follow.
pub(crate) fn page(keys: Vec<String>, request: &PageRequest<'_>) -> (Vec<Entry>, Option<String>) {
    let mut entries: Vec<Entry> = Vec::new();
    for key in keys {
        if request
            .after
            .is_some_and(|after| key.as_str() <= after || is_rolled_up(&key, after, request.delimiter))
        {
            continue;
        }
        let entry = entry(key, request);
        if entries.last() == Some(&entry) {
            continue;
        }
        if entries.len() == request.limit {
            let next = entries.last().map(|last| last.name().to_owned());
            return (entries, next);
        }
        entries.push(entry);
    }
    (entries, None)
}

/// Whether a page that ended with the common prefix `after` has already accounted for this key.
fn is_rolled_up(key: &str, after: &str, delimiter: Option<&str>) -> bool {
    delimiter.is_some_and(|delimiter| after.ends_with(delimiter) && key.starts_with(after))
}

fn entry(key: String, request: &PageRequest<'_>) -> Entry {
    let rest = &key[request.prefix.len()..];
    let end = request
        .delimiter
        .and_then(|delimiter| rest.find(delimiter).map(|start| start + delimiter.len()));
    match end {
        Some(end) => Entry::Prefix(key[..request.prefix.len() + end].to_owned()),
        None => Entry::Key(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: &PageRequest<'_>, expected: &str) {
        let keys = ["a", "b/1", "b/2", "b/c/3", "c=1/x", "d"].map(str::to_owned);
        let keys = keys.into_iter().filter(|key| key.starts_with(request.prefix)).collect();
        let (entries, next) = page(keys, request);
        let names: Vec<&str> = entries.iter().map(Entry::name).collect();
        let more = next.map(|next| format!(" …{next}")).unwrap_or_default();
        assert_eq!(format!("{}{more}", names.join(" ")), expected);
    }

    fn all() -> PageRequest<'static> {
        PageRequest {
            prefix: "",
            delimiter: None,
            after: None,
            limit: 1000,
        }
    }

    #[test]
    fn pages_hold_keys_and_common_prefixes_in_order() {
        check(&all(), "a b/1 b/2 b/c/3 c=1/x d");
        check(&PageRequest { limit: 2, ..all() }, "a b/1 …b/1");
        check(
            &PageRequest {
                limit: 2,
                after: Some("b/1"),
                ..all()
            },
            "b/2 b/c/3 …b/c/3",
        );
        check(
            &PageRequest {
                limit: 2,
                after: Some("b/c/3"),
                ..all()
            },
            "c=1/x d",
        );
        check(
            &PageRequest {
                delimiter: Some("/"),
                ..all()
            },
            "a b/ c=1/ d",
        );
        check(
            &PageRequest {
                delimiter: Some("/"),
                limit: 2,
                ..all()
            },
            "a b/ …b/",
        );
        check(
            &PageRequest {
                delimiter: Some("/"),
                limit: 2,
                after: Some("b/"),
                ..all()
            },
            "c=1/ d",
        );
        check(
            &PageRequest {
                delimiter: Some("/"),
                prefix: "b/",
                ..all()
            },
            "b/1 b/2 b/c/",
        );
        check(&PageRequest { prefix: "b/c", ..all() }, "b/c/3");
    }

    #[test]
    fn a_start_inside_a_prefix_still_shows_the_rest_of_it() {
        check(
            &PageRequest {
                delimiter: Some("/"),
                after: Some("b/1"),
                ..all()
            },
            "b/ c=1/ d",
        );
    }

    #[test]
    fn a_limit_of_nothing_gives_nothing() {
        check(&PageRequest { limit: 0, ..all() }, "");
    }
}
