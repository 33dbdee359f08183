//! Secrets struck from a statement's text before it is stored.

/// `text` with `***` in place of what is secret by its place:
///
/// - the value after a name such as `password`, `secret`, `token`, `credential` or `access_key`, as SQL writes options
///   (`'aws.secret_access_key' = '…'`, `password '…'`), as JSON does, and as connection strings do (`password=…`);
/// - the user and password of a URL, and the query of one that is not a path in object storage (a presigned URL's signature).
///
/// It works on text, since a statement that cannot be parsed is recorded too, and rather strikes too much than too little. What
/// it cannot know is a secret without such a name: a row of `INSERT INTO accounts VALUES ('…')`.
#[must_use]
pub fn redact(text: &str) -> String {
    let text = redact_urls(text);
    Scanner::new(&text).run()
}

/// `text` redacted, and cut to `limit` bytes (with `…` at its end) if it is longer. Without NUL, which PostgreSQL's text
/// cannot hold.
pub(super) fn storable(text: &str, limit: usize) -> String {
    cut(redact(text).replace('\0', "\u{fffd}"), limit)
}

fn cut(mut text: String, limit: usize) -> String {
    const MARK: &str = "…";
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit.saturating_sub(MARK.len())));
        text.push_str(MARK);
    }
    text
}

const STRUCK: &str = "***";

/// A name that holds one of these, once case and `_`, `-` and `.` are gone, names a secret.
const SECRET_PARTS: &[&str] = &[
    "secret",
    "password",
    "passwd",
    "passphrase",
    "token",
    "credential",
    "signature",
    "authorization",
    "accesskey",
    "accountkey",
    "apikey",
    "customerkey",
    "encryptionkey",
    "masterkey",
    "privatekey",
    "sharedkey",
    "storagekey",
];

/// A name whose last part is one of these names a secret.
const SECRET_ENDS: &[&str] = &["pwd", "pw", "sas", "sig"];

/// Schemes whose URLs are paths of objects: `?` is a wildcard there, and what stands before `@` may be a container.
const OBJECT_SCHEMES: &[&str] = &[
    "s3", "s3a", "s3n", "gs", "gcs", "file", "az", "azure", "adl", "abfs", "abfss", "wasb", "wasbs", "sample",
];

fn redact_urls(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(colon) = rest.find("://") {
        let (before, after) = rest.split_at(colon + "://".len());
        let scheme = before[..colon]
            .rsplit(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        let end = after
            .find(|c: char| c.is_whitespace() || "'\"`<>".contains(c))
            .unwrap_or(after.len());
        let (url, after) = after.split_at(end);
        redacted.push_str(before);
        push_url(&mut redacted, &scheme.to_ascii_lowercase(), url);
        rest = after;
    }
    redacted.push_str(rest);
    redacted
}

/// Adds `url`, which is all after the `://`, without its secrets.
fn push_url(redacted: &mut String, scheme: &str, url: &str) {
    let is_object = OBJECT_SCHEMES.contains(&scheme);
    let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
    let user_end = match authority.rfind('@') {
        Some(at) if is_object && !authority[..at].contains(':') => None,
        Some(at) => Some(at),
        // A password with a `/`, `?` or `#` that is not escaped, as opposed to a port.
        None if authority
            .split_once(':')
            .is_some_and(|(_, port)| port.contains(|c: char| !c.is_ascii_digit())) =>
        {
            url.rfind('@')
        }
        None => None,
    };
    let url = match user_end {
        Some(at) => {
            redacted.push_str(STRUCK);
            &url[at..]
        }
        None => url,
    };
    match url.split_once('?') {
        Some((path, query)) if !is_object && query.contains('=') => {
            redacted.push_str(path);
            redacted.push('?');
            redacted.push_str(STRUCK);
        }
        _ => redacted.push_str(url),
    }
}

/// Where in a statement a place is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Region {
    Code,
    Quoted(char),
    LineComment,
    BlockComment,
}

