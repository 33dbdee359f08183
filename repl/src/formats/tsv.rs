//! Tab-separated values, with a header: every row is one line, and every tab separates.
//!
//! Tabs, line ends and backslashes inside values are written as `\t`, `\n`, `\r` and `\\`, NULL as `\N`: the text
//! format of PostgreSQL's COPY, which ClickHouse and MySQL share. Nothing is ever quoted, so `cut` and `awk` read it.

use ::arrow::array::RecordBatch;
use ::arrow::json::writer::EncoderOptions;

use super::{Format, Page, Reader, ResultWriter, Sink, WriteError, cells, json_values};

pub const FORMAT: Format = Format {
    name: "tsv",
    summary: "tab-separated, with a header; \\t \\n \\r \\\\ escaped, NULL is \\N",
    extensions: &["tsv", "tab"],
    reader: Reader::TextProgram,
    names_are_keys: false,
    shows_some_rows: false,
    open: |page, sink| Ok(Box::new(Tsv::new(page, sink))),
};

struct Tsv {
    sink: Sink,
    options: EncoderOptions,
    /// What has not left for the sink: the header at first, then the batch at hand.
    text: String,
}

impl Tsv {
    fn new(page: &Page, sink: Sink) -> Self {
        let mut text = String::new();
        for (index, field) in page.schema.fields().iter().enumerate() {
            if index > 0 {
                text.push('\t');
            }
            push_field(&mut text, field.name());
        }
        text.push('\n');
        Self {
            sink,
            options: json_values::options(),
            text,
        }
    }
}

impl ResultWriter for Tsv {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        cells::for_each_row(batch, &self.options, |row| {
            for column in 0..row.columns() {
                if column > 0 {
                    self.text.push('\t');
                }
                match row.text(column)? {
                    Some(value) => push_field(&mut self.text, value),
                    None => self.text.push_str("\\N"),
                }
            }
            self.text.push('\n');
            Ok::<_, WriteError>(())
        })?;
        self.sink.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        self.sink.write_all(self.text.as_bytes())?;
        Ok(self.sink.flush()?)
    }
}

fn push_field(line: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\\' => line.push_str("\\\\"),
            other => line.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_field;

    #[test]
    fn a_field_never_holds_a_tab_or_a_line_end() {
        for (value, field) in [
            ("plain", "plain"),
            ("", ""),
            ("a\tb\r\nc", "a\\tb\\r\\nc"),
            ("\\N", "\\\\N"),
        ] {
            let mut line = String::new();
            push_field(&mut line, value);
            assert_eq!(line, field);
        }
    }
}
