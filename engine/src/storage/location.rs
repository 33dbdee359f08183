//! What a user wrote where a table's files are, parsed.
//!
//! Keys of buckets are taken literally, as the AWS tools and Hive take them: `%3A` in `s3://b/t=10%3A00/` is part of the
//! key. Only `http(s)://` and `file://` are URLs whose paths are decoded.

use std::fmt;
use std::path::{Component, Path as FilePath};

use datafusion::execution::object_store::ObjectStoreUrl;
use glob::{MatchOptions, Pattern};
use object_store::path::Path;
use url::Url;

use super::schemes::{self, Scheme};
use super::secret::Secret;
use crate::error::{Error, ErrorCode, Result};

/// The characters that make a location a pattern over several objects, beside `{a,b}`.
const WILDCARDS: [char; 3] = ['*', '?', '['];

/// The most patterns that the braces of one may stand for.
const ALTERNATIVES: usize = 1_000;

/// One object, one directory, or a pattern over objects, and the store they are in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Location {
    scheme: &'static str,
    bucket: String,
    path: Path,
    pattern: Option<Alternatives>,
    directory: bool,
    query: Option<Secret>,
}

/// A pattern, and the ones without braces that it stands for.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Alternatives {
    text: String,
    patterns: Vec<Pattern>,
    /// What every match begins with.
    prefix: String,
}

impl Location {
    /// Reads `text`: a URL of one of [`super::SCHEMES`], or a path of the local file system, which `working_directory`
    /// (absolute) completes if it is relative. `..` in a local path goes up by name, without following links.
    ///
    /// Fails with `INVALID_VALUE` if it is neither, or if it carries user names, empty steps (`a//b`) or `..` where the
    /// store has no such thing.
    pub fn parse(text: &str, working_directory: &FilePath) -> Result<Self> {
        match split_scheme(text) {
            None => Self::local(&working_directory.join(text), text),
            Some((scheme, rest)) => {
                let scheme = schemes::by_name(scheme).ok_or_else(|| unknown_scheme(scheme))?;
                match scheme.name {
                    "file" => Self::local(&file_url_path(text)?, text),
                    "http" | "https" => Self::web(scheme, text),
                    _ => Self::keyed(scheme, rest),
                }
            }
        }
    }

    /// The scheme by its first name: `s3` for `s3a://` too.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The bucket, the container (`container@account` if the account is written), the host, or nothing for `file`.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object or directory inside its store; of a pattern, the longest directory before the first wildcard.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the path of every object begins with that a pattern means, which may end within a step: `a/b` of `a/b*`. Nothing for
    /// what is no pattern.
    #[must_use]
    pub fn pattern_prefix(&self) -> Option<&str> {
        self.pattern.as_ref().map(|pattern| pattern.prefix.as_str())
    }

    /// Whether the location is a pattern over objects.
    #[must_use]
    pub fn is_glob(&self) -> bool {
        self.pattern.is_some()
    }

