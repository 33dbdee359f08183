//! One line a value, for rows too wide to stand side by side, as psql's `\x` shows them.

use std::fmt::Write as _;

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

/// What stands in place of a result without rows.
pub const NO_ROWS: &str = "(no rows)\n";

/// Rows laid out below each other.
pub struct Layout {
    /// The names, padded to one width.
    names: Vec<String>,
    /// What stands before the further lines of a value.
    no_name: String,
    rows: u64,
}

impl Layout {
    /// A layout for columns of these names.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<_> = names.map(visible).collect();
        let widest = names.iter().map(|name| text::width(name)).max().unwrap_or(0);
        let padded = names
            .iter()
            .map(|name| format!("{name}{}", " ".repeat(widest - text::width(name))));
        Self {
            names: padded.collect(),
            no_name: " ".repeat(widest),
            rows: 0,
        }
    }

    /// Whether nothing is laid out so far.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Counts rows that are not shown.
    pub fn skip(&mut self, rows: u64) {
        self.rows += rows;
    }

    /// Begins a row at the end of `text`.
    pub fn push_title(&mut self, text: &mut String) {
        self.rows += 1;
        let title = format!("-[ ROW {} ]", self.rows);
        let _ = writeln!(text, "{title:-<TITLE_WIDTH$}");
    }

    /// Adds the value of the column at `column`, whose lines are fit to be seen, to the end of `text`.
    pub fn push_value(&self, column: usize, value: &str, text: &mut String) {
        let mut name = self.names.get(column).unwrap_or(&self.no_name);
        for line in value.split('\n') {
            text.push_str(name);
            text.push_str(" | ");
            text.push_str(line);
            text.push('\n');
            name = &self.no_name;
        }
    }
}

struct Vertical {
    sink: Sink,
    options: EncoderOptions,
    layout: Layout,
    text: String,
}

impl Vertical {
    fn new(page: &Page, sink: Sink) -> Self {
        Self {
            sink,
            options: json_values::options(),
            layout: Layout::new(page.schema.fields().iter().map(|field| field.name().as_str())),
            text: String::new(),
        }
    }
}

impl ResultWriter for Vertical {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        cells::for_each_row(batch, &self.options, |row| {
            self.layout.push_title(&mut self.text);
            for column in 0..row.columns() {
                let value = visible_lines(row.text(column)?.unwrap_or("NULL"));
                self.layout.push_value(column, &value, &mut self.text);
            }
            Ok::<_, WriteError>(())
        })?;
        self.sink.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        if self.layout.is_empty() {
            self.sink.write_all(NO_ROWS.as_bytes())?;
        }
        Ok(self.sink.flush()?)
    }
}
