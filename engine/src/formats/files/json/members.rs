//! The text of a value, looked into one level at a time (RFC 8259).

use std::borrow::Cow;

/// The deepest nesting of a value.
const DEEPEST: usize = 100;

/// A value that is there, as it is written, without blanks around it. Its grammar was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Boolean(&'a str),
    Number(&'a str),
    /// With its quotes.
    String(&'a str),
    Array(&'a str),
    Object(&'a str),
}

impl<'a> Value<'a> {
    /// The whole of `text` as one value.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut cursor = Cursor { text, at: 0 };
        let value = cursor.value(0)?;
        cursor.blanks();
        (cursor.at == text.len()).then_some(value)
    }

    /// As it is written.
    pub fn text(self) -> &'a str {
        match self {
            Self::Null => "null",
            Self::Boolean(text) | Self::Number(text) | Self::String(text) | Self::Array(text) | Self::Object(text) => {
                text
            }
        }
    }

    /// What it is, for messages.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a Boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// The names and values of an object; nothing for what is none.
pub fn members(object: &str) -> Option<Vec<(Cow<'_, str>, Value<'_>)>> {
    let mut cursor = Cursor { text: object, at: 0 };
    let mut members = Vec::new();
    cursor.blanks();
    cursor.expect(b'{')?;
    cursor.list(b'}', |cursor| {
        let name = cursor.string()?;
        cursor.blanks();
        cursor.expect(b':')?;
        members.push((string(name)?, cursor.value(1)?));
        Some(())
    })?;
    Some(members)
}

/// The values of an array; nothing for what is none.
pub fn items(array: &str) -> Option<Vec<Value<'_>>> {
    let mut cursor = Cursor { text: array, at: 0 };
    let mut items = Vec::new();
    cursor.blanks();
    cursor.expect(b'[')?;
    cursor.list(b']', |cursor| {
        items.push(cursor.value(1)?);
        Some(())
    })?;
    Some(items)
}

/// What a string with its quotes stands for; nothing for a wrong escape.
pub fn string(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if inner.bytes().any(|byte| byte == b'\\' || byte < b' ') {
        return serde_json::from_str::<String>(quoted).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self
            .peek()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// What stands between commas up to `end`.
    fn list(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.blanks();
        if self.expect(end).is_some() {
            return Some(());
        }
        loop {
            self.blanks();
            item(self)?;
            self.blanks();
            if self.expect(end).is_some() {
                return Some(());
            }
            self.expect(b',')?;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        self.blanks();
        let start = self.at;
        let within = |cursor: &Self| &cursor.text[start..cursor.at];
        match self.peek()? {
            b'"' => self.string().map(Value::String),
            b'{' if depth < DEEPEST => {
                self.at += 1;
                self.list(b'}', |cursor| {
                    cursor.string()?;
                    cursor.blanks();
                    cursor.expect(b':')?;
                    cursor.value(depth + 1).map(|_| ())
                })?;
                Some(Value::Object(within(self)))
            }
            b'[' if depth < DEEPEST => {
                self.at += 1;
                self.list(b']', |cursor| cursor.value(depth + 1).map(|_| ()))?;
                Some(Value::Array(within(self)))
            }
            b'n' => self.word("null").map(|_| Value::Null),
            b't' => self.word("true").map(Value::Boolean),
            b'f' => self.word("false").map(Value::Boolean),
            _ => self.number().map(Value::Number),
        }
    }

    fn word(&mut self, word: &str) -> Option<&'a str> {
        let rest = self.text.get(self.at..self.at + word.len())?;
        self.at += word.len();
        (rest == word).then_some(rest)
    }

    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return self.text.get(start..self.at);
                }
                _ => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        let _ = self.expect(b'-');
        let whole = self.digits();
        let padded = whole > 1 && self.text.as_bytes()[self.at - whole] == b'0';
        let fraction = self.expect(b'.').is_none() || self.digits() > 0;
        let mut exponent = true;
        if self.peek().is_some_and(|byte| matches!(byte, b'e' | b'E')) {
            self.at += 1;
            if self.expect(b'-').is_none() {
                let _ = self.expect(b'+');
            }
            exponent = self.digits() > 0;
        }
        (whole > 0 && !padded && fraction && exponent).then(|| &self.text[start..self.at])
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart_and_what_is_none_is_refused() {
        for (text, wanted) in [
            ("null", Some(Value::Null)),
            (" -1.5e+3 ", Some(Value::Number("-1.5e+3"))),
            ("\"a\\\"b\"", Some(Value::String("\"a\\\"b\""))),
            ("[1, {\"a\":[]}]", Some(Value::Array("[1, {\"a\":[]}]"))),
            ("{}", Some(Value::Object("{}"))),
            ("007", None),
            ("+1", None),
            ("1.", None),
            ("NaN", None),
            ("[1,]", None),
            ("{\"a\"}", None),
            ("nul", None),
            ("1 2", None),
            ("\"ä", None),
        ] {
            assert_eq!(Value::read(text), wanted, "{text}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert_eq!(Value::read(&deep), None);
    }

    #[test]
    fn strings_are_decoded() {
        for (text, wanted) in [
            ("\"ä\"", Some("ä")),
            ("\"\\u00e4\\n\"", Some("ä\n")),
            ("\"\\ud83e\\udd89\"", Some("🦉")),
            ("\"\\ud83e\"", None),
            ("\"\\x\"", None),
            ("\"a\nb\"", None),
        ] {
            assert_eq!(string(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn objects_and_arrays_are_looked_into_one_level() {
        let found = members(" {\"a\" : [1], \"b\":null}").unwrap();
        assert_eq!(found, [("a".into(), Value::Array("[1]")), ("b".into(), Value::Null)]);
        assert_eq!(
            items("[1,\"x\"]").unwrap(),
            [Value::Number("1"), Value::String("\"x\"")]
        );
        assert!(members("[]").is_none());
    }
}