    /// Whether the location ends in `/`, or is a whole bucket. A local directory written without the slash is not known
    /// as one here.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.directory
    }

    /// Whether nothing can be written there, whoever asks: the sample is part of the program.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.scheme == schemes::SAMPLE
    }

    /// Whether `object` is what the location means: the object itself, under the directory, or matched by the pattern.
    /// `*` does not cross `/`, `**` does, `{a,b}` is either.
    #[must_use]
    pub fn covers(&self, object: &Path) -> bool {
        match &self.pattern {
            Some(pattern) => {
                let own = object.as_ref();
                pattern.patterns.iter().any(|pattern| pattern.matches_with(own, GLOB))
            }
            None => object.prefix_matches(&self.path),
        }
    }

    /// Another object of the same store.
    #[must_use]
    pub fn object(&self, path: &Path) -> Self {
        Self {
            path: path.clone(),
            pattern: None,
            directory: false,
            ..self.clone()
        }
    }

    /// The same location as a directory: what a path without final slash turned out to be.
    #[must_use]
    pub fn into_directory(mut self) -> Self {
        self.directory = self.pattern.is_none();
        self
    }

    /// The store's name: `s3://bucket`, `file://`. A URL with a query is in a store of its own, which a digest of the query
    /// tells from others.
    #[must_use]
    pub fn store_name(&self) -> String {
        match &self.query {
            None => self.address(),
            Some(query) => {
                let digest = ring::digest::digest(&ring::digest::SHA256, query.reveal().as_bytes());
                let digest = digest
                    .as_ref()
                    .iter()
                    .take(8)
                    .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
                format!("{}://{digest:016x}@{}", self.scheme, self.bucket)
            }
        }
    }

    /// Scheme and host or bucket.
    pub(super) fn address(&self) -> String {
        format!("{}://{}", self.scheme, self.bucket)
    }

    /// The part of an `http` URL behind `?`, which may be a signature.
    pub(super) fn query(&self) -> Option<&Secret> {
        self.query.as_ref()
    }

    /// What DataFusion calls the store.
    pub(super) fn store_url(&self) -> Result<ObjectStoreUrl> {
        ObjectStoreUrl::parse(self.store_name())
            .map_err(|_| invalid(&self.store_name(), "its bucket cannot be in a URL"))
    }

    fn local(path: &FilePath, text: &str) -> Result<Self> {
        let mut steps: Vec<&str> = Vec::new();
        for component in path.components() {
            match component {
                Component::ParentDir => drop(steps.pop()),
                Component::Normal(step) => steps.push(step.to_str().ok_or_else(|| invalid(text, "it is not UTF-8"))?),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        let directory = steps.is_empty() || text.ends_with('/') || text.ends_with("/.") || text.ends_with("/..");
        Self::assemble(schemes::FILE, String::new(), &steps.join("/"), directory, text)
    }

    fn keyed(scheme: &'static Scheme, rest: &str) -> Result<Self> {
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        let shown = format!("{}://{rest}", scheme.name);
        let bucket = (scheme.bucket)(authority).ok_or_else(|| invalid(&hidden_user(&shown), BAD_BUCKET))?;
        let directory = key.is_empty() || key.ends_with('/');
        Self::assemble(scheme.name, bucket, key, directory, &shown)
    }

    fn web(scheme: &'static Scheme, text: &str) -> Result<Self> {
        let url = Url::parse(text).map_err(|cause| invalid(&without_query(text), &cause.to_string()))?;
        let shown = without_query(text);
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                &hidden_user(&shown),
                "a user name or password may not stand in a URL",
            ));
        }
        let host = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let path = percent_encoding::percent_decode_str(url.path())
            .decode_utf8()
            .map_err(|_| invalid(&shown, "its path is not UTF-8"))?;
        let path = path.strip_prefix('/').unwrap_or(&path);
        let directory = path.is_empty() || path.ends_with('/');
        let mut location = Self::assemble(scheme.name, host, path, directory, &shown)?;
        location.query = url.query().map(Secret::new);
        Ok(location)
    }

    fn assemble(scheme: &'static str, bucket: String, key: &str, directory: bool, shown: &str) -> Result<Self> {
        let key = key.strip_suffix('/').unwrap_or(key);
        if key.starts_with('/') || key.split('/').any(|step| step.is_empty() && !key.is_empty()) {
            return Err(invalid(shown, "it has an empty step (`//`)"));
        }
        let (path, pattern) = match literal_directory(scheme, key) {
            None => (key, None),
            Some(prefix) => (prefix, Some(alternatives(scheme, key, shown)?)),
        };
        let path = Path::parse(path).map_err(|_| invalid(shown, "it has a `.` or `..` step or a control character"))?;
        Ok(Self {
            scheme,
            bucket,
            path,
            directory: directory && pattern.is_none(),
            pattern,
            query: None,
        })
    }
}

