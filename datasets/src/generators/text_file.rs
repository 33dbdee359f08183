//! CSV and JSON lines, compressed as a whole or not.

use std::io::Write;
use std::mem;

use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder;
use arrow::error::ArrowError;
use arrow::json::LineDelimitedWriter;
use flate2::GzBuilder;
use flate2::write::GzEncoder;

use super::encoding::{Compression, Encoder};

/// How a batch becomes text; the `bool` says whether it is the first of its file.
type Rows = fn(&RecordBatch, bool) -> Result<Vec<u8>, ArrowError>;

/// The gzip header's word for no system in particular, which all machines write alike.
const UNKNOWN_SYSTEM: u8 = 255;

/// Begins a file.
pub(super) fn begin(rows: Rows, compression: Compression) -> Box<dyn Encoder> {
    let sink = match compression {
        Compression::Gzip => {
            let header = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM);
            Sink::Gzip(Box::new(header.write(Vec::new(), flate2::Compression::new(6))))
        }
        _ => Sink::Plain(Vec::new()),
    };
    Box::new(TextEncoder {
        rows,
        sink,
        is_first: true,
    })
}

/// Comma-separated values, with the names of the columns before the first.
pub(super) fn csv_rows(batch: &RecordBatch, is_first: bool) -> Result<Vec<u8>, ArrowError> {
    let mut writer = WriterBuilder::new().with_header(is_first).build(Vec::new());
    writer.write(batch)?;
    Ok(writer.into_inner())
}

/// One object a line; what is NULL is left out.
pub(super) fn json_rows(batch: &RecordBatch, _: bool) -> Result<Vec<u8>, ArrowError> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

struct TextEncoder {
    rows: Rows,
    sink: Sink,
    is_first: bool,
}

enum Sink {
    Plain(Vec<u8>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
}

impl Encoder for TextEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let text = (self.rows)(batch, self.is_first)?;
        self.is_first = false;
        match &mut self.sink {
            Sink::Plain(bytes) => bytes.extend(text),
            Sink::Gzip(encoder) => encoder.write_all(&text)?,
        }
        Ok(())
    }

    fn take(&mut self) -> Vec<u8> {
        match &mut self.sink {
            Sink::Plain(bytes) => mem::take(bytes),
            Sink::Gzip(encoder) => mem::take(encoder.get_mut()),
        }
    }

    fn finish(&mut self) -> Result<(), ArrowError> {
        if let Sink::Gzip(encoder) = &mut self.sink {
            encoder.try_finish()?;
        }
        Ok(())
    }
}
