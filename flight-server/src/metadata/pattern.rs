//! How clients narrow what they ask for: a catalogue by its name, databases and tables by patterns.

/// Whether `name` fits `pattern`, in which `%` is any text, `_` any one character, and `\` takes the meaning from either. Letters are
/// alike in both cases, as they are in Owlet's names. Without a pattern every name fits.
///
/// In time of the product of the lengths, whatever the pattern.
pub(super) fn fits(pattern: Option<&str>, name: &str) -> bool {
    let Some(pattern) = pattern else { return true };
    let name: Vec<char> = name.to_lowercase().chars().collect();
    // Which beginnings of the name the symbols so far cover.
    let mut covered = vec![false; name.len() + 1];
    covered[0] = true;
    for symbol in symbols(pattern) {
        if symbol == Symbol::AnyText {
            let first = covered.iter().position(|covered| *covered).unwrap_or(covered.len());
            covered[first..].fill(true);
            continue;
        }
        for end in (1..=name.len()).rev() {
            covered[end] = covered[end - 1] && (symbol == Symbol::AnyOne || symbol == Symbol::One(name[end - 1]));
        }
        covered[0] = false;
    }
    covered[name.len()]
}

/// Whether `name` is the catalogue `wanted`, if one is. The empty name is that of things without a catalogue, which Owlet has none
/// of. `%` alone is every catalogue: ODBC's drivers hand on what SQLTables was given, and applications give it that.
pub(super) fn is_catalog(wanted: Option<&str>, name: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == "%" || wanted.to_lowercase() == name)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symbol {
    AnyText,
    AnyOne,
    One(char),
}

fn symbols(pattern: &str) -> Vec<Symbol> {
    let lower = pattern.to_lowercase();
    let mut rest = lower.chars().peekable();
    let mut symbols = Vec::new();
    while let Some(one) = rest.next() {
        symbols.push(match one {
            '%' => Symbol::AnyText,
            '_' => Symbol::AnyOne,
            // A `\` before anything else is itself, as in names that hold one.
            '\\' => Symbol::One(rest.next_if(|next| matches!(next, '%' | '_' | '\\')).unwrap_or('\\')),
            other => Symbol::One(other),
        });
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_like_in_either_case_with_an_escape() {
        for (pattern, name, wanted) in [
            ("orders", "orders", true),
            ("ORDERS", "orders", true),
            ("or", "orders", false),
            ("or%", "orders", true),
            ("%", "", true),
            ("", "orders", false),
            ("", "", true),
            ("order_lines", "orderxlines", true),
            ("order\\_lines", "orderxlines", false),
            ("order\\_lines", "order_lines", true),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("a\\\\b", "a\\b", true),
            ("a\\b", "a\\b", true),
            ("%a%b%", "xaxbx", true),
            ("%a%b%", "xbxax", false),
            ("gr_n", "grün", true),
            ("GRÜN", "grün", true),
            ("_", "", false),
        ] {
            assert_eq!(fits(Some(pattern), name), wanted, "{pattern} {name}");
        }
        assert!(fits(None, "orders"));
    }

    #[test]
    fn a_long_pattern_takes_no_time() {
        let pattern = "%a".repeat(2_000);
        assert!(!fits(Some(&pattern), &"b".repeat(255)));
    }

    #[test]
    fn a_catalogue_is_wanted_by_its_whole_name() {
        for (wanted, fits) in [
            (None, true),
            (Some("lake"), true),
            (Some("LAKE"), true),
            (Some("%"), true),
            (Some("la%"), false),
            (Some("lak_"), false),
            (Some(""), false),
            (Some("other"), false),
        ] {
            assert_eq!(is_catalog(wanted, "lake"), fits, "{wanted:?}");
        }
    }
}
