//! Batches as messages.
//!
//! This is not the encoder of arrow-flight: that one counts what buffers are shared by slices once for each, so that slices
//! become one row a message, makes lists of large lists, and lets a large row pass that no client takes.

use arrow::array::{Array, ArrayRef, AsArray, GenericByteViewArray, RecordBatch, types::ByteViewType};
use arrow::datatypes::{BinaryViewType, DataType, Schema, StringViewType};
use arrow::error::ArrowError;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use arrow_flight::{FlightData, IpcMessage, SchemaAsIpc};
use bytes::Bytes;
use owlet_engine::{Error, ErrorCode, Result};
use prost::Message;
use std::sync::Arc;

use super::delivery::Delivery;
use crate::settings::GREATEST_MESSAGE_LIMIT_BYTES;

/// What a message is cut to: large enough that its head costs nothing, small enough to begin to read early.
const TARGET_BYTES: usize = 2 << 20;

/// A view up to this length has its text within itself.
const INLINE_BYTES: u32 = 12;

/// What makes messages of batches that have one schema.
pub(super) struct Encoder {
    options: IpcWriteOptions,
    generator: IpcDataGenerator,
    dictionaries: DictionaryTracker,
    scratch: IpcWriteContext,
    limit_bytes: usize,
    /// What is left of the last batch, its beginning last.
    parts: Vec<RecordBatch>,
}

impl Encoder {
    /// An encoder for results that are delivered so.
    ///
    /// # Errors
    /// `INTERNAL` if the library does not offer the compression.
    pub(super) fn new(delivery: Delivery) -> Result<Self> {
        let options = IpcWriteOptions::default()
            .try_with_compression(delivery.compression.codec())
            .map_err(defect)?;
        Ok(Self {
            options,
            generator: IpcDataGenerator::default(),
            dictionaries: DictionaryTracker::new(false),
            scratch: IpcWriteContext::default(),
            limit_bytes: delivery.message_limit_bytes,
            parts: Vec::new(),
        })
    }

    /// The message that a stream begins with.
    pub(super) fn schema(&self, schema: &Schema) -> FlightData {
        SchemaAsIpc::new(schema, &self.options).into()
    }

    /// Takes a batch apart, whose messages come next.
    pub(super) fn load(&mut self, batch: &RecordBatch) {
        let rows = batch.num_rows();
        let bytes: usize = batch.columns().iter().map(payload_bytes).sum();
        let rows_each = if bytes <= TARGET_BYTES.min(self.limit_bytes) {
            rows.max(1)
        } else {
            (rows * TARGET_BYTES.min(self.limit_bytes) / bytes).max(1)
        };
        let starts = (0..rows).step_by(rows_each);
        let parts = starts.map(|start| batch.slice(start, rows_each.min(rows - start)));
        self.parts = parts.collect();
        self.parts.reverse();
    }

    /// The next message of the batch, or `None` at its end.
    ///
    /// # Errors
    /// `EXCEEDED_STATEMENT_LIMIT` if one row is longer than a message may be.
    pub(super) fn next(&mut self) -> Result<Option<FlightData>> {
        while let Some(part) = self.parts.pop() {
            let message = self.encode(&part)?;
            let bytes = message.encoded_len();
            if bytes <= self.limit_bytes {
                return Ok(Some(message));
            }
            let rows = part.num_rows();
            if rows == 1 {
                return Err(self.too_long(bytes));
            }
            self.parts.push(part.slice(rows / 2, rows - rows / 2));
            self.parts.push(part.slice(0, rows / 2));
        }
        Ok(None)
    }

    fn encode(&mut self, part: &RecordBatch) -> Result<FlightData> {
        let part = compacted(part).map_err(defect)?;
        let encoded = self
            .generator
            .encode(&part, &mut self.dictionaries, &self.options, &mut self.scratch);
        let (_, message) = encoded.map_err(defect)?;
        Ok(message.into())
    }

    fn too_long(&self, bytes: usize) -> Error {
        let message = format!(
            "a row of the result takes {bytes} bytes, and a message to this client may take {}; select less of it, or set the \
             session option \"message_limit_bytes\" to at most {GREATEST_MESSAGE_LIMIT_BYTES} if the client takes such messages",
            self.limit_bytes
        );
        Error::new(ErrorCode::ExceededStatementLimit, message)
    }
}

/// A schema as the message that stands in FlightInfo, SchemaResult and the answer of CreatePreparedStatement.
///
/// # Errors
/// `INTERNAL` if it cannot be written.
pub(crate) fn schema_message(schema: &Schema) -> Result<Bytes> {
    let options = IpcWriteOptions::default();
    let message: std::result::Result<IpcMessage, ArrowError> = SchemaAsIpc::new(schema, &options).try_into();
    message.map(|message| message.0).map_err(defect)
}

/// About what a column takes in a message, of the rows that it has and not of the buffers that they share with others.
fn payload_bytes(column: &ArrayRef) -> usize {
    let views = match column.data_type() {
        DataType::Utf8View => column.as_string_view().views(),
        DataType::BinaryView => column.as_binary_view().views(),
        _ => {
            let bytes = column.to_data().get_slice_memory_size();
            return bytes.unwrap_or_else(|_| column.get_array_memory_size());
        }
    };
    let outside = views.iter().map(|view| {
        // The length stands in the first four bytes of a view.
        let length = u32::try_from(view & u128::from(u32::MAX)).unwrap_or(u32::MAX);
        if length > INLINE_BYTES { length as usize } else { 0 }
    });
    size_of_val(&views[..]) + outside.sum::<usize>()
}

