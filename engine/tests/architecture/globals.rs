//! State has one owner: no statics, no lazily made globals, no thread-locals.

use super::source::{Source, Token, TokenKind, Violation};

const BANNED: &[(&str, &str)] = &[
    ("OnceLock", "make the value where its owner is made"),
    ("LazyLock", "make the value where its owner is made"),
    ("LazyCell", "make the value where its owner is made"),
    ("once_cell", "make the value where its owner is made"),
    ("lazy_static", "make the value where its owner is made"),
    ("thread_local", "pass the value as an argument"),
];

/// Looks at tokens, not at items, so that a static in a function or in a macro call is seen as well.
pub fn there_are_no_globals(source: &Source) -> Vec<Violation> {
    if source.is_test {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for (at, token) in source.tokens.iter().enumerate() {
        let TokenKind::Word(word) = &token.kind else { continue };
        if word == "static" && is_item(&source.tokens, at) && !is_allocator(&source.tokens, at) {
            violations.push(source.violation(
                token.line,
                "a static item: state has one owner; a constant is a `const`",
            ));
        }
        if let Some((name, instead)) = BANNED.iter().find(|(name, _)| word == name) {
            violations.push(source.violation(token.line, format!("`{name}` is a global in waiting: {instead}")));
        }
    }
    violations
}

/// Not the lifetime: that one has an apostrophe before it.
fn is_item(tokens: &[Token], at: usize) -> bool {
    let apostrophe = at
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .is_some_and(|token| token.kind == TokenKind::Sign('\''));
    let name_follows = tokens
        .get(at + 1)
        .is_some_and(|token| matches!(token.kind, TokenKind::Word(_)));
    !apostrophe && name_follows
}

/// The allocator of the program, which the language takes in this form alone. It is ours to choose only there.
fn is_allocator(tokens: &[Token], at: usize) -> bool {
    let attribute = at.checked_sub(2).and_then(|before| tokens.get(before));
    attribute.is_some_and(|token| token.kind == TokenKind::Word("global_allocator".to_owned()))
}

fn check(text: &str, expected: &[&str]) {
    super::check(there_are_no_globals, "engine/src/storage/s3.rs", text, expected);
}

#[test]
fn a_global_is_reported() {
    check("static COUNT: AtomicU64 = AtomicU64::new(0);", &["a static item"]);
    check("#[global_allocator] static ALLOCATOR: System = System;", &[]);
    check(
        "#[expect(dead_code)] static ALLOCATOR: System = System;",
        &["a static item"],
    );
    check("static mut COUNT: u64 = 0;", &["a static item"]);
    check("fn f() { static NAMES: &[&str] = &[]; }", &["a static item"]);
    check("some_macro! { static NAMES: u8 = 0; }", &["a static item"]);
    check(
        "use std::sync::{Arc, OnceLock};",
        &["`OnceLock` is a global in waiting"],
    );
    check(
        "struct A { b: std::sync::LazyLock<u8> }",
        &["`LazyLock` is a global in waiting"],
    );
    check(
        "thread_local! { const A: u8 = 0; }",
        &["`thread_local` is a global in waiting"],
    );
    check(
        "lazy_static::lazy_static! { ref A: u8 = 0; }",
        &["`lazy_static`", "`lazy_static`"],
    );
}

#[test]
fn constants_and_the_static_lifetime_are_accepted() {
    check(
        "const NAMES: &[&str] = &[]; fn f(a: &'static str) -> impl Fn() + 'static { move || () }",
        &[],
    );
    check("/// No static OnceLock here.\nfn f() {} // static X", &[]);
    check(
        "#[cfg(test)] mod tests { static SEEN: OnceLock<u8> = OnceLock::new(); }",
        &[],
    );
    super::check(
        there_are_no_globals,
        "engine/tests/storage.rs",
        "static A: u8 = 0;",
        &[],
    );
}
