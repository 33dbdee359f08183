//! Rows laid out in columns of one width: what the formats `table` and `markdown` share.
//!
//! Widths need the values, a result may have no end, and memory must stay bounded: so the first [`SAMPLED_ROWS`] rows
//! are held back and fix the widths, and everything later streams. A later value that is wider is written whole and
//! pushes its line out of alignment; no value is ever cut.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::json::writer::EncoderOptions;

use super::{Sink, WriteError, cells, json_values};
use crate::text;

/// How many rows fix the widths of the columns.
pub const SAMPLED_ROWS: usize = 1000;

/// The widest that a column is padded to, in terminal columns, lest one long value make megabytes of spaces.
const PADDED_WIDTH: usize = 250;

/// What tells one aligned format from another.
pub struct Style {
    /// A value as it may stand between two bars. Where it has line ends, it goes on in the line below, after a `+`.
    pub escape: fn(&str) -> Cow<'_, str>,
    /// The line between the names and the values.
    pub rule: fn(&[Column]) -> String,
    /// The narrowest column that the format allows.
    pub least_width: usize,
    /// Whether the same line also stands above the names and below the values.
    pub is_boxed: bool,
}

/// One column of the layout.
pub struct Column {
    name: String,
    pub width: usize,
    pub is_right_aligned: bool,
}

/// Lines on their way to the sink.
pub struct Aligned {
    style: &'static Style,
    sink: Sink,
    options: EncoderOptions,
    columns: Vec<Column>,
    /// The rows that fix the widths, until they are fixed.
    sample: Option<Vec<Line>>,
    /// What has not left for the sink.
    text: String,
}

enum Line {
    Cells(Vec<String>),
    /// So many rows are not shown.
    Gap(u64),
}

impl Aligned {
    pub fn new(style: &'static Style, schema: &Schema, sink: Sink) -> Self {
        let columns = schema
            .fields()
            .iter()
            .zip(cells::is_right_aligned(schema))
            .map(|(field, is_right_aligned)| {
                let name = (style.escape)(field.name()).into_owned();
                Column {
                    width: widest_line(&name).max(style.least_width),
                    name,
                    is_right_aligned,
                }
            });
        Self {
            style,
            sink,
            options: json_values::options(),
            columns: columns.collect(),
            sample: Some(Vec::new()),
            text: String::new(),
        }
    }

    /// Adds every row of `batch`.
    pub fn push_rows(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let options = self.options.clone();
        cells::for_each_row(batch, &options, |row| {
            let mut line = Vec::with_capacity(row.columns());
            for column in 0..row.columns() {
                line.push((self.style.escape)(row.text(column)?.unwrap_or("NULL")).into_owned());
            }
            self.push(Line::Cells(line));
            Ok::<_, WriteError>(())
        })?;
        self.deliver()
    }

    /// Adds a line that says how many rows are not shown.
    pub fn push_gap(&mut self, rows: u64) {
        self.push(Line::Gap(rows));
    }

    /// Writes what is held back and the closing line.
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.fix_widths();
        if self.style.is_boxed && !self.columns.is_empty() {
            self.push_rule();
        }
        self.deliver()?;
        Ok(self.sink.flush()?)
    }

    fn push(&mut self, line: Line) {
        let Some(sample) = &mut self.sample else {
            return self.lay_out(&line);
        };
        sample.push(line);
        if sample.len() >= SAMPLED_ROWS {
            self.fix_widths();
        }
    }

    fn fix_widths(&mut self) {
        let Some(sample) = self.sample.take() else { return };
        for line in &sample {
            if let Line::Cells(cells) = line {
                for (column, cell) in self.columns.iter_mut().zip(cells) {
                    column.width = column.width.max(widest_line(cell)).min(PADDED_WIDTH);
                }
            }
        }
        self.push_header();
        for line in &sample {
            self.lay_out(line);
        }
    }

    fn push_header(&mut self) {
        if self.columns.is_empty() {
            return;
        }
        if self.style.is_boxed {
            self.push_rule();
        }
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        self.lay_out(&Line::Cells(names));
        self.push_rule();
    }

    fn push_rule(&mut self) {
        self.text.push_str(&(self.style.rule)(&self.columns));
        self.text.push('\n');
    }

    fn lay_out(&mut self, line: &Line) {
        match line {
            Line::Cells(cells) => {
                let height = cells.iter().map(|cell| cell.split('\n').count()).max().unwrap_or(1);
                for index in 0..height {
                    self.lay_out_line(cells, index);
                }
            }
            Line::Gap(rows) => {
                let words = format!("… {} not shown …", text::counted(*rows, "row"));
                let widths = self.columns.iter().map(|column| column.width + 3);
                let padding = widths.sum::<usize>().saturating_sub(3 + text::width(&words));
                self.text.push_str("| ");
                self.text.push_str(&words);
                push_spaces(&mut self.text, padding);
                self.text.push_str(" |\n");
            }
        }
    }

    /// Lays out the line at `index` of each cell.
    fn lay_out_line(&mut self, cells: &[String], index: usize) {
        for (column, cell) in self.columns.iter().zip(cells) {
            let mut lines = cell.split('\n').skip(index);
            let line = lines.next().unwrap_or_default();
            let padding = column.width.saturating_sub(text::width(line));
            self.text.push_str("| ");
            if column.is_right_aligned {
                push_spaces(&mut self.text, padding);
            }
            self.text.push_str(line);
            if !column.is_right_aligned {
                push_spaces(&mut self.text, padding);
            }
            self.text.push(if lines.next().is_some() { '+' } else { ' ' });
        }
        self.text.push_str("|\n");
    }

    fn deliver(&mut self) -> Result<(), WriteError> {
        self.sink.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

fn widest_line(cell: &str) -> usize {
    cell.split('\n').map(text::width).max().unwrap_or(0)
}

fn push_spaces(line: &mut String, count: usize) {
    line.extend(std::iter::repeat_n(' ', count));
}
