//! A Markdown table (GitHub Flavored Markdown, <https://github.github.com/gfm/#tables-extension->).
//!
//! What would end a cell or begin markup of HTML is escaped, and a line end inside a value becomes `<br>`.

use std::borrow::Cow;

use ::arrow::array::RecordBatch;

use super::aligned::{Aligned, Column, Style};
use super::{Format, Reader, ResultWriter, WriteError};
use crate::text::visible;

pub const FORMAT: Format = Format {
    name: "markdown",
    summary: "a GitHub-flavoured Markdown table",
    extensions: &["md", "markdown"],
    reader: Reader::Person,
    names_are_keys: false,
    shows_some_rows: false,
    open: |page, sink| Ok(Box::new(Markdown(Aligned::new(&STYLE, &page.schema, None, sink)))),
};

const STYLE: Style = Style {
    escape,
    rule,
    least_width: RULE_WIDTH,
    is_boxed: false,
};

/// The narrowest column that Markdown allows: `---`, or `--:` where numbers stand at the right.
const RULE_WIDTH: usize = 3;

struct Markdown(Aligned);

impl ResultWriter for Markdown {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.0.push_rows(batch)
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        self.0.finish()
    }
}

fn rule(columns: &[Column]) -> String {
    let mut line = String::new();
    for column in columns {
        let dashes = column.width - usize::from(column.is_right_aligned);
        line.push_str("| ");
        line.extend(std::iter::repeat_n('-', dashes));
        line.push_str(if column.is_right_aligned { ": " } else { " " });
    }
    line.push('|');
    line
}

fn escape(value: &str) -> Cow<'_, str> {
    if !value.contains(['\\', '|', '<', '\r', '\n']) {
        return visible(value);
    }
    let mut cell = String::with_capacity(value.len() + 8);
    for (index, line) in value.replace("\r\n", "\n").split('\n').enumerate() {
        if index > 0 {
            cell.push_str("<br>");
        }
        for character in visible(line).chars() {
            if matches!(character, '\\' | '|' | '<') {
                cell.push('\\');
            }
            cell.push(character);
        }
    }
    Cow::Owned(cell)
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn no_value_leaves_its_cell() {
        for (value, cell) in [
            ("plain", "plain"),
            ("a|b", "a\\|b"),
            ("a\\|b", "a\\\\\\|b"),
            ("two\r\nlines\nand", "two<br>lines<br>and"),
            ("<script>", "\\<script>"),
            ("\u{1b}[2J", "\\u001b[2J"),
        ] {
            assert_eq!(escape(value), cell);
        }
    }
}
