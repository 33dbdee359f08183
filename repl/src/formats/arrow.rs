//! Arrow's inter-process format: the file form (`.arrow`) into a file, the stream form (`.arrows`) into a pipe, so that
//! the one can be mapped and read at random and the other can be read while the query still runs
//! (<https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>).

use std::io::BufWriter;

use ::arrow::array::RecordBatch;
use ::arrow::ipc::writer::{FileWriter, StreamWriter};

use super::{Format, Opened, Page, Reader, ResultWriter, Sink, WriteError};

pub const FORMAT: Format = Format {
    name: "arrow",
    summary: "Arrow IPC: the file form with -o, the stream form into a pipe",
    extensions: &["arrow", "feather"],
    reader: Reader::BinaryProgram,
    names_are_keys: true,
    shows_some_rows: false,
    open,
};

enum Arrow {
    File(FileWriter<BufWriter<Sink>>),
    Stream(StreamWriter<BufWriter<Sink>>),
}

fn open(page: &Page, sink: Sink) -> Opened {
    let sink = BufWriter::new(sink);
    Ok(Box::new(if page.is_file {
        Arrow::File(FileWriter::try_new(sink, &page.schema)?)
    } else {
        Arrow::Stream(StreamWriter::try_new(sink, &page.schema)?)
    }))
}

impl ResultWriter for Arrow {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        match self {
            Self::File(writer) => writer.write(batch)?,
            Self::Stream(writer) => {
                writer.write(batch)?;
                // Whoever reads the pipe gets the batch now.
                writer.flush()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        match self.as_mut() {
            Self::File(writer) => writer.finish()?,
            Self::Stream(writer) => writer.finish()?,
        }
        Ok(())
    }
}
