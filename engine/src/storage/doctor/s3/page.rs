//! What a page of a listing says (Amazon S3 API reference, ListObjectsV2), read as far as the steps need it.

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::storage::doctor) struct Found {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) has_etag: bool,
}

/// A page of a listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) objects: Vec<Found>,
    /// The directories, where they were asked for.
    pub(super) directories: Vec<String>,
    /// Where the next page begins, if there is one.
    pub(super) next: Option<String>,
}

impl Page {
    pub(super) fn read(document: &str) -> Self {
        let first = |text: &str, name: &str| texts(text, name).into_iter().next();
        let objects = raw(document, "Contents").map(|object| Found {
            key: first(object, "Key").unwrap_or_default(),
            size: first(object, "Size")
                .and_then(|size| size.parse().ok())
                .unwrap_or_default(),
            has_etag: first(object, "ETag").is_some_and(|tag| !tag.is_empty()),
        });
        let directories = raw(document, "CommonPrefixes").filter_map(|directory| first(directory, "Prefix"));
        let has_more = first(document, "IsTruncated").as_deref() == Some("true");
        Self {
            objects: objects.collect(),
            directories: directories.collect(),
            next: first(document, "NextContinuationToken").filter(|_| has_more),
        }
    }
}

/// The texts of all elements `name` in `document`, with entities resolved where they are texts.
pub(super) fn texts(document: &str, name: &str) -> Vec<String> {
    raw(document, name).map(resolved).collect()
}

fn raw<'a>(document: &'a str, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = document;
    std::iter::from_fn(move || {
        let (_, from) = rest.split_once(&open)?;
        let (text, after) = from.split_once(&close)?;
        rest = after;
        Some(text)
    })
}

fn resolved(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        shown.push_str(before);
        let Some((name, after)) = entity.split_once(';') else {
            rest = entity;
            shown.push('&');
            continue;
        };
        let number = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match name.strip_prefix("#x") {
                Some(digits) => number(digits, 16),
                None => name.strip_prefix('#').and_then(|digits| number(digits, 10)),
            },
        };
        shown.extend(character);
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_with_its_entities() {
        let document = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>\
            <Contents><Key>a&#x26;b &lt;c&#62; &quot;d&apos;</Key><ETag>&quot;e&quot;</ETag><Size>12</Size></Contents>\
            <Contents><Key>z</Key><Size>0</Size></Contents>\
            <CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes></ListBucketResult>";
        let found = |key: &str, size, has_etag| Found {
            key: key.to_owned(),
            size,
            has_etag,
        };
        let expected = Page {
            objects: vec![found("a&b <c> \"d'", 12, true), found("z", 0, false)],
            directories: vec!["d/".to_owned()],
            next: Some("t&1".to_owned()),
        };
        assert_eq!(Page::read(document), expected);
    }

    #[test]
    fn a_last_page_has_no_next_one() {
        let document = "<IsTruncated>false</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
        assert_eq!(Page::read(document).next, None);
    }
}
