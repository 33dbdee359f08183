//! A service is an argument. Nobody looks one up in a context, and nobody asks a trait object what it really is.

use super::source::{Source, TokenKind, Violation};

const DOWNCASTS: &[&str] = &["downcast", "downcast_ref", "downcast_mut", "downcast_arc"];
/// How many lines above a downcast its reason may stand: a chain of calls has one reason.
const REASON_LINES: usize = 6;

/// `SessionContext` owns a catalogue, a runtime and a function registry of its own, and passing it along hands out all three.
pub fn the_session_context_of_datafusion_stays_outside(source: &Source) -> Vec<Violation> {
    let message =
        "`SessionContext` outside tests: planner::state builds the state, everything else takes `&dyn Session`";
    words(source, &["SessionContext"])
        .map(|line| source.violation(line, message))
        .collect()
}

/// A downcast in search of a service is a hidden argument. The few others (an error's cause, an array's type) say why in a
/// comment `// downcast: …` above them.
pub fn downcasts_give_their_reason(source: &Source) -> Vec<Violation> {
    let lines: Vec<&str> = source.text.lines().collect();
    let has_reason = |line: usize| {
        lines[line.saturating_sub(REASON_LINES)..line]
            .iter()
            .any(|text| text.contains("// downcast: "))
    };
    words(source, DOWNCASTS)
        .filter(|line| !has_reason(*line))
        .map(|line| {
            source.violation(
                line,
                "a downcast without its reason: pass the thing, or say why in `// downcast: …` above",
            )
        })
        .collect()
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
        "fn f() { a.as_any().downcast_ref::<B>() }",
        &["plan.rs:1: a downcast without its reason"],
    );
    check(
        "// downcast it\nfn f() { a.downcast_mut::<B>() }",
        &["a downcast without its reason"],
    );
    check(
        &format!("// downcast: why\n{}fn f() {{ a.downcast::<B>() }}", "\n".repeat(6)),
        &["a downcast without its reason"],
    );
    check(
        "fn f() {\n    // downcast: the cause of an error has no other name.\n    a\n        .as_any()\n        .downcast_ref::<B>()\n}",
        &[],
    );
    check("#[cfg(test)] mod tests { fn f() { a.downcast_ref::<B>() } }", &[]);
}
