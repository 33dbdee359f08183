//! The modules of the engine stand in one total order, and a module imports only modules before it.

use proc_macro2::Delimiter;

use super::source::{Source, Token, TokenKind, Violation};

/// The order. It is the order of understanding, too: whoever reads from the left never meets an unknown name.
const ORDER: &[&str] = &[
    "error",
    "name",
    "metastore",
    "storage",
    "formats",
    "catalog",
    "sources",
    "syntax",
    "governance",
    "functions",
    "planner",
    "workgroup",
    "history",
    "results",
    "execution",
    "query",
    "config",
    "engine",
];

/// Every `crate::…` and every `super::…` that leaves its module, in `use` lines, in expressions and in macro calls. `lib.rs` is the
/// map of the house and sees everything; nothing imports through it, since it re-exports from all modules.
pub fn modules_import_only_earlier_modules(source: &Source) -> Vec<Violation> {
    if !source.path.starts_with("engine/src/") || source.is_test {
        return Vec::new();
    }
    let module = source.module();
    let Some(own) = module.first() else { return Vec::new() };
    let Some(own_place) = ORDER.iter().position(|name| name == own) else {
        return vec![source.violation(
            1,
            format!("module `{own}` is not in the order: give it a place in ORDER"),
        )];
    };
    let references = References::of(source).found;
    let violations = references.iter().filter_map(|(target, line)| {
        let message = match ORDER.iter().position(|name| name == target) {
            None => format!(
                "`{own}` imports `crate::{target}`, which is no module of the order: name the module that has it"
            ),
            Some(place) if place > own_place => format!("`{own}` imports `{target}`, which stands after it"),
            Some(_) => return None,
        };
        Some(source.violation(*line, message))
    });
    violations.collect()
}

/// The first segment under the crate's root of each path that a file names.
struct References<'a> {
    tokens: &'a [Token],
    found: Vec<(String, usize)>,
}

impl<'a> References<'a> {
    fn of(source: &'a Source) -> Self {
        let mut module: Vec<String> = source.module().iter().map(ToString::to_string).collect();
        let mut references = Self {
            tokens: &source.tokens,
            found: Vec::new(),
        };
        let mut inline: Vec<bool> = Vec::new();
        for at in 0..source.tokens.len() {
            match &source.tokens[at].kind {
                TokenKind::Open(Delimiter::Brace) => {
                    let name = references.inline_module_opened_at(at);
                    inline.push(name.is_some());
                    module.extend(name);
                }
                TokenKind::Close(Delimiter::Brace) if inline.pop() == Some(true) => {
                    module.pop();
                }
                TokenKind::Word(word) if !references.is_after_colons(at) => match word.as_str() {
                    "crate" => references.follow(at + 1, Vec::new()),
                    "super" => references.follow(at + 1, parent(&module)),
                    _ => {}
                },
                _ => {}
            }
        }
        references
    }

    /// Follows `::…` from `at` on, where the tokens before it name the module `base`.
    fn follow(&mut self, at: usize, base: Vec<String>) {
        if !self.is_colons(at) {
            return;
        }
        self.segment(at + 2, base);
    }

    fn segment(&mut self, at: usize, base: Vec<String>) {
        let Some(token) = self.tokens.get(at) else { return };
        match &token.kind {
            TokenKind::Word(word) if word == "super" => self.follow(at + 1, parent(&base)),
            TokenKind::Word(word) if word == "self" => {}
            TokenKind::Word(word) => self.note(base.first().unwrap_or(word).clone(), token.line),
            TokenKind::Sign('*') => self.note(base.first().map_or_else(|| "*".to_owned(), Clone::clone), token.line),
            TokenKind::Open(Delimiter::Brace) => {
                for element in self.elements(at) {
                    self.segment(element, base.clone());
                }
            }
            _ => {}
        }
    }

    /// Where each element of the group opened at `at` begins.
    fn elements(&self, at: usize) -> Vec<usize> {
        let mut depth = 0_usize;
        let mut starts = vec![at + 1];
        for (place, token) in self.tokens.iter().enumerate().skip(at) {
            match token.kind {
                TokenKind::Open(_) => depth += 1,
                TokenKind::Close(_) if depth == 1 => break,
                TokenKind::Close(_) => depth -= 1,
                TokenKind::Sign(',') if depth == 1 => starts.push(place + 1),
                _ => {}
            }
        }
        starts
    }

