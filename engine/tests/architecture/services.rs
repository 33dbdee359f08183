//! A service is an argument. Nobody looks one up in a context, and nobody asks a trait object what it really is.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::source::{Source, TokenKind, Violation};

const DOWNCASTS: &[&str] = &["downcast", "downcast_ref", "downcast_mut", "downcast_arc"];

/// `SessionContext` owns a catalogue, a runtime and a function registry of its own, and passing it along hands out all three.
pub fn the_session_context_of_datafusion_stays_outside(source: &Source) -> Vec<Violation> {
    let message =
        "`SessionContext` outside tests: planner::state builds the state, everything else takes `&dyn Session`";
    words(source, &["SessionContext"])
        .map(|line| source.violation(line, message))
        .collect()
}

/// A downcast in search of a service is a hidden argument. The few others (an error's cause, an array's type) say why in a
/// comment `// downcast: …` above them, once a function.
pub fn downcasts_give_their_reason(source: &Source) -> Vec<Violation> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut functions = FunctionStarts::default();
    functions.visit_file(&source.syntax);
    let has_reason = |line: usize| {
        let starts = functions.lines.iter().filter(|start| **start <= line);
        let start = starts.max().copied().unwrap_or(line);
        // From the line right above the function to the downcast.
        let above = &lines[start.saturating_sub(2)..line];
        above.iter().any(|text| text.trim_start().starts_with("// downcast: "))
    };
    let message = "a downcast without its reason: pass the thing, or say why in `// downcast: …` above";
    let without_reason = words(source, DOWNCASTS).filter(|line| !has_reason(*line));
    without_reason.map(|line| source.violation(line, message)).collect()
}

/// The first line of each function, attributes and documentation included.
#[derive(Default)]
struct FunctionStarts {
    lines: Vec<usize>,
}

impl Visit<'_> for FunctionStarts {
    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        self.lines.push(function.span().start().line);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.lines.push(function.span().start().line);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &syn::TraitItemFn) {
        self.lines.push(function.span().start().line);
        visit::visit_trait_item_fn(self, function);
    }
}

fn words<'a>(source: &'a Source, wanted: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    let tokens = source.tokens.iter().filter(|_| !source.is_test);
    tokens
        .filter(|token| matches!(&token.kind, TokenKind::Word(word) if wanted.contains(&word.as_str())))
        .map(|token| token.line)
}

#[test]
fn the_session_context_is_reported() {
    let check = |path: &str, text: &str, expected: &[&str]| {
        super::check(the_session_context_of_datafusion_stays_outside, path, text, expected);
    };
    let found = ["`SessionContext` outside tests"];
    check(
        "engine/src/planner/plan.rs",
        "use datafusion::prelude::{SessionConfig, SessionContext};",
        &found,
    );
    check(
        "repl/src/main.rs",
        "fn f() { let x = datafusion::prelude::SessionContext::new(); }",
        &found,
    );
    check(
        "engine/src/planner/plan.rs",
        "fn f() { run!(SessionContext::new()) }",
        &found,
    );
    check(
        "engine/src/planner/plan.rs",
        "/// Unlike `SessionContext`.\nfn f(session: &dyn Session) {}",
        &[],
    );
    check(
        "engine/src/planner/plan.rs",
        "#[cfg(test)] mod tests { use datafusion::prelude::SessionContext; }",
        &[],
    );
    check(
        "engine/tests/hazards.rs",
        "use datafusion::prelude::SessionContext;",
        &[],
    );
}

#[test]
fn a_downcast_without_its_reason_is_reported() {
    let check = |text: &str, expected: &[&str]| {
        super::check(
            downcasts_give_their_reason,
            "engine/src/planner/plan.rs",
            text,
            expected,
        );
    };
    check(
        "fn f() { a.downcast_ref::<B>() }",
        &["plan.rs:1: a downcast without its reason"],
    );
    check(
        "fn f() {\n    // downcast it\n    a.downcast_mut::<B>()\n}",
        &["plan.rs:3"],
    );
    check(
        "fn f() {\n    a.downcast::<B>()\n    // downcast: why\n}",
        &["plan.rs:2"],
    );
    check("fn f() { a(\"// downcast: why\").downcast::<B>() }", &["plan.rs:1"]);
    let reason = "fn f() {\n    // downcast: why\n    a\n        .b()\n        .downcast_ref::<B>();\n    c.downcast::<D>()\n}\n";
    check(reason, &[]);
    check(
        &format!("{reason}impl X {{ fn g() {{ b.downcast::<B>() }} }}"),
        &["plan.rs:8"],
    );
    check("// downcast: why\nfn f() { a.downcast_ref::<B>() }", &[]);
    check("#[cfg(test)] mod tests { fn f() { a.downcast_ref::<B>() } }", &[]);
}