const GLOB: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

const BAD_BUCKET: &str = "between `://` and the first `/` stands the bucket's name and nothing else";

/// As a user would write it, without what follows `?` in a URL.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            schemes::FILE => f.write_str("/")?,
            _ => write!(f, "{}://{}/", self.scheme, self.bucket)?,
        }
        match &self.pattern {
            Some(pattern) => f.write_str(&pattern.text),
            None if self.directory && !self.path.is_root() => write!(f, "{}/", self.path),
            None => write!(f, "{}", self.path),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

/// `s3a://b/k` to (`s3a`, `b/k`). `file:/x` is a URL too; `C:x` and `a:b` are paths.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let named = scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        return (named && scheme.starts_with(|c: char| c.is_ascii_alphabetic())).then_some((scheme, rest));
    }
    let head = text.get(..5)?;
    head.eq_ignore_ascii_case("file:").then_some(("file", &text[5..]))
}

fn file_url_path(text: &str) -> Result<std::path::PathBuf> {
    let url = Url::parse(text).map_err(|cause| invalid(text, &cause.to_string()))?;
    if url.query().is_some() || url.fragment().is_some() {
        // A local name may hold `?` and `#`; in a URL they are written `%3F` and `%23`, and `?` as a wildcard is kept.
        let decoded = percent_encoding::percent_decode_str(text.split_once(':').map_or("", |(_, path)| path));
        let decoded = decoded.decode_utf8().map_err(|_| invalid(text, "it is not UTF-8"))?;
        return match decoded.strip_prefix("//") {
            None => Ok(decoded.as_ref().into()),
            Some(path) if path.starts_with('/') => Ok(path.into()),
            Some(_) => Err(invalid(text, "a file URL names no host")),
        };
    }
    url.to_file_path()
        .map_err(|()| invalid(text, "a file URL names no host"))
}

/// The directory before the first wildcard, if there is a wildcard.
fn literal_directory<'a>(scheme: &str, key: &'a str) -> Option<&'a str> {
    let first = first_wildcard(scheme, key)?;
    Some(key[..first].rsplit_once('/').map_or("", |(directory, _)| directory))
}

/// Where the first wildcard of `key` is. A host reads `?` as the start of a query, and brackets and braces are part of names
/// there.
fn first_wildcard(scheme: &str, key: &str) -> Option<usize> {
    if scheme.starts_with("http") {
        return key.find('*');
    }
    let brace = braces(key).map(|(open, _)| open);
    key.find(WILDCARDS).into_iter().chain(brace).min()
}

/// The first pair of braces with a comma between them that is not in brackets: where it opens, and where it closes.
fn braces(text: &str) -> Option<(usize, usize)> {
    let (mut open, mut comma, mut depth, mut bracket) = (None, false, 0_usize, false);
    for (place, letter) in text.char_indices() {
        match letter {
            '[' => bracket = true,
            ']' => bracket = false,
            _ if bracket => {}
            '{' => {
                depth += 1;
                if depth == 1 {
                    (open, comma) = (Some(place), false);
                }
            }
            ',' if depth == 1 => comma = true,
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 && comma {
                    return open.map(|open| (open, place));
                }
            }
            _ => {}
        }
    }
    None
}

/// The patterns that `key` stands for.
fn alternatives(scheme: &str, key: &str, shown: &str) -> Result<Alternatives> {
    let mut open = vec![key.to_owned()];
    let mut patterns = Vec::new();
    while let Some(text) = open.pop() {
        let Some((from, to)) = braces(&text).filter(|_| !scheme.starts_with("http")) else {
            patterns.push(Pattern::new(&text).map_err(|cause| invalid(shown, cause.msg))?);
            continue;
        };
        open.extend(
            split_alternatives(&text[from + 1..to]).map(|own| format!("{}{own}{}", &text[..from], &text[to + 1..])),
        );
        if open.len() + patterns.len() > ALTERNATIVES {
            return Err(invalid(shown, "its braces stand for too many patterns"));
        }
    }
    let end = first_wildcard(scheme, key).unwrap_or(key.len());
    Ok(Alternatives {
        text: key.to_owned(),
        patterns,
        prefix: key[..end].to_owned(),
    })
}

