//! Bytes to records of fields.

use super::dialect::Dialect;
use crate::formats::files::text::BATCH_BYTES;

/// Records that were split, all of one width, and the fields' texts without quotes and escapes.
#[derive(Debug, Default)]
pub struct Records {
    text: Vec<u8>,
    /// Where each field ends in `text`.
    ends: Vec<usize>,
    /// Whether each field is NULL.
    nulls: Vec<bool>,
    /// The line on which each record begins, from 1.
    lines: Vec<u64>,
    /// How many fields each record has.
    widths: Vec<usize>,
}

impl Records {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line on which the record at `row` begins, from 1.
    pub fn line(&self, row: usize) -> u64 {
        self.lines.get(row).copied().unwrap_or_default()
    }

    /// The first record with another number of fields than `width`, and that number.
    pub fn other_width(&self, width: usize) -> Option<(usize, usize)> {
        let other = self.widths.iter().position(|own| *own != width)?;
        Some((other, self.widths[other]))
    }

    /// How many fields the first record has.
    pub fn width(&self) -> usize {
        self.widths.first().copied().unwrap_or_default()
    }

    /// The field at `index`, where fields are counted through all records.
    pub fn field(&self, index: usize) -> FieldText<'_> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        if self.nulls[index] {
            return FieldText::Null;
        }
        match std::str::from_utf8(&self.text[start..self.ends[index]]) {
            Ok(text) => FieldText::Text(text),
            Err(_) => FieldText::NotUtf8,
        }
    }

    /// Forgets the records, and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.nulls.clear();
        self.lines.clear();
        self.widths.clear();
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldText<'a> {
    Null,
    Text(&'a str),
    /// Bytes that are no text.
    NotUtf8,
}

impl<'a> FieldText<'a> {
    /// The text; nothing for what is none.
    pub fn text(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Null | Self::NotUtf8 => "",
        }
    }
}

/// Why the bytes are no records, and the line on which the record begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    pub line: u64,
    pub why: Fault,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A quoted value goes on to the end of the file.
    OpenQuote,
    /// Something other than a delimiter stands behind the end of a quoted value.
    BehindQuote,
    /// The record is longer than the limit.
    TooLong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the beginning of a line.
    Line,
    /// At the beginning of a field that is not the first.
    Field,
    Plain,
    PlainEscape,
    Quoted,
    QuotedEscape,
    /// Behind a quote that ends the value or is the first of two.
    QuoteInQuoted,
    Comment,
    Skipped,
}

/// Splits bytes, which come in pieces, into [`Records`].
#[derive(Debug)]
pub struct Splitter {
    dialect: Dialect,
    limit_bytes: usize,
    state: State,
    records: Records,
    /// Where the record, and where the field that is being read begin in the text and in the fields.
    record_start: usize,
    first_field: usize,
    field_start: usize,
    was_quoted: bool,
    /// The beginning of the field as it was written, as much as is needed to compare it with NULL.
    raw: Vec<u8>,
    line: u64,
    record_line: u64,
    skipped: u64,
    after_return: bool,
    /// Whether a line without anything is a record: where there is one column alone.
    pub blank_is_record: bool,
}

impl Splitter {
    /// Nothing read yet. A record may have `limit_bytes`.
    pub fn new(dialect: Dialect, limit_bytes: usize) -> Self {
        let state = if dialect.skipped_lines > 0 {
            State::Skipped
        } else {
            State::Line
        };
        Self {
            dialect,
            limit_bytes,
            state,
            records: Records::default(),
            record_start: 0,
            first_field: 0,
            field_start: 0,
            was_quoted: false,
            raw: Vec::new(),
            line: 1,
            record_line: 1,
            skipped: 0,
            after_return: false,
            blank_is_record: false,
        }
    }

    /// The complete records so far.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Forgets the complete records. Call it between two calls of [`Self::split`] that stopped at a record's end alone.
    pub fn clear(&mut self) {
        debug_assert!(self.is_between_records());
        self.records.clear();
        self.record_start = 0;
        self.first_field = 0;
        self.field_start = 0;
    }

    fn is_between_records(&self) -> bool {
        matches!(self.state, State::Line | State::Comment | State::Skipped)
    }

    /// Whether there are `rows` complete records, or as many as are held at once by their bytes.
    pub fn is_full(&self, rows: usize) -> bool {
        let count = self.records.len();
        count >= rows || (count > 0 && self.record_start >= BATCH_BYTES)
    }

    /// Splits `bytes` until [`Self::is_full`], and says how many bytes that took.
    ///
    /// # Errors
    /// The first record that is malformed.
    pub fn split(&mut self, bytes: &[u8], rows: usize) -> Result<usize, Malformed> {
        let mut taken = 0;
        while taken < bytes.len() && !self.is_full(rows) {
            taken += self.plain_run(&bytes[taken..]);
            let fields = self.records.ends.len() - self.first_field;
            if self.records.text.len() - self.record_start + fields > self.limit_bytes {
                return Err(self.malformed(Fault::TooLong));
            }
            if let Some(byte) = bytes.get(taken) {
                self.take(*byte)?;
                taken += 1;
            }
        }
        Ok(taken)
    }

