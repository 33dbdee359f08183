//! A Rust file as the rules see it: its syntax tree, its tokens, and which of its lines are tests.

use std::fmt;
use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, Meta};

/// A place that breaks a rule.
pub struct Violation {
    pub path: String,
    /// From 1; 1 also where the whole file is meant.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// One Rust file.
pub struct Source {
    /// From the root of the workspace, with `/` between its parts.
    pub path: String,
    pub text: String,
    pub syntax: File,
    /// The whole file is part of a test.
    pub is_test: bool,
    /// Every token outside tests, groups flattened, so that what stands inside a macro call is seen as well.
    pub tokens: Vec<Token>,
    test_lines: Vec<RangeInclusive<usize>>,
}

/// A token and its line. Doc comments are literals here, so that prose is never taken for code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Word(String),
    Sign(char),
    Open(Delimiter),
    Close(Delimiter),
    Literal,
}

impl Source {
    /// Reads `text` as the file `path`. Fails, in words, if it is not Rust.
    pub fn parse(path: &str, text: &str) -> Result<Self, String> {
        let syntax = syn::parse_file(text).map_err(|error| format!("{path}: {error}"))?;
        let stream: TokenStream = text.parse().map_err(|error| format!("{path}: {error}"))?;
        let mut tests = TestItems::default();
        tests.visit_file(&syntax);
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        tokens.retain(|token| !tests.lines.iter().any(|lines| lines.contains(&token.line)));
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            is_test: ["/tests/", "/benches/"].iter().any(|folder| path.contains(folder)),
            syntax,
            tokens,
            test_lines: tests.lines,
        })
    }

    /// The violation of a rule at `line` of this file.
    pub fn violation(&self, line: usize, message: impl Into<String>) -> Violation {
        Violation {
            path: self.path.clone(),
            line,
            message: message.into(),
        }
    }

    /// Whether `line` belongs to a test.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// How many lines are not those of tests.
    pub fn code_lines(&self) -> usize {
        (1..=self.text.lines().count())
            .filter(|line| !self.is_test_line(*line))
            .count()
    }

    /// The modules from the crate's root to this file: `engine/src/storage/s3/mod.rs` is `storage`, `s3`.
    pub fn module(&self) -> Vec<&str> {
        let Some((_, inside)) = self.path.split_once("/src/") else {
            return Vec::new();
        };
        let inside = inside.strip_suffix(".rs").unwrap_or(inside);
        let inside = inside.strip_suffix("/mod").unwrap_or(inside);
        match inside {
            "lib" | "main" => Vec::new(),
            _ => inside.split('/').collect(),
        }
    }

    /// Where `#[cfg(test)] mod x;` of this file has its text: the beginnings of the paths.
    pub fn test_modules_in_other_files(&self) -> Vec<String> {
        let folder = match self.path.rsplit_once('/') {
            Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder,
            _ => self.path.strip_suffix(".rs").unwrap_or(&self.path),
        };
        let modules = self.syntax.items.iter().filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() && is_for_tests(&module.attrs) => Some(&module.ident),
            _ => None,
        });
        modules
            .flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/")])
            .collect()
    }
}

/// Collects the lines of everything under `#[cfg(test)]` or `#[test]`, attributes included.
#[derive(Default)]
struct TestItems {
    lines: Vec<RangeInclusive<usize>>,
}

impl TestItems {
    fn found(&mut self, attributes: &[Attribute], whole: &dyn Spanned) -> bool {
        let found = is_for_tests(attributes);
        if found {
            self.lines.push(whole.span().start().line..=whole.span().end().line);
        }
        found
    }
}

impl Visit<'_> for TestItems {
    fn visit_item(&mut self, item: &Item) {
        let attributes: &[Attribute] = match item {
            Item::Const(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Macro(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Type(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !self.found(attributes, item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        if !self.found(&function.attrs, function) {
            visit::visit_impl_item_fn(self, function);
        }
    }
}

/// Whether the attributes say `#[test]`, `#[tokio::test]` or a `#[cfg(…)]` that demands `test`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.segments.last().is_some_and(|segment| segment.ident == "test") {
            return true;
        }
        match &attribute.meta {
            Meta::List(list) if path.is_ident("cfg") => demands_test(list.tokens.clone()),
            _ => false,
        }
    })
}

/// Whether a `cfg` is true in tests alone: `test` and `all(test, …)` are, `any(test, …)` and `not(test)` are not.
fn demands_test(condition: TokenStream) -> bool {
    let mut trees = condition.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let TokenTree::Ident(word) = tree else { continue };
        match trees.peek() {
            Some(TokenTree::Group(inner)) if word == "all" && demands_test(inner.stream()) => return true,
            Some(TokenTree::Group(_)) => {}
            _ if word == "test" => return true,
            _ => {}
        }
    }
    false
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                tokens.push(Token {
                    kind: TokenKind::Open(group.delimiter()),
                    line,
                });
                flatten(group.stream(), tokens);
                let line = group.span_close().start().line;
                tokens.push(Token {
                    kind: TokenKind::Close(group.delimiter()),
                    line,
                });
            }
            TokenTree::Ident(word) => tokens.push(Token {
                kind: TokenKind::Word(word.to_string()),
                line,
            }),
            TokenTree::Punct(sign) => tokens.push(Token {
                kind: TokenKind::Sign(sign.as_char()),
                line,
            }),
            TokenTree::Literal(_) => tokens.push(Token {
                kind: TokenKind::Literal,
                line,
            }),
        }
    }
}

/// Asserts that `found` are as many violations as `expected`, each with its part of the message.
#[track_caller]
pub fn compare(found: &[Violation], expected: &[&str]) {
    let report: Vec<String> = found.iter().map(Violation::to_string).collect();
    assert_eq!(found.len(), expected.len(), "expected {expected:?}, found {report:#?}");
    for (line, part) in report.iter().zip(expected) {
        assert!(line.contains(part), "expected {part:?} in {line:?}");
    }
}

#[test]
fn tests_are_told_from_code() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { crate::x() }\n}\n#[cfg(not(test))]\nfn c() {}\n#[cfg(any(test, unix))]\nfn d() {}\n#[cfg(all(unix, test))]\nfn e() {}\n";
    let source = Source::parse("engine/src/x.rs", text).unwrap();
    let code: Vec<usize> = (1..=11).filter(|line| !source.is_test_line(*line)).collect();
    assert_eq!(code, [1, 6, 7, 8, 9]);
    assert_eq!(source.code_lines(), 5);
    assert!(
        !source
            .tokens
            .iter()
            .any(|token| token.kind == TokenKind::Word("b".into()))
    );
}

#[test]
fn test_modules_in_their_own_files_are_found() {
    let check = |path: &str, expected: &[&str]| {
        let source = Source::parse(path, "#[cfg(test)]\nmod tests;\nmod code;\n").unwrap();
        assert_eq!(source.test_modules_in_other_files(), expected);
    };
    check(
        "engine/src/storage/mod.rs",
        &["engine/src/storage/tests.rs", "engine/src/storage/tests/"],
    );
    check(
        "engine/src/storage/s3.rs",
        &["engine/src/storage/s3/tests.rs", "engine/src/storage/s3/tests/"],
    );
}

#[test]
fn a_path_gives_its_module() {
    let check = |path: &str, expected: &[&str]| assert_eq!(Source::parse(path, "").unwrap().module(), expected);
    check("engine/src/lib.rs", &[]);
    check("engine/src/error.rs", &["error"]);
    check("engine/src/storage/mod.rs", &["storage"]);
    check("engine/src/storage/s3/list.rs", &["storage", "s3", "list"]);
}
