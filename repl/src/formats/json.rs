//! JSON: one array of objects, one object a line. See [`super::json_values`] for the values.

use ::arrow::array::RecordBatch;

use super::{Format, Reader, ResultWriter, Sink, WriteError, json_values};

pub const FORMAT: Format = Format {
    name: "json",
    summary: "one array of objects; numbers exact, NaN and infinities as strings, binary as hex",
    extensions: &["json"],
    reader: Reader::TextProgram,
    names_are_keys: true,
    shows_some_rows: false,
    open: |_, sink| Ok(Box::new(Json::new(sink))),
};

const SEPARATOR: &[u8] = b",\n";

struct Json {
    sink: Sink,
    /// What has not left for the sink.
    text: Vec<u8>,
    has_rows: bool,
}

impl Json {
    fn new(sink: Sink) -> Self {
        Self {
            sink,
            text: vec![b'['],
            has_rows: false,
        }
    }
}

impl ResultWriter for Json {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.has_rows {
            self.text.extend_from_slice(SEPARATOR);
        }
        self.has_rows = true;
        json_values::push_objects(batch, SEPARATOR, &mut self.text)?;
        self.sink.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        self.text.extend_from_slice(b"]\n");
        self.sink.write_all(&self.text)?;
        Ok(self.sink.flush()?)
    }
}
