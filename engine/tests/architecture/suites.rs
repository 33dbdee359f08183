//! Tests that run.

use syn::Attribute;
use syn::visit::Visit;

use super::source::{Source, Violation};

/// A test that is passed over is a test that nobody has: it runs in `scripts/test`, or it goes.
pub fn no_test_is_ignored(source: &Source) -> Vec<Violation> {
    let mut ignored = Ignored {
        source,
        violations: Vec::new(),
    };
    ignored.visit_file(&source.syntax);
    ignored.violations
}

struct Ignored<'a> {
    source: &'a Source,
    violations: Vec<Violation>,
}

impl Visit<'_> for Ignored<'_> {
    fn visit_attribute(&mut self, attribute: &Attribute) {
        if attribute.path().is_ident("ignore") {
            let line = attribute.pound_token.span.start().line;
            self.violations.push(
                self.source
                    .violation(line, "an ignored test: it runs in `scripts/test`, or it goes"),
            );
        }
    }
}

#[test]
fn an_ignored_test_is_reported() {
    let check =
        |text: &str, expected: &[&str]| super::check(no_test_is_ignored, "engine/tests/storage.rs", text, expected);
    check("#[test]\n#[ignore]\nfn f() {}", &["storage.rs:2: an ignored test"]);
    check(
        "mod tests { #[tokio::test] #[ignore = \"slow\"] async fn f() {} }",
        &["an ignored test"],
    );
    check("#[test]\nfn ignore() {}", &[]);
}
