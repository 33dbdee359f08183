//! Every file opens with what it is.

use syn::{AttrStyle, Attribute, Expr, ExprLit, Lit, Meta};

use super::source::{Source, Violation};

/// A `//!` of three words is the least that can say something.
const WORDS: usize = 3;

/// Holds for tests, too: a reader opens those first.
pub fn files_say_what_they_are(source: &Source) -> Vec<Violation> {
    let words: usize = source
        .syntax
        .attrs
        .iter()
        .filter_map(inner_doc)
        .map(|text| text.split_whitespace().count())
        .sum();
    if words >= WORDS {
        return Vec::new();
    }
    vec![source.violation(1, "no `//!` that says what the file is, and what must hold in it")]
}

fn inner_doc(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    let Expr::Lit(ExprLit {
        lit: Lit::Str(text), ..
    }) = &pair.value
    else {
        return None;
    };
    let is_inner_doc = matches!(attribute.style, AttrStyle::Inner(_)) && pair.path.is_ident("doc");
    is_inner_doc.then(|| text.value())
}

#[test]
fn a_file_without_its_title_is_reported() {
    let check =
        |text: &str, expected: &[&str]| super::check(files_say_what_they_are, "repl/src/main.rs", text, expected);
    check("fn main() {}", &["main.rs:1: no `//!`"]);
    check("/// The `owlet` command.\nfn main() {}", &["no `//!`"]);
    check("// The `owlet` command.\nfn main() {}", &["no `//!`"]);
    check("//! x\nfn main() {}", &["no `//!`"]);
    check("//! The `owlet` command.\nfn main() {}", &[]);
}