    fn note(&mut self, target: String, line: usize) {
        self.found.push((target, line));
    }

    fn is_colons(&self, at: usize) -> bool {
        let colon = |at: usize| {
            self.tokens
                .get(at)
                .is_some_and(|token| token.kind == TokenKind::Sign(':'))
        };
        colon(at) && colon(at + 1)
    }

    fn is_after_colons(&self, at: usize) -> bool {
        at >= 2 && self.is_colons(at - 2)
    }

    fn inline_module_opened_at(&self, at: usize) -> Option<String> {
        let word = |back: usize| match self.tokens.get(at.checked_sub(back)?).map(|token| &token.kind) {
            Some(TokenKind::Word(word)) => Some(word.as_str()),
            _ => None,
        };
        (word(2)? == "mod").then(|| word(1).map(str::to_owned)).flatten()
    }
}

fn parent(module: &[String]) -> Vec<String> {
    module[..module.len().saturating_sub(1)].to_vec()
}

fn check(path: &str, text: &str, expected: &[&str]) {
    super::check(modules_import_only_earlier_modules, path, text, expected);
}

#[test]
fn a_later_module_is_reported_wherever_it_is_named() {
    let late = ["`storage` imports `planner`, which stands after it"];
    let path = "engine/src/storage/s3.rs";
    check(path, "use crate::planner::Plan;", &late);
    check(path, "use crate::{error::Error, planner::{self, Plan}};", &late);
    check(path, "use std::{fmt}; pub use crate::planner::*;", &late);
    check(path, "fn f() -> crate::planner::Plan { todo() }", &late);
    check(path, "fn f() { let x = vec![crate::planner::plan()]; }", &late);
    check(path, "use super::super::planner::Plan;", &late);
    check(path, "use super::{local, super::planner};", &late);
    check(
        path,
        "mod inner { fn f() { super::super::super::planner::plan() } }",
        &late,
    );
    check("engine/src/storage/mod.rs", "use super::planner::Plan;", &late);
    check(
        "engine/src/error.rs",
        "use crate::name::TableName;",
        &["error.rs:1: `error` imports `name`"],
    );
}

#[test]
fn earlier_modules_and_its_own_parts_are_accepted() {
    let path = "engine/src/storage/s3.rs";
    check(
        path,
        "use crate::{error::{Error, Result}, name::TableName, storage::list};",
        &[],
    );
    check(
        path,
        "use super::list; use super::{local::File, pins}; use super::super::error::Error;",
        &[],
    );
    check(path, "mod inner { use super::File; use super::super::list; }", &[]);
    check(
        path,
        "pub(crate) fn f() {} pub(super) fn g() {} pub(in crate::storage) fn h() {}",
        &[],
    );
    check(path, "/// See [`crate::planner`].\nfn f() {}", &[]);
    check(
        path,
        "use other::crate_name::planner; use object_store::planner::x;",
        &[],
    );
}

#[test]
fn tests_may_name_everything() {
    check(
        "engine/src/storage/s3.rs",
        "#[cfg(test)] mod tests { use crate::query::run; }",
        &[],
    );
    check("engine/tests/storage.rs", "use crate::query;", &[]);
}

#[test]
fn the_root_is_no_way_around() {
    let path = "engine/src/storage/mod.rs";
    check(
        path,
        "use crate::Error;",
        &["imports `crate::Error`, which is no module of the order"],
    );
    check(path, "use crate::*;", &["imports `crate::*`"]);
    check(
        "engine/src/lib.rs",
        "mod error; pub use crate::error::Error; pub use crate::query::Session;",
        &[],
    );
}

#[test]
fn a_module_without_a_place_is_reported() {
    check("engine/src/misc.rs", "", &["module `misc` is not in the order"]);
}

#[test]
fn other_crates_have_their_own_shape() {
    check("repl/src/output.rs", "use crate::query;", &[]);
}
