//! Files of at most 500 lines, functions of at most 70. Tests are not counted.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ItemFn, Signature};

use super::source::{Source, Violation};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// A file that has grown past the limit holds two concepts: split it by concept, not by count.
pub fn files_are_short(source: &Source) -> Vec<Violation> {
    let lines = source.code_lines();
    if source.is_test || lines <= FILE_LINES {
        return Vec::new();
    }
    vec![source.violation(
        1,
        format!("{lines} lines without its tests, where {FILE_LINES} are the limit: split it by concept"),
    )]
}

/// Counted as clippy's `too_many_lines` counts: the lines between the braces that are neither blank nor comment. Clippy does not look
/// into what a macro such as `#[async_trait]` rewrote; this rule does. A long flat table says `#[expect(clippy::too_many_lines, reason)]`.
pub fn functions_are_short(source: &Source) -> Vec<Violation> {
    if source.is_test {
        return Vec::new();
    }
    let mut functions = Functions {
        source,
        violations: Vec::new(),
    };
    functions.visit_file(&source.syntax);
    functions.violations
}

struct Functions<'a> {
    source: &'a Source,
    violations: Vec<Violation>,
}

impl Functions<'_> {
    fn measure(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let line = signature.span().start().line;
        if self.source.is_test_line(line) || attributes.iter().any(is_declared_exception) {
            return;
        }
        let (first, last) = (block.span().start().line, block.span().end().line);
        let inner = self
            .source
            .text
            .lines()
            .skip(first)
            .take((last - first).saturating_sub(1))
            .map(str::trim);
        let lines = inner.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        if lines > FUNCTION_LINES {
            let message = format!(
                "`{}` has {lines} lines, where {FUNCTION_LINES} are the limit",
                signature.ident
            );
            self.violations.push(self.source.violation(line, message));
        }
    }
}

impl Visit<'_> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &ItemFn) {
        self.measure(&function.attrs, &function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.measure(&function.attrs, &function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.attrs, &function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// `#[expect(clippy::too_many_lines, reason = "…")]`: an exception without a reason is none.
fn is_declared_exception(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    let text = list.tokens.to_string();
    list.path.is_ident("expect") && text.contains("too_many_lines") && text.contains("reason")
}

fn function(signature: &str, lines: usize) -> String {
    format!("{signature} {{\n{}}}\n", "    step();\n".repeat(lines))
}

#[test]
fn a_long_file_is_reported() {
    let check =
        |text: &str, expected: &[&str]| super::check(files_are_short, "engine/src/query/run.rs", text, expected);
    let line = "const X: u8 = 0;\n";
    check(&line.repeat(500), &[]);
    check(&line.repeat(501), &["run.rs:1: 501 lines without its tests"]);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", line.repeat(200));
    check(&format!("{}{tests}", line.repeat(400)), &[]);
    check(
        &format!("{}{tests}", line.repeat(501)),
        &["501 lines without its tests"],
    );
    super::check(files_are_short, "engine/tests/storage.rs", &line.repeat(900), &[]);
}

#[test]
fn a_long_function_is_reported() {
    let check =
        |text: &str, expected: &[&str]| super::check(functions_are_short, "engine/src/query/run.rs", text, expected);
    check(&function("fn run()", 70), &[]);
    check(&function("fn run()", 71), &["run.rs:1: `run` has 71 lines"]);
    check(
        &format!("impl X {{\n{}}}", function("async fn run()", 71)),
        &["run.rs:2: `run` has 71 lines"],
    );
    check(
        &format!("trait X {{\n{}}}", function("fn run()", 71)),
        &["`run` has 71 lines"],
    );
    check(
        &format!("fn outer() {{\n{}}}", function("fn inner()", 71)),
        &["`outer` has 73", "`inner` has 71"],
    );
    check(&function("#[cfg(test)]\nfn run()", 71), &[]);
}

#[test]
fn blank_lines_and_comments_are_not_counted() {
    let text = format!(
        "fn run() {{\n{}{}}}\n",
        "    // why\n\n".repeat(50),
        "    step();\n".repeat(70)
    );
    super::check(functions_are_short, "engine/src/query/run.rs", &text, &[]);
}

#[test]
fn a_long_function_may_give_its_reason() {
    let check = |attribute: &str, expected: &[&str]| {
        let text = function(&format!("{attribute}\nfn table()"), 90);
        super::check(functions_are_short, "engine/src/functions/mod.rs", &text, expected);
    };
    check("#[expect(clippy::too_many_lines, reason = \"a flat table\")]", &[]);
    check("#[expect(clippy::too_many_lines)]", &["`table` has 90 lines"]);
    check(
        "#[allow(clippy::too_many_lines, reason = \"a flat table\")]",
        &["`table` has 90 lines"],
    );
}
