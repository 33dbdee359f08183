//! Comparing entity tags (RFC 9110, §8.8.3).

/// Whether two tags name the same version. Quotes do not matter: Azure's listings leave them out.
pub(super) fn same(a: &str, b: &str) -> bool {
    bare(a) == bare(b)
}

/// The tag as a condition of a later request, unless it is weak: a weak tag never satisfies `If-Match`.
pub(super) fn condition(tag: &str) -> Option<String> {
    is_strong(tag).then(|| tag.to_owned())
}

/// Whether the tag is another for every change of a byte.
pub(super) fn is_strong(tag: &str) -> bool {
    !tag.starts_with("W/")
}

/// The tag without its quotes and the sign of weakness.
pub(super) fn bare(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_weakness_do_not_make_another_version() {
        for (a, b, expected) in [
            ("\"a\"", "\"a\"", true),
            ("\"a\"", "a", true),
            ("W/\"a\"", "\"a\"", true),
            ("\"a\"", "\"b\"", false),
            ("\"a\"", "\"A\"", false),
        ] {
            assert_eq!(same(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn a_weak_tag_is_no_condition() {
        assert_eq!(condition("W/\"a\""), None);
        assert_eq!(condition("\"a\"").as_deref(), Some("\"a\""));
    }
}