/// One pass over a text, from left to right.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    region: Region,
    /// Whether the statement is a SET, whose values need no quotes.
    is_set: bool,
    redacted: String,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        let first = text.split_whitespace().next().unwrap_or_default();
        Self {
            text,
            at: 0,
            region: Region::Code,
            is_set: first.eq_ignore_ascii_case("set"),
            redacted: String::with_capacity(text.len()),
        }
    }

    fn run(mut self) -> String {
        while let Some(c) = self.rest().chars().next() {
            if c.is_alphanumeric() || c == '_' {
                let name = name_at_start(self.rest());
                self.keep(name.len());
                if names_secret(name) {
                    self.strike_value();
                }
            } else {
                self.enter_or_leave(c);
                self.keep(c.len_utf8());
            }
        }
        self.redacted
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn keep(&mut self, bytes: usize) {
        self.redacted.push_str(&self.rest()[..bytes]);
        self.at += bytes;
    }

    fn strike(&mut self, bytes: usize) {
        self.redacted.push_str(STRUCK);
        self.at += bytes;
    }

    fn enter_or_leave(&mut self, c: char) {
        let rest = self.rest();
        self.region = match (self.region, c) {
            (Region::Code, '\'' | '"' | '`') => Region::Quoted(c),
            (Region::Code, '-') if rest.starts_with("--") => Region::LineComment,
            (Region::Code, '/') if rest.starts_with("/*") => Region::BlockComment,
            (Region::Quoted(quote), _) if quote == c => Region::Code,
            (Region::LineComment, '\n') => Region::Code,
            // The slash of `*/`: this is called for each character, and the star has been kept.
            (Region::BlockComment, '/') if self.redacted.ends_with('*') => Region::Code,
            (region, _) => region,
        };
    }

    /// Strikes the value that follows a secret's name, if one does.
    fn strike_value(&mut self) {
        let rest = self.rest();
        let mut length = 0;
        let mut region = self.region;
        // The end of the name's own quotes: SQL's, or JSON's within a literal of SQL.
        if let Some(quote) = rest.chars().next().filter(|c| "'\"`".contains(*c)) {
            match region {
                Region::Quoted(open) if open == quote && !rest[1..].starts_with(quote) => region = Region::Code,
                Region::Code => return self.strike_literal(0, region),
                _ => {}
            }
            length += if rest[1..].starts_with(quote) { 2 } else { 1 };
        }
        length += spaces(&rest[length..]);
        let separator = separator(&rest[length..]);
        length += separator;
        length += spaces(&rest[length..]);
        let value = &rest[length..];
        if literal_length(value, region).is_some() {
            return self.strike_literal(length, region);
        }
        let may_be_bare = separator > 0 && (region != Region::Code || self.is_set);
        let bare = bare_length(value);
        if may_be_bare && bare > 0 {
            self.region = region;
            self.keep(length);
            self.strike(bare);
        }
    }

    /// Strikes the literal that stands `offset` bytes on, and what is joined to it by `||`.
    fn strike_literal(&mut self, offset: usize, region: Region) {
        let Some(literal) = literal_length(&self.rest()[offset..], region) else {
            return;
        };
        self.region = region;
        self.keep(offset);
        let quote = self.rest().chars().find(|c| "'\"$".contains(*c)).unwrap_or('\'');
        self.redacted.push(quote);
        self.strike(literal);
        self.redacted.push(quote);
        let rest = self.rest();
        let gap = spaces(rest);
        if region == Region::Code && rest[gap..].starts_with("||") {
            let gap = gap + 2 + spaces(&rest[gap + 2..]);
            self.strike_literal(gap, region);
        }
    }
}

/// The name at the start of `text`: letters, digits, `_`, `.`, and `-` unless it begins a comment.
fn name_at_start(text: &str) -> &str {
    let end = text.char_indices().find(|(at, c)| match c {
        '-' => text[*at..].starts_with("--"),
        '_' | '.' => false,
        c => !c.is_alphanumeric(),
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

fn names_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    let joined = name.replace(['_', '-', '.'], "");
    SECRET_ENDS.contains(&last) || SECRET_PARTS.iter().any(|part| joined.contains(part))
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The length of what stands between a name and its value.
fn separator(text: &str) -> usize {
    for separator in ["=>", "==", ":=", "=", ":"] {
        if text.starts_with(separator) {
            return separator.len();
        }
    }
    let is_to =
        text.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("to")) && spaces(text.get(2..).unwrap_or("")) > 0;
    if is_to { 2 } else { 0 }
}

/// The length of the literal at the start of `text`, its quotes and prefix included.
fn literal_length(text: &str, region: Region) -> Option<usize> {
    let prefix = text.find(|c: char| !c.is_ascii_alphabetic() && c != '&')?;
    let prefix = if prefix <= 2 { prefix } else { 0 };
    let body = &text[prefix..];
    let first = body.chars().next()?;
    match (first, region) {
        ('$', Region::Code) => {
            let tag = &body[..body[1..].find('$')? + 2];
            let is_tag = tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_');
            let end = body[tag.len()..]
                .find(tag)
                .map_or(text.len(), |end| prefix + end + 2 * tag.len());
            is_tag.then_some(end)
        }
        ('\'' | '"', Region::Code) => Some(prefix + quoted_length(body, first)),
        // In a literal its own quote is doubled; a single one ends it.
        (quote, Region::Quoted(open)) if quote == open => {
            let doubled = [quote, quote].iter().collect::<String>();
            let inner = body.strip_prefix(&doubled)?;
            Some(prefix + inner.find(&doubled).map_or(body.len(), |end| end + 4))
        }
        ('"', _) => {
            let inner = &body[1..];
            let end = inner.find(['"', '\'']).unwrap_or(inner.len());
            Some(prefix + 1 + end + usize::from(inner[end..].starts_with('"')))
        }
        _ => None,
    }
}

/// The length of the quoted text at the start of `text`. A doubled quote does not end it, nor does one after a backslash,
/// unless what follows can only follow a literal: dialects differ, and the longer reading is the safe one.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    let mut after_backslash = false;
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        if c == quote && next == Some(quote) {
            characters.next();
        } else if c == quote
            && (!after_backslash || next.is_none_or(|next| next.is_whitespace() || ",);".contains(next)))
        {
            return at + 1;
        }
        after_backslash = c == '\\' && !after_backslash;
    }
    text.len()
}