/// `part` with views whose buffers hold nothing but their texts: a message has the buffers whole.
fn compacted(part: &RecordBatch) -> std::result::Result<RecordBatch, ArrowError> {
    let is_view = |column: &ArrayRef| matches!(column.data_type(), DataType::Utf8View | DataType::BinaryView);
    if !part.columns().iter().any(is_view) {
        return Ok(part.clone());
    }
    let columns = part.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View => compact::<StringViewType>(column),
        DataType::BinaryView => compact::<BinaryViewType>(column),
        _ => Arc::clone(column),
    });
    RecordBatch::try_new(part.schema(), columns.collect())
}

fn compact<T: ByteViewType>(column: &ArrayRef) -> ArrayRef {
    let views: &GenericByteViewArray<T> = column.as_byte_view();
    Arc::new(views.gc())
}

fn defect(error: ArrowError) -> Error {
    let message = format!("the rows cannot be put into messages: {error}");
    Error::new(ErrorCode::Internal, message).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Compression, Views};
    use arrow::array::{Int64Array, LargeListArray, StringArray, StringViewArray};
    use arrow::datatypes::Int64Type;
    use arrow_flight::decode::FlightRecordBatchStream;
    use futures::TryStreamExt;

    const DELIVERY: Delivery = Delivery {
        views: Views::Cast,
        compression: Compression::None,
        message_limit_bytes: 4 << 20,
    };

    fn messages(encoder: &mut Encoder, batch: &RecordBatch) -> Result<Vec<FlightData>> {
        encoder.load(batch);
        std::iter::from_fn(|| encoder.next().transpose()).collect()
    }

    fn of(column: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable([("c", column, true)]).unwrap()
    }

    async fn decoded(encoder: &Encoder, batch: &RecordBatch, messages: Vec<FlightData>) -> RecordBatch {
        let all = std::iter::once(encoder.schema(&batch.schema())).chain(messages);
        let stream =
            FlightRecordBatchStream::new_from_flight_data(futures::stream::iter(all.map(Ok).collect::<Vec<_>>()));
        let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
        arrow::compute::concat_batches(&batch.schema(), &batches).unwrap()
    }

    #[tokio::test]
    async fn a_large_batch_becomes_messages_of_the_target() {
        for compression in [Compression::None, Compression::Zstd, Compression::Lz4] {
            let mut encoder = Encoder::new(Delivery {
                compression,
                ..DELIVERY
            })
            .unwrap();
            let batch = of(Arc::new(Int64Array::from_iter_values(0..1_000_000)));
            let messages = messages(&mut encoder, &batch).unwrap();
            assert!((4..=5).contains(&messages.len()), "{}", messages.len());
            assert!(
                messages
                    .iter()
                    .all(|message| message.encoded_len() < TARGET_BYTES + 4096)
            );
            assert_eq!(decoded(&encoder, &batch, messages).await, batch);
        }
    }

    #[tokio::test]
    async fn rows_of_uneven_length_are_cut_until_they_fit() {
        let mut encoder = Encoder::new(DELIVERY).unwrap();
        // The first rows alone fill more than a message; by the mean they would go with all the others.
        let texts = (0..4000).map(|row| "x".repeat(if row < 3 { 3 << 20 } else { 10 }));
        let batch = of(Arc::new(StringArray::from_iter_values(texts)));
        let messages = messages(&mut encoder, &batch).unwrap();
        assert!(
            messages
                .iter()
                .all(|message| message.encoded_len() <= DELIVERY.message_limit_bytes)
        );
        assert_eq!(decoded(&encoder, &batch, messages).await, batch);
    }

    #[test]
    fn slices_of_one_large_buffer_are_counted_as_what_they_are() {
        let mut encoder = Encoder::new(DELIVERY).unwrap();
        let text = "x".repeat(1 << 20);
        let whole: ArrayRef = Arc::new(StringArray::from_iter_values((0..16).map(|_| text.as_str())));
        assert_eq!(messages(&mut encoder, &of(whole.slice(3, 1))).unwrap().len(), 1);
        let views: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..16).map(|_| text.as_str())));
        let sent = messages(&mut encoder, &of(views.slice(3, 1))).unwrap();
        assert!(sent.len() == 1 && sent[0].encoded_len() < (1 << 20) + 4096);
    }

    #[test]
    fn a_row_that_no_message_takes_says_its_size_and_the_limit() {
        let mut encoder = Encoder::new(DELIVERY).unwrap();
        let batch = of(Arc::new(StringArray::from(vec!["x".repeat(5 << 20)])));
        let error = messages(&mut encoder, &batch).unwrap_err();
        assert!(error.message().contains("takes 5243"), "{error}");
        assert!(error.message().contains("may take 4194304"), "{error}");
        let mut encoder = Encoder::new(Delivery {
            message_limit_bytes: GREATEST_MESSAGE_LIMIT_BYTES,
            ..DELIVERY
        });
        assert_eq!(messages(encoder.as_mut().unwrap(), &batch).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_large_list_stays_one() {
        let mut encoder = Encoder::new(DELIVERY).unwrap();
        let lists = LargeListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1), None]), None]);
        let batch = of(Arc::new(lists));
        let messages = messages(&mut encoder, &batch).unwrap();
        assert_eq!(decoded(&encoder, &batch, messages).await, batch);
    }

    #[test]
    fn no_rows_are_no_messages() {
        let mut encoder = Encoder::new(DELIVERY).unwrap();
        let none = of(Arc::new(Int64Array::from(Vec::<i64>::new())));
        assert!(messages(&mut encoder, &none).unwrap().is_empty());
    }
}