    /// Ends the last record, if the file does not end in a line break.
    ///
    /// # Errors
    /// A quoted value without an end.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        match self.state {
            State::Quoted | State::QuotedEscape => Err(self.malformed(Fault::OpenQuote)),
            State::Line | State::Comment | State::Skipped => Ok(()),
            State::Field | State::Plain | State::PlainEscape | State::QuoteInQuoted => {
                self.end_field();
                self.end_record();
                Ok(())
            }
        }
    }

    fn malformed(&self, why: Fault) -> Malformed {
        Malformed {
            line: self.record_line,
            why,
        }
    }

    /// Takes bytes without a meaning at once, and says how many.
    fn plain_run(&mut self, bytes: &[u8]) -> usize {
        let dialect = &self.dialect;
        let special = |byte: u8| match self.state {
            State::Plain => byte == dialect.delimiter || byte == b'\n' || byte == b'\r' || Some(byte) == dialect.escape,
            State::Quoted => {
                Some(byte) == dialect.quote || Some(byte) == dialect.escape || byte == b'\n' || byte == b'\r'
            }
            _ => true,
        };
        let run = bytes.iter().position(|byte| special(*byte)).unwrap_or(bytes.len());
        if run > 0 {
            self.after_return = false;
            self.push(&bytes[..run]);
        }
        run
    }

    fn push(&mut self, bytes: &[u8]) {
        let wanted = (self.dialect.null.len() + 1).saturating_sub(self.raw.len());
        self.raw.extend_from_slice(&bytes[..wanted.min(bytes.len())]);
        self.records.text.extend_from_slice(bytes);
    }

    fn take(&mut self, byte: u8) -> Result<(), Malformed> {
        // The second half of a line break that ended a line already.
        if byte == b'\n' && std::mem::take(&mut self.after_return) {
            if matches!(self.state, State::Quoted | State::QuotedEscape) {
                self.push(&[byte]);
            }
            return Ok(());
        }
        self.after_return = byte == b'\r';
        let is_break = byte == b'\n' || byte == b'\r';
        if is_break {
            self.line += 1;
        }
        match self.state {
            State::Skipped => self.pass_over(is_break),
            State::Comment if is_break => self.state = State::Line,
            State::Comment => {}
            State::Line | State::Field => self.begin_field(byte, is_break),
            State::Plain if Some(byte) == self.dialect.escape => {
                self.note_raw(byte);
                self.state = State::PlainEscape;
            }
            State::Plain | State::QuoteInQuoted if byte == self.dialect.delimiter => {
                self.end_field();
                self.state = State::Field;
            }
            State::Plain | State::QuoteInQuoted if is_break => {
                self.end_field();
                self.end_record();
            }
            State::Plain => self.push(&[byte]),
            State::PlainEscape | State::QuotedEscape => {
                self.push(&[byte]);
                self.state = if self.state == State::PlainEscape {
                    State::Plain
                } else {
                    State::Quoted
                };
            }
            State::Quoted if Some(byte) == self.dialect.quote => self.state = State::QuoteInQuoted,
            State::Quoted if Some(byte) == self.dialect.escape => self.state = State::QuotedEscape,
            State::Quoted => self.push(&[byte]),
            State::QuoteInQuoted if Some(byte) == self.dialect.quote => {
                self.push(&[byte]);
                self.state = State::Quoted;
            }
            State::QuoteInQuoted => return Err(self.malformed(Fault::BehindQuote)),
        }
        Ok(())
    }

    fn note_raw(&mut self, byte: u8) {
        if self.raw.len() <= self.dialect.null.len() {
            self.raw.push(byte);
        }
    }

    fn pass_over(&mut self, is_break: bool) {
        if is_break {
            self.skipped += 1;
            if self.skipped >= self.dialect.skipped_lines {
                self.state = State::Line;
            }
        }
    }

    fn begin_field(&mut self, byte: u8, is_break: bool) {
        if self.state == State::Line {
            self.record_line = self.line - u64::from(is_break);
            if Some(byte) == self.dialect.comment {
                self.state = State::Comment;
                return;
            }
        }
        if is_break {
            let first = self.state == State::Line;
            if !first || self.blank_is_record {
                self.end_field();
                self.end_record();
            }
        } else if byte == self.dialect.delimiter {
            self.end_field();
            self.state = State::Field;
        } else if Some(byte) == self.dialect.quote {
            self.was_quoted = true;
            self.state = State::Quoted;
        } else if Some(byte) == self.dialect.escape {
            self.note_raw(byte);
            self.state = State::PlainEscape;
        } else {
            self.push(&[byte]);
            self.state = State::Plain;
        }
    }

    fn end_field(&mut self) {
        let is_null = !self.was_quoted && self.raw == self.dialect.null.as_bytes();
        self.records.ends.push(self.records.text.len());
        self.records.nulls.push(is_null);
        self.field_start = self.records.text.len();
        self.was_quoted = false;
        self.raw.clear();
    }

    fn end_record(&mut self) {
        self.records.widths.push(self.records.ends.len() - self.first_field);
        self.records.lines.push(self.record_line);
        self.first_field = self.records.ends.len();
        self.record_start = self.records.text.len();
        self.state = State::Line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Format;
    use std::collections::BTreeMap;

    fn dialect(options: &[(&str, &str)]) -> Dialect {
        let options: BTreeMap<_, _> = options
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Dialect::of(&Format::new("csv", options).unwrap())
    }

    /// The fields of each record with the record's line, whatever pieces the bytes come in.
    fn split(text: &str, options: &[(&str, &str)], piece: usize) -> Result<String, Malformed> {
        let mut splitter = Splitter::new(dialect(options), 50);
        splitter.blank_is_record = true;
        for mut bytes in text.as_bytes().chunks(piece) {
            while !bytes.is_empty() {
                let taken = splitter.split(bytes, usize::MAX)?;
                bytes = &bytes[taken..];
            }
        }
        splitter.finish()?;
        let records = splitter.records();
        let mut index = 0;
        let mut shown = Vec::new();
        for row in 0..records.len() {
            let fields: Vec<String> = (0..records.widths[row])
                .map(|_| {
                    index += 1;
                    match records.field(index - 1) {
                        FieldText::Null => "NULL".to_owned(),
                        text => format!("<{}>", text.text()),
                    }
                })
                .collect();
            shown.push(format!("{}:{}", records.line(row), fields.join("")));
        }
        Ok(shown.join(" "))
    }

    fn check(text: &str, options: &[(&str, &str)], wanted: Result<&str, Fault>) {
        for piece in [1, 2, 3, 100] {
            let found = split(text, options, piece);
            let found = found.as_deref().map_err(|malformed| malformed.why);
            assert_eq!(found, wanted, "{text:?} in pieces of {piece}");
        }
    }

    #[test]
    fn records_are_split_whatever_pieces_they_come_in() {
        check("a,b\n1,2\n", &[], Ok("1:<a><b> 2:<1><2>"));
        check("a,b\r\n1,2", &[], Ok("1:<a><b> 2:<1><2>"));
        check("a\rb\r", &[], Ok("1:<a> 2:<b>"));
        check("\"x\ny\",2\n3,4\n", &[], Ok("1:<x\ny><2> 3:<3><4>"));
        check("\"x\r\ny\",2\n3,4\n", &[], Ok("1:<x\r\ny><2> 3:<3><4>"));
        check("\"say \"\"hi\"\"\",\n", &[], Ok("1:<say \"hi\">NULL"));
        check("x\"y,z\n", &[], Ok("1:<x\"y><z>"));
        check(",\"\"\n", &[], Ok("1:NULL<>"));
        check("a\n\nb\n", &[], Ok("1:<a> 2:NULL 3:<b>"));
        check("", &[], Ok(""));
        check("1,", &[], Ok("1:<1>NULL"));
    }

    #[test]
    fn what_is_no_record_is_said() {
        check("a,\"b\nc\n", &[], Err(Fault::OpenQuote));
        check("\"x\"y,2\n", &[], Err(Fault::BehindQuote));
        check(&"x".repeat(60), &[], Err(Fault::TooLong));
        check(&format!("{}\n", "x".repeat(60)), &[], Err(Fault::TooLong));
        check(
            &format!("{}\n", "x,".repeat(20)),
            &[],
            Ok(&format!("1:{}NULL", "<x>".repeat(20))),
        );
        check(&",".repeat(60), &[], Err(Fault::TooLong));
    }

    #[test]
    fn a_dialect_has_its_own_characters() {
        check("a;b\n", &[("delimiter", ";")], Ok("1:<a><b>"));
        check("# no\na,b\n", &[("comment", "#")], Ok("2:<a><b>"));
        check("no\nno\na\n", &[("skip", "2")], Ok("3:<a>"));
        check("a\\,b,c\n", &[("escape", "\\"), ("quote", "")], Ok("1:<a,b><c>"));
        check("\"a\\\"b\",c\n", &[("escape", "\\")], Ok("1:<a\"b><c>"));
        check("\\N,\"\\N\",\\Nx,\n", &[("null", "\\N")], Ok("1:NULL<\\N><\\Nx><>"));
        check(
            "\\N,x\n",
            &[("null", "\\N"), ("escape", "\\"), ("quote", "")],
            Ok("1:NULL<x>"),
        );
        check("\"a\",b\n", &[("quote", "")], Ok("1:<\"a\"><b>"));
    }
}