/// The length of the unquoted value at the start of `text`; of two words, if the first one names a kind of authorization.
fn bare_length(text: &str) -> usize {
    let end = |text: &str| {
        text.find(|c: char| c.is_whitespace() || "&;,'\"`)}".contains(c))
            .unwrap_or(text.len())
    };
    let first = end(text);
    if ["bearer", "basic"]
        .iter()
        .any(|kind| text[..first].eq_ignore_ascii_case(kind))
    {
        let gap = first + spaces(&text[first..]);
        return gap + end(&text[gap..]);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(redact(text), expected, "of {text}");
    }

    #[test]
    fn values_of_secret_options_are_struck() {
        check(
            "OPTIONS ('aws.secret_access_key' 'a', 'region' 'eu')",
            "OPTIONS ('aws.secret_access_key' '***', 'region' 'eu')",
        );
        check(
            "TBLPROPERTIES ('api-key'='a''b', 'x'='y')",
            "TBLPROPERTIES ('api-key'='***', 'x'='y')",
        );
        check(
            "WITH (password = 'a' || 'b', x = 1)",
            "WITH (password = '***' || '***', x = 1)",
        );
        check(
            "OPTIONS (\"session.token\" => E'a\\'b', k 'v')",
            "OPTIONS (\"session.token\" => '***', k 'v')",
        );
        check("CREATE USER u PASSWORD 'x'", "CREATE USER u PASSWORD '***'");
        check(
            "OPTIONS (sas_token $tag$it's$tag$, k 'v')",
            "OPTIONS (sas_token $***$, k 'v')",
        );
        check("credential='unfinished", "credential='***'");
        check(
            "('fs.s3a.PassWord' 'back\\', 'x' 'y')",
            "('fs.s3a.PassWord' '***', 'x' 'y')",
        );
    }

    #[test]
    fn values_within_literals_are_struck() {
        check("'host=h password=abc user=u'", "'host=h password=*** user=u'");
        check(
            "'AccountName=n;AccountKey=a/b+c==;x=y'",
            "'AccountName=n;AccountKey=***;x=y'",
        );
        check("'{\"token\": \"abc\", \"n\": 1}'", "'{\"token\": \"***\", \"n\": 1}'");
        check("'password=''a b'' port=1'", "'password='***' port=1'");
        check("'Authorization: Bearer abc'", "'Authorization: ***'");
        check("-- token=abc\nSELECT 1", "-- token=***\nSELECT 1");
        check("/* secret: abc */ SELECT 'x'", "/* secret: *** */ SELECT 'x'");
    }

    #[test]
    fn secrets_of_urls_are_struck() {
        check(
            "'postgres://ann:p@db:5432/x?sslmode=require'",
            "'postgres://***@db:5432/x?***'",
        );
        check(
            "'https://h/a.parquet?X-Amz-Signature=abc&x=1' t",
            "'https://h/a.parquet?***' t",
        );
        check("'mysql://ann:p/q@db/x'", "'mysql://***@db/x'");
        check("'https://token@h/x'", "'https://***@h/x'");
        check("'az://c/p?sv=1&sig=abc%2F'", "'az://c/p?sv=1&sig=***'");
    }

    #[test]
    fn set_takes_bare_values() {
        check("SET s3.secret_key = abc", "SET s3.secret_key = ***");
        check("set s3.password to abc;", "set s3.password to ***;");
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "SELECT token FROM t WHERE a.token = b.token",
            "SELECT 'my token', 'abc' FROM t",
            "SELECT count(token) AS tokens, 'x' FROM 's3://bucket/year=20?4/a=b@c/*.parquet'",
            "SELECT * FROM 'abfss://container@account.dfs.core.windows.net/p'",
            "SELECT * FROM 'http://localhost:9000/a@b'",
            "SELECT \"it's\" -- don't\n FROM t WHERE x = 'é'",
            "SELECT $1, secret FROM t",
            "",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_text_is_stored_within_its_limit_and_without_nul() {
        assert_eq!(storable("token = 'x'\0", 100), "token = '***'\u{fffd}");
        assert_eq!(cut("abcdef".to_owned(), 6), "abcdef");
        assert_eq!(cut("abcdefg".to_owned(), 6), "abc…");
        assert_eq!(cut("éééé".to_owned(), 6), "é…");
        assert_eq!(cut("éé".to_owned(), 0), "…");
    }
}
