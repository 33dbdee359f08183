//! What csv and tsv share: a header, one line a row, a separator between fields.

use ::arrow::array::RecordBatch;
use ::arrow::json::writer::EncoderOptions;

use super::{Page, ResultWriter, Sink, WriteError, cells, json_values};

/// How one format of delimited text differs from another.
pub struct Dialect {
    /// What stands between two fields.
    pub separator: char,
    /// What stands for NULL.
    pub null: &'static str,
    /// Adds a value to a line, quoted or escaped.
    pub push_field: fn(&mut String, &str),
}

/// Writes delimited text.
pub struct Delimited {
    dialect: Dialect,
    sink: Sink,
    options: EncoderOptions,
    /// What has not left for the sink: the header at first, then the batch at hand.
    text: String,
}

impl Delimited {
    /// A writer that begins with the names of the page's columns.
    pub fn new(dialect: Dialect, page: &Page, sink: Sink) -> Self {
        let mut text = String::new();
        for (index, field) in page.schema.fields().iter().enumerate() {
            if index > 0 {
                text.push(dialect.separator);
            }
            (dialect.push_field)(&mut text, field.name());
        }
        text.push('\n');
        Self {
            dialect,
            sink,
            options: json_values::options(),
            text,
        }
    }
}

impl ResultWriter for Delimited {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let dialect = &self.dialect;
        cells::for_each_row(batch, &self.options, |row| {
            for column in 0..row.columns() {
                if column > 0 {
                    self.text.push(dialect.separator);
                }
                match row.text(column)? {
                    Some(value) => (dialect.push_field)(&mut self.text, value),
                    None => self.text.push_str(dialect.null),
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
