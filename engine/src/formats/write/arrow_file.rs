//! Arrow IPC files: batches as they are in memory, without views and dictionaries.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use std::mem;

use super::WriteSettings;
use super::encoding::{Encoder, Encoding, Unstorable, broken};
use super::stored::each_leaf;
use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;

/// Arrow IPC files, which hold every type of Arrow.
#[derive(Debug)]
pub(super) struct ArrowFile;

impl Encoding for ArrowFile {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn ending(&self, _: &Format) -> Result<String> {
        Ok("arrow".to_owned())
    }

    fn stored(&self, data_type: &DataType) -> Result<DataType, Unstorable> {
        // A view is written with all of the buffers that it points into, which may be a hundred times its values; and other
        // readers know views since lately. Dictionaries would have to be the same in all batches of a file.
        each_leaf(data_type, &|leaf| match leaf {
            DataType::Utf8View => Ok(DataType::Utf8),
            DataType::BinaryView => Ok(DataType::Binary),
            other => Ok(other.clone()),
        })
    }

    fn begin(&self, format: &Format, columns: &SchemaRef, settings: &WriteSettings) -> Result<Box<dyn Encoder>> {
        let compression = match format.option("compression") {
            "none" => None,
            "lz4" => Some(CompressionType::LZ4_FRAME),
            "zstd" => Some(CompressionType::ZSTD),
            other => {
                let message = format!("Arrow files cannot be written with the compression \"{other}\"");
                return Err(Error::new(ErrorCode::InvalidValue, message));
            }
        };
        let options = IpcWriteOptions::default().try_with_compression(compression);
        let writer = options.and_then(|options| FileWriter::try_new_with_options(Vec::new(), columns, options));
        let writer = writer.map_err(|cause| broken("Arrow", cause))?;
        Ok(Box::new(ArrowEncoder {
            writer,
            batch_rows: settings.row_group_rows,
        }))
    }
}

struct ArrowEncoder {
    writer: FileWriter<Vec<u8>>,
    batch_rows: usize,
}

impl Encoder for ArrowEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        for start in (0..batch.num_rows()).step_by(self.batch_rows) {
            let slice = batch.slice(start, self.batch_rows.min(batch.num_rows() - start));
            self.writer.write(&slice).map_err(|cause| broken("Arrow", cause))?;
        }
        Ok(())
    }

    fn take(&mut self) -> Vec<u8> {
        // The writer counts what it has written by itself.
        mem::take(self.writer.get_mut())
    }

    fn held_bytes(&self) -> usize {
        0
    }

    fn finish(&mut self) -> Result<()> {
        self.writer.finish().map_err(|cause| broken("Arrow", cause))
    }
}
