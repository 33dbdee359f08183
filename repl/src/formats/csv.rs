//! Comma-separated values by RFC 4180, with a header and line feeds, as `psql --csv` writes them.
//!
//! NULL is an empty field and the empty string is `""`, so the two stay apart; arrow-csv 59 writes both alike.

use ::arrow::array::RecordBatch;
use ::arrow::json::writer::EncoderOptions;

use super::{Format, Page, Reader, ResultWriter, Sink, WriteError, cells, json_values};

pub const FORMAT: Format = Format {
    name: "csv",
    summary: "comma-separated, with a header (RFC 4180); NULL is empty, the empty string is \"\"",
    extensions: &["csv"],
    reader: Reader::TextProgram,
    names_are_keys: false,
    shows_some_rows: false,
    open: |page, sink| Ok(Box::new(Csv::new(page, sink))),
};

struct Csv {
    sink: Sink,
    options: EncoderOptions,
    /// What has not left for the sink: the header at first, then the batch at hand.
    text: String,
}

impl Csv {
    fn new(page: &Page, sink: Sink) -> Self {
        let mut text = String::new();
        for (index, field) in page.schema.fields().iter().enumerate() {
            if index > 0 {
                text.push(',');
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

impl ResultWriter for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        cells::for_each_row(batch, &self.options, |row| {
            for column in 0..row.columns() {
                if column > 0 {
                    self.text.push(',');
                }
                if let Some(value) = row.text(column)? {
                    push_field(&mut self.text, value);
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
    if value.is_empty() || value.contains([',', '"', '\n', '\r']) {
        line.push('"');
        line.push_str(&value.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::push_field;

    #[test]
    fn a_field_is_quoted_only_where_it_must_be() {
        for (value, field) in [
            ("plain", "plain"),
            ("", "\"\""),
            (" spaced ", " spaced "),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("two\r\nlines", "\"two\r\nlines\""),
        ] {
            let mut line = String::new();
            push_field(&mut line, value);
            assert_eq!(line, field);
        }
    }
}
