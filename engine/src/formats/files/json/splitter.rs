//! Bytes to records: the values at the top of a file, or those of the array that it is.

use std::ops::Range;

use crate::formats::files::text::BATCH_BYTES;

/// What the values at the top of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each is a record.
    Lines,
    /// There is one, an array of the records.
    Array,
    /// An array if the first byte that is no blank is a bracket.
    Auto,
}

/// Why the bytes are no records, and the line on which the record begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    pub line: u64,
    pub why: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first byte of the file that is no blank.
    Start,
    /// Between records; in an array, where a record may begin.
    Between,
    /// In an array, behind a record: a comma or the end of the array.
    Behind,
    /// Inside a record.
    Record,
    /// Behind the end of the array.
    End,
}

/// Splits bytes, which come in pieces, into records, which are not looked into beyond brackets and strings.
#[derive(Debug)]
pub struct Splitter {
    shape: Shape,
    limit_bytes: usize,
    state: State,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// In an array: a comma promises another record.
    promised: bool,
    text: Vec<u8>,
    start: usize,
    records: Vec<(Range<usize>, u64)>,
    line: u64,
    record_line: u64,
}

impl Splitter {
    /// Nothing read yet. A record may have `limit_bytes`.
    pub fn new(shape: Shape, limit_bytes: usize) -> Self {
        Self {
            shape,
            limit_bytes,
            state: State::Start,
            depth: 0,
            in_string: false,
            escaped: false,
            promised: false,
            text: Vec::new(),
            start: 0,
            records: Vec::new(),
            line: 1,
            record_line: 1,
        }
    }

    /// How many complete records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The complete records, each with the line on which it begins.
    pub fn records(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.records
            .iter()
            .map(|(range, line)| (&self.text[range.clone()], *line))
    }

    /// Forgets the complete records.
    pub fn clear(&mut self) {
        self.text.drain(..self.start);
        self.start = 0;
        self.records.clear();
    }

    /// Whether there are `rows` complete records, or as many as are held at once by their bytes.
    pub fn is_full(&self, rows: usize) -> bool {
        let count = self.records.len();
        count >= rows || (count > 0 && self.start >= BATCH_BYTES)
    }

    /// Splits `bytes` until [`Self::is_full`], and says how many bytes that took.
    ///
    /// # Errors
    /// The first record that is malformed.
    pub fn split(&mut self, bytes: &[u8], rows: usize) -> Result<usize, Malformed> {
        for (taken, byte) in bytes.iter().enumerate() {
            if self.is_full(rows) {
                return Ok(taken);
            }
            if *byte == b'\n' {
                self.line += 1;
            }
            match self.state {
                State::Record => self.inside(*byte)?,
                _ if byte.is_ascii_whitespace() => {}
                State::Start if *byte == b'[' && self.shape != Shape::Lines => {
                    self.shape = Shape::Array;
                    self.state = State::Between;
                }
                State::Start if self.shape == Shape::Array => return Err(self.malformed("is no array")),
                State::Start => {
                    self.shape = Shape::Lines;
                    self.begin(*byte)?;
                }
                State::Between if self.shape == Shape::Array && *byte == b']' && !self.promised => {
                    self.state = State::End;
                }
                State::Between => self.begin(*byte)?,
                State::Behind if *byte == b',' => {
                    self.promised = true;
                    self.state = State::Between;
                }
                State::Behind if *byte == b']' => self.state = State::End,
                State::Behind => return Err(self.malformed("is followed by neither a comma nor the end of the array")),
                State::End => return Err(self.malformed("stands behind the end of the array")),
            }
        }
        Ok(bytes.len())
    }

    /// Checks that the file ends where a record does.
    ///
    /// # Errors
    /// A record or an array without an end.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        match (self.state, self.shape) {
            (State::Record, _) => Err(Malformed {
                line: self.record_line,
                why: "has no end",
            }),
            (State::Between | State::Behind, Shape::Array) => Err(self.malformed("is missing: the array has no end")),
            _ => Ok(()),
        }
    }

    fn malformed(&self, why: &'static str) -> Malformed {
        Malformed { line: self.line, why }
    }

    fn begin(&mut self, byte: u8) -> Result<(), Malformed> {
        self.record_line = self.line;
        self.promised = false;
        if byte != b'{' {
            return Err(self.malformed("is no object"));
        }
        self.text.push(byte);
        self.depth = 1;
        self.state = State::Record;
        Ok(())
    }

    fn inside(&mut self, byte: u8) -> Result<(), Malformed> {
        self.text.push(byte);
        if self.text.len() - self.start > self.limit_bytes {
            return Err(Malformed {
                line: self.record_line,
                why: "is longer than formats.record_limit_bytes",
            });
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return Ok(());
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        if self.depth == 0 {
            self.records.push((self.start..self.text.len(), self.record_line));
            self.start = self.text.len();
            self.state = match self.shape {
                Shape::Array => State::Behind,
                _ => State::Between,
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, shape: Shape, piece: usize) -> Result<String, Malformed> {
        let mut splitter = Splitter::new(shape, 40);
        for bytes in text.as_bytes().chunks(piece) {
            assert_eq!(splitter.split(bytes, usize::MAX)?, bytes.len());
        }
        splitter.finish()?;
        let shown = splitter
            .records()
            .map(|(record, line)| format!("{line}:{}", String::from_utf8_lossy(record)));
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    fn check(text: &str, wanted: Result<&str, &str>) {
        for piece in [1, 3, 100] {
            let found = split(text, Shape::Auto, piece);
            assert_eq!(
                found.as_deref().map_err(|malformed| malformed.why),
                wanted,
                "{text:?} in pieces of {piece}"
            );
        }
    }

    #[test]
    fn records_stand_on_lines_or_behind_one_another_or_in_an_array() {
        check("{\"a\":1}\n{\"a\":2}\n", Ok("1:{\"a\":1} 2:{\"a\":2}"));
        check(
            "{\"a\":\"}\\\"{\"} {\"a\":[{}]}",
            Ok("1:{\"a\":\"}\\\"{\"} 1:{\"a\":[{}]}"),
        );
        check(" [ {} ,\n {\"b\":[1]} ] \n", Ok("1:{} 2:{\"b\":[1]}"));
        check("[]", Ok(""));
        check("", Ok(""));
    }

    #[test]
    fn what_is_no_record_is_said() {
        check("{\"a\":1", Err("has no end"));
        check("[{}", Err("is missing: the array has no end"));
        check("[{},]", Err("is no object"));
        check(
            "[{} {}]",
            Err("is followed by neither a comma nor the end of the array"),
        );
        check("[{}] {}", Err("stands behind the end of the array"));
        check("[1]", Err("is no object"));
        check("1\n", Err("is no object"));
        check(
            &format!("{{\"a\":\"{}\"}}", "x".repeat(50)),
            Err("is longer than formats.record_limit_bytes"),
        );
        assert!(split("[]", Shape::Lines, 9).is_err());
        assert!(split("{}", Shape::Array, 9).is_err());
    }
}
