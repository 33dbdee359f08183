//! One line a value, for rows too wide to stand side by side, as psql's `\x` shows them.

use ::arrow::array::RecordBatch;
use ::arrow::json::writer::EncoderOptions;

use super::{Format, Page, Reader, ResultWriter, Sink, WriteError, cells, json_values};
use crate::text::{self, visible, visible_lines};

pub const FORMAT: Format = Format {
    name: "vertical",
    summary: "one line a value, for wide rows",
    extensions: &[],
    reader: Reader::Person,
    names_are_keys: false,
    shows_some_rows: false,
    open: |page, sink| Ok(Box::new(Vertical::new(page, sink))),
};

/// The least width of the line that begins a row, in terminal columns.
const TITLE_WIDTH: usize = 30;

struct Vertical {
    sink: Sink,
    options: EncoderOptions,
    /// The names, padded to one width.
    names: Vec<String>,
    /// What stands before the further lines of a value.
    no_name: String,
    rows: u64,
    text: String,
}

impl Vertical {
    fn new(page: &Page, sink: Sink) -> Self {
        let names: Vec<_> = page.schema.fields().iter().map(|field| visible(field.name())).collect();
        let widest = names.iter().map(|name| text::width(name)).max().unwrap_or(0);
        let padded = names
            .iter()
            .map(|name| format!("{name}{}", " ".repeat(widest - text::width(name))));
        Self {
            sink,
            options: json_values::options(),
            names: padded.collect(),
            no_name: " ".repeat(widest),
            rows: 0,
            text: String::new(),
        }
    }
}

impl ResultWriter for Vertical {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        cells::for_each_row(batch, &self.options, |row| {
            self.rows += 1;
            let title = format!("-[ ROW {} ]", self.rows);
            let title = format!("{title:-<TITLE_WIDTH$}\n");
            self.text.push_str(&title);
            for (column, name) in self.names.iter().enumerate() {
                let value = visible_lines(row.text(column)?.unwrap_or("NULL"));
                let mut name = name.as_str();
                for line in value.split('\n') {
                    self.text.push_str(name);
                    self.text.push_str(" | ");
                    self.text.push_str(line);
                    self.text.push('\n');
                    name = &self.no_name;
                }
            }
            Ok::<_, WriteError>(())
        })?;
        self.sink.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        if self.rows == 0 {
            self.sink.write_all(b"(no rows)\n")?;
        }
        Ok(self.sink.flush()?)
    }
}
