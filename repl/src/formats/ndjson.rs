//! Newline-delimited JSON: one object a line (<https://jsonlines.org>). See [`super::json_values`] for the values.

use ::arrow::array::RecordBatch;

use super::{Format, Reader, ResultWriter, Sink, WriteError, json_values};

pub const FORMAT: Format = Format {
    name: "ndjson",
    summary: "one JSON object a line, values as in json",
    extensions: &["ndjson", "jsonl"],
    reader: Reader::TextProgram,
    names_are_keys: true,
    shows_some_rows: false,
    open: |_, sink| Ok(Box::new(Ndjson { sink, text: Vec::new() })),
};

struct Ndjson {
    sink: Sink,
    text: Vec<u8>,
}

impl ResultWriter for Ndjson {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        json_values::push_objects(batch, b"\n", &mut self.text)?;
        self.text.push(b'\n');
        self.sink.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        Ok(self.sink.flush()?)
    }
}
