//! A table for people: names, rules and aligned values, numbers at the right.
//!
//! A value of several lines goes on in the line below, marked by `+` as psql does; other control characters are shown
//! as escapes, so that no value commands the terminal. With a limit on the rows shown, the first and the last half of
//! it are shown and a line between them says how many are not.
//!
//! On a terminal that is too narrow, columns of the middle are left out, and the last line says so; if fewer than four had
//! room, every value gets a line of its own, as in the format `vertical`.

use std::collections::VecDeque;

use ::arrow::array::RecordBatch;

use super::aligned::{Aligned, Column, Style};
use super::{Format, Page, Reader, ResultWriter, Sink, WriteError};
use crate::text::visible_lines;

pub const FORMAT: Format = Format {
    name: "table",
    summary: "aligned columns for people (default)",
    extensions: &["txt"],
    reader: Reader::Person,
    names_are_keys: false,
    shows_some_rows: true,
    open: |page, sink| Ok(Box::new(Table::new(page, sink))),
};

const STYLE: Style = Style {
    escape: visible_lines,
    rule,
    least_width: 0,
    is_boxed: true,
};

struct Table {
    lines: Aligned,
    /// `None` shows every row.
    ends: Option<Ends>,
}

/// Both ends of a result whose middle is not shown.
struct Ends {
    /// How many rows of the beginning are still to come.
    head: usize,
    /// How many rows of the end are shown.
    tail: usize,
    /// The rows that are the end so far, in slices of the batches that brought them.
    last: VecDeque<RecordBatch>,
    /// How many rows `last` holds.
    held: usize,
    /// How many rows are not shown so far.
    dropped: u64,
}

impl Table {
    fn new(page: &Page, sink: Sink) -> Self {
        let ends = page.shown_rows.map(|shown| Ends {
            head: shown.div_ceil(2),
            tail: shown / 2,
            last: VecDeque::new(),
            held: 0,
            dropped: 0,
        });
        Self {
            lines: Aligned::new(&STYLE, &page.schema, page.terminal_columns, sink),
            ends,
        }
    }
}

impl ResultWriter for Table {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let Some(ends) = &mut self.ends else {
            return self.lines.push_rows(batch);
        };
        let first = ends.head.min(batch.num_rows());
        ends.head -= first;
        ends.hold(batch.slice(first, batch.num_rows() - first));
        self.lines.push_rows(&batch.slice(0, first))
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        if let Some(ends) = self.ends.take() {
            if ends.dropped > 0 {
                self.lines.push_gap(ends.dropped);
            }
            for batch in &ends.last {
                self.lines.push_rows(batch)?;
            }
        }
        self.lines.finish()
    }
}

impl Ends {
    /// Holds `batch` as the end so far and lets go of what no longer is.
    fn hold(&mut self, batch: RecordBatch) {
        self.held += batch.num_rows();
        self.last.push_back(batch);
        while self.held > self.tail {
            let Some(oldest) = self.last.pop_front() else { break };
            let surplus = oldest.num_rows().min(self.held - self.tail);
            self.held -= surplus;
            self.dropped += surplus as u64;
            if surplus < oldest.num_rows() {
                self.last.push_front(oldest.slice(surplus, oldest.num_rows() - surplus));
            }
        }
    }
}

fn rule(columns: &[Column]) -> String {
    let mut line = String::from("+");
    for column in columns {
        line.extend(std::iter::repeat_n('-', column.width + 2));
        line.push('+');
    }
    line
}
