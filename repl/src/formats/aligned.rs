//! Rows laid out in columns of one width: what the formats `table` and `markdown` share.
//!
//! Widths need the values, a result may have no end, and memory must stay bounded: so the first [`SAMPLED_ROWS`] rows
//! are held back and fix the widths, and everything later streams. A later value that is wider is written whole and
//! pushes its line out of alignment; no value is ever cut. On a terminal whose columns they exceed, those widths also decide
//! which columns are left out (see [`super::fit`]).

use std::borrow::Cow;
use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::json::writer::EncoderOptions;

use super::fit::{Fit, fit};
use super::vertical::{self, Layout};
use super::{Sink, WriteError, cells, json_values};
use crate::text;

/// How many rows fix the widths of the columns.
pub const SAMPLED_ROWS: usize = 1000;

/// The widest that a column is padded to, in terminal columns, lest one long value make megabytes of spaces.
const PADDED_WIDTH: usize = 250;

/// What stands in place of columns that are left out.
const ELLIPSIS: &str = "…";

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
    /// The columns of the terminal that shows the lines, if one does.
    terminal: Option<usize>,
    shape: Shape,
    /// The rows that fix the widths, until they are fixed.
    sample: Option<Vec<Line>>,
    /// What has not left for the sink.
    text: String,
}

/// How lines are laid out, once the widths are fixed.
enum Shape {
    SideBySide,
    /// Side by side without these columns.
    Without(Range<usize>),
    BelowEachOther(Layout),
}

enum Line {
    Cells(Vec<String>),
    /// So many rows are not shown.
    Gap(u64),
}

impl Aligned {
    /// Lines of `style` for a terminal of so many columns, `None` having room for any.
    pub fn new(style: &'static Style, schema: &Schema, terminal: Option<usize>, sink: Sink) -> Self {
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
            terminal,
            shape: Shape::SideBySide,
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
        self.push_end();
        self.deliver()?;
        Ok(self.sink.flush()?)
    }

    fn push(&mut self, line: Line) {
        let Some(sample) = &mut self.sample else {
            return self.lay_out(line);
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
                    column.width = column.width.max(widest_line(cell));
                }
            }
        }
        self.fix_shape();
        for column in &mut self.columns {
            column.width = column.width.min(PADDED_WIDTH);
        }
        self.push_header();
        for line in sample {
            self.lay_out(line);
        }
    }

    /// Chooses the shape for the widest values of each column.
    fn fix_shape(&mut self) {
        let widths: Vec<usize> = self.columns.iter().map(|column| column.width).collect();
        match fit(&widths, self.terminal) {
            Fit::Whole => {}
            Fit::Vertical => {
                let names = self.columns.iter().map(|column| column.name.as_str());
                self.shape = Shape::BelowEachOther(Layout::new(names));
            }
            Fit::Without(hidden) => {
                let ellipsis = Column {
                    name: ELLIPSIS.to_owned(),
                    width: text::width(ELLIPSIS),
                    is_right_aligned: false,
                };
                self.columns.splice(hidden.clone(), [ellipsis]);
                self.shape = Shape::Without(hidden);
            }
        }
    }

    fn push_header(&mut self) {
        if self.columns.is_empty() || matches!(self.shape, Shape::BelowEachOther(_)) {
            return;
        }
        if self.style.is_boxed {
            self.push_rule();
        }
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        self.lay_out_cells(&names);
        self.push_rule();
    }

    /// Adds what ends the table, and says which columns are left out.
    fn push_end(&mut self) {
        if let Shape::BelowEachOther(layout) = &self.shape {
            if layout.is_empty() {
                self.text.push_str(vertical::NO_ROWS);
            }
            return;
        }
        if self.style.is_boxed && !self.columns.is_empty() {
            self.push_rule();
        }
        if let Shape::Without(hidden) = &self.shape {
            // One of those that are laid out is the ellipsis.
            let shown = self.columns.len() - 1;
            let line = format!("{} columns, {shown} shown\n", shown + hidden.len());
            self.text.push_str(&line);
        }
    }

    fn push_rule(&mut self) {
        self.text.push_str(&(self.style.rule)(&self.columns));
        self.text.push('\n');
    }

    fn lay_out(&mut self, line: Line) {
        match line {
            Line::Gap(rows) => self.lay_out_gap(rows),
            Line::Cells(mut cells) => match &mut self.shape {
                Shape::BelowEachOther(layout) => {
                    layout.push_title(&mut self.text);
                    for (column, cell) in cells.iter().enumerate() {
                        layout.push_value(column, cell, &mut self.text);
                    }
                }
                Shape::Without(hidden) => {
                    cells.splice(hidden.clone(), [ELLIPSIS.to_owned()]);
                    self.lay_out_cells(&cells);
                }
                Shape::SideBySide => self.lay_out_cells(&cells),
            },
        }
    }

    fn lay_out_gap(&mut self, rows: u64) {
        let words = format!("… {} not shown …", text::counted(rows, "row"));
        if let Shape::BelowEachOther(layout) = &mut self.shape {
            layout.skip(rows);
            self.text.push_str(&words);
            self.text.push('\n');
            return;
        }
        let widths = self.columns.iter().map(|column| column.width + 3);
        let padding = widths.sum::<usize>().saturating_sub(3 + text::width(&words));
        self.text.push_str("| ");
        self.text.push_str(&words);
        push_spaces(&mut self.text, padding);
        self.text.push_str(" |\n");
    }

    fn lay_out_cells(&mut self, cells: &[String]) {
        let height = cells.iter().map(|cell| cell.split('\n').count()).max().unwrap_or(1);
        for index in 0..height {
            self.lay_out_line(cells, index);
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