/// What stands between the commas that are in no inner braces.
fn split_alternatives(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
}

fn unknown_scheme(scheme: &str) -> Error {
    let names: Vec<&str> = super::SCHEMES.iter().map(|scheme| scheme.name).collect();
    let message = format!(
        "\"{scheme}://\" is not a scheme that Owlet opens: it opens {}",
        names.join(", ")
    );
    Error::new(ErrorCode::InvalidValue, message)
}

fn invalid(text: &str, why: &str) -> Error {
    Error::new(ErrorCode::InvalidValue, format!("\"{text}\" is not a location: {why}"))
}

fn without_query(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// The URL with whatever stands before `@` blotted out.
fn hidden_user(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location> {
        Location::parse(text, FilePath::new("/home/owl"))
    }

    /// What a text is shown as, or the code of its refusal.
    fn check(text: &str, expected: &str) {
        let shown = parse(text).map_or_else(|cause| cause.code().to_string(), |location| location.to_string());
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn schemes_are_known_by_every_name_in_any_case() {
        check("s3://b/k", "s3://b/k");
        check("S3A://b/k", "s3://b/k");
        check("abfss://c@acct.dfs.core.windows.net/k", "az://c@acct/k");
        check("azure://c/k", "az://c/k");
        check("gcs://b/k", "gs://b/k");
        check("HTTPS://Example.COM:443/K", "https://example.com/K");
        check("ftp://b/k", "INVALID_VALUE");
        check("hdfs://b/k", "INVALID_VALUE");
    }

    #[test]
    fn plain_and_file_paths_are_local_and_relative_ones_are_completed() {
        check("/data/a.parquet", "/data/a.parquet");
        check("a.parquet", "/home/owl/a.parquet");
        check("./x/../a.parquet", "/home/owl/a.parquet");
        check("../../../../etc/passwd", "/etc/passwd");
        check("file:///data/a%20b.parquet", "/data/a b.parquet");
        check("file:/data//a", "/data/a");
        check("FILE://localhost/data/a", "/data/a");
        check("file://elsewhere/data/a", "INVALID_VALUE");
        check("/data/a%20b", "/data/a%20b");
        check("a:b", "/home/owl/a:b");
        check("", "/home/owl");
    }

    #[test]
    fn keys_are_literal() {
        check("s3://b/t=10%3A00/x", "s3://b/t=10%3A00/x");
        check("s3://b/a b/ü", "s3://b/a b/ü");
        check("s3://b/a%2e%2e/x", "s3://b/a%2e%2e/x");
    }

    #[test]
    fn steps_that_a_store_does_not_have_are_refused() {
        for text in [
            "s3://b//k",
            "s3://b/a//k",
            "s3://b/k//",
            "s3://b/../k",
            "s3://b/a/./k",
            "s3://b/a/..",
            "s3://b/a\nb",
            "https://h/a//b",
            "https://h/a%2F..%2Fb",
            "https://h/%2e%2e%2Fb%2F%2e%2e",
        ] {
            check(text, "INVALID_VALUE");
        }
        // A URL's own dots are resolved before they are sent, as every browser does.
        check("https://h/a/../b", "https://h/b");
        check("https://h/a/%2e%2E/b", "https://h/b");
    }

    #[test]
    fn a_bucket_stands_alone_between_the_scheme_and_the_path() {
        for text in [
            "s3://",
            "s3:///k",
            "s3://user@b/k",
            "s3://user:pw@b/k",
            "s3://b:9000/k",
            "az://c@/k",
            "az://@a/k",
            "s3://b?x/k",
        ] {
            check(text, "INVALID_VALUE");
        }
        check("https://user:pw@h/k", "INVALID_VALUE");
    }

    #[test]
    fn passwords_in_a_url_are_not_repeated() {
        for text in [
            "s3://user:hunter2@b/k",
            "https://user:hunter2@h/k?sig=hunter2",
            "https://h/a//b?sig=hunter2",
        ] {
            let cause = parse(text).unwrap_err();
            assert!(!format!("{cause} {cause:?}").contains("hunter2"), "{cause}");
        }
        let signed = parse("https://h/k?sig=hunter2").unwrap();
        assert!(!format!("{signed} {signed:?} {}", signed.store_name()).contains("hunter2"));
        assert_ne!(
            signed.store_name(),
            parse("https://h/k?sig=other").unwrap().store_name()
        );
    }

    #[test]
    fn a_pattern_keeps_the_directory_before_its_first_wildcard() {
        for (text, directory) in [
            ("s3://b/a/x=*/f?.parquet", "a"),
            ("s3://b/*.parquet", ""),
            ("s3://b/a/b/[ab].parquet", "a/b"),
            ("/data/*/x", "data"),
        ] {
            let location = parse(text).unwrap();
            assert!(location.is_glob() && !location.is_directory());
            assert_eq!(location.path().as_ref(), directory);
            assert_eq!(location.to_string(), text);
        }
        let pattern = parse("s3://b/a/*.parquet").unwrap();
        assert!(pattern.covers(&Path::from("a/x.parquet")));
        assert!(!pattern.covers(&Path::from("a/b/x.parquet")));
        assert!(parse("s3://b/a/**/x").unwrap().covers(&Path::from("a/b/c/x")));
        assert!(!parse("https://h/a?b").unwrap().is_glob());
    }

    #[test]
    fn braces_are_either_of_what_they_hold() {
        let pattern = parse("s3://b/t/{2023,2024/{a,b}}-*.parquet").unwrap();
        assert_eq!(pattern.path().as_ref(), "t");
        for (path, covered) in [
            ("t/2023-1.parquet", true),
            ("t/2024/a-1.parquet", true),
            ("t/2024/b-.parquet", true),
            ("t/2024/c-1.parquet", false),
            ("t/2024-1.parquet", false),
        ] {
            assert_eq!(pattern.covers(&Path::from(path)), covered, "{path}");
        }
        assert_eq!(pattern.to_string(), "s3://b/t/{2023,2024/{a,b}}-*.parquet");
        assert!(!parse("s3://b/{a}/x").unwrap().is_glob(), "nothing to choose from");
        assert!(!parse("s3://b/{a/x").unwrap().is_glob());
        assert!(parse("s3://b/[{]a,b}").unwrap().covers(&Path::parse("{a,b}").unwrap()));
        check(&format!("s3://b/{}", "{a,b}".repeat(12)), "INVALID_VALUE");
    }

    #[test]
    fn the_prefix_of_a_pattern_goes_up_to_its_first_wildcard() {
        for (text, prefix) in [
            ("s3://b/many/000*", Some("many/000")),
            ("s3://b/many/{1,2}", Some("many/")),
            ("s3://b/*", Some("")),
            ("s3://b/a", None),
        ] {
            assert_eq!(parse(text).unwrap().pattern_prefix(), prefix, "{text}");
        }
    }

    #[test]
    fn a_directory_ends_in_a_slash_or_is_a_whole_bucket() {
        for (text, is_directory) in [
            ("s3://b", true),
            ("s3://b/", true),
            ("s3://b/a/", true),
            ("s3://b/a", false),
            ("/data/", true),
            ("/", true),
            (".", false),
        ] {
            assert_eq!(parse(text).unwrap().is_directory(), is_directory, "{text}");
        }
    }
}
