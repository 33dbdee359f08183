//! No name that fits everything: such a name hides that nobody decided what the thing is.

use syn::Ident;
use syn::visit::{self, Visit};

use super::source::{Source, Violation};

const BANNED: &[&str] = &[
    "manager", "handler", "helper", "helpers", "util", "utils", "common", "context", "impl", "info", "data",
];

/// No type, trait or alias that we define has a banned word in its name, as a whole word: `Metadata` and `Simple` are fine.
pub fn types_have_names_of_the_field(source: &Source) -> Vec<Violation> {
    if source.is_test {
        return Vec::new();
    }
    let mut names = TypeNames {
        source,
        violations: Vec::new(),
    };
    names.visit_file(&source.syntax);
    names.violations
}

/// No file or folder below `src` is named by a banned word.
pub fn modules_have_names_of_the_field(source: &Source) -> Vec<Violation> {
    let words = source.module().into_iter().flat_map(|segment| segment.split('_'));
    words
        .filter(|word| BANNED.contains(word))
        .map(|word| {
            source.violation(
                1,
                format!("the module is named \"{word}\": use the field's word for what it does"),
            )
        })
        .collect()
}

struct TypeNames<'a> {
    source: &'a Source,
    violations: Vec<Violation>,
}

impl TypeNames<'_> {
    fn look_at(&mut self, name: &Ident) {
        let line = name.span().start().line;
        let text = name.to_string();
        if self.source.is_test_line(line) {
            return;
        }
        if let Some(word) = camel_case_words(&text)
            .into_iter()
            .find(|word| BANNED.contains(&word.as_str()))
        {
            let message = format!("`{text}` is named \"{word}\": use the field's word for what it is");
            self.violations.push(self.source.violation(line, message));
        }
    }
}

impl Visit<'_> for TypeNames<'_> {
    fn visit_item_struct(&mut self, item: &syn::ItemStruct) {
        self.look_at(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &syn::ItemEnum) {
        self.look_at(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &syn::ItemUnion) {
        self.look_at(&item.ident);
    }

    fn visit_item_trait(&mut self, item: &syn::ItemTrait) {
        self.look_at(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &syn::ItemType) {
        self.look_at(&item.ident);
    }
}

/// `S3ListPage` is `s3`, `list`, `page`; `HTTPService` is `http`, `service`.
fn camel_case_words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_small = at > 0 && !letters[at - 1].is_uppercase();
        let before_small = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if at == 0 || (letter.is_uppercase() && (after_small || before_small)) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[test]
fn a_banned_word_in_a_type_is_reported() {
    let check = |text: &str, expected: &[&str]| {
        super::check(
            types_have_names_of_the_field,
            "engine/src/storage/s3.rs",
            text,
            expected,
        );
    };
    for (text, word) in [
        ("struct StoreManager;", "manager"),
        ("enum RequestHandler {}", "handler"),
        ("trait ListHelper {}", "helper"),
        ("type StringUtils = ();", "utils"),
        ("struct CommonSettings;", "common"),
        ("pub struct QueryContext { a: u8 }", "context"),
        ("struct StoreImpl;", "impl"),
        ("struct TableInfo;", "info"),
        ("struct DataPage;", "data"),
        ("union RawData { a: u8 }", "data"),
        ("fn f() { struct Info; }", "info"),
        ("mod inner { struct Context; }", "context"),
    ] {
        check(text, &[&format!("is named \"{word}\"")]);
    }
}

#[test]
fn a_banned_word_in_a_module_is_reported() {
    let check = |path: &str, expected: &[&str]| super::check(modules_have_names_of_the_field, path, "", expected);
    check("engine/src/storage/util.rs", &["the module is named \"util\""]);
    check("repl/src/common/mod.rs", &["the module is named \"common\""]);
    check("engine/src/query_context.rs", &["the module is named \"context\""]);
    check("engine/src/storage/metadata.rs", &[]);
}

#[test]
fn whole_words_alone_are_banned() {
    let check = |text: &str| super::check(types_have_names_of_the_field, "engine/src/storage/s3.rs", text, &[]);
    check("struct Metadata; struct Simple; struct Informed; struct Utility; enum Database {} trait Implies {}");
    check("use datafusion::execution::TaskContext; impl Display for Plan {} fn handler() {}");
    check("#[cfg(test)] mod tests { struct TestContext; }");
}
