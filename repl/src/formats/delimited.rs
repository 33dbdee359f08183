//! What csv and tsv are but for the separator: RFC 4180, with a header and line feeds, as `psql --csv` writes them.
//!
//! NULL is an empty field and the empty string is `""`, so the two stay apart; arrow-csv 59 writes both alike. The engine
//! reads files so, and DuckDB.

use ::arrow::array::RecordBatch;
use ::arrow::json::writer::EncoderOptions;

use super::{Page, ResultWriter, Sink, WriteError, cells, json_values};

/// Writes delimited text.
pub struct Delimited {
    separator: char,
    sink: Sink,
    options: EncoderOptions,
    /// What has not left for the sink: the header at first, then the batch at hand.
    text: String,
}

impl Delimited {
    /// A writer of fields between `separator` that begins with the names of the page's columns.
    pub fn new(separator: char, page: &Page, sink: Sink) -> Self {
        let mut text = String::new();
        for (index, field) in page.schema.fields().iter().enumerate() {
            if index > 0 {
                text.push(separator);
            }
            push_field(&mut text, separator, field.name());
        }
        text.push('\n');
        Self {
            separator,
            sink,
            options: json_values::options(),
            text,
        }
    }
}

impl ResultWriter for Delimited {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        cells::for_each_row(batch, &self.options, |row| {
            for column in 0..row.columns() {
                if column > 0 {
                    self.text.push(self.separator);
                }
                if let Some(value) = row.text(column)? {
                    push_field(&mut self.text, self.separator, value);
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

fn push_field(line: &mut String, separator: char, value: &str) {
    if value.is_empty() || value.contains([separator, '"', '\n', '\r']) {
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
        for (separator, value, field) in [
            (',', "plain", "plain"),
            (',', "", "\"\""),
            (',', " spaced ", " spaced "),
            (',', "a,b", "\"a,b\""),
            ('\t', "a,b", "a,b"),
            ('\t', "a\tb", "\"a\tb\""),
            ('\t', "back\\slash", "back\\slash"),
            (',', "say \"hi\"", "\"say \"\"hi\"\"\""),
            (',', "two\nlines", "\"two\nlines\""),
            (',', "two\r\nlines", "\"two\r\nlines\""),
        ] {
            let mut line = String::new();
            push_field(&mut line, separator, value);
            assert_eq!(line, field);
        }
    }
}
