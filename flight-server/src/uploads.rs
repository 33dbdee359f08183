//! What clients send with DoPut: a command, then perhaps rows.
//!
//! What comes in is checked before the library decodes it, which believes the lengths that a message states: it would panic
//! on one that leads outside of the message, and set memory aside for whatever a compressed column says that it becomes.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::{self, MessageHeader};
use arrow_flight::FlightData;
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::error::FlightError;
use arrow_flight::sql::{Any, Command};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, future, stream};
use owlet_engine::{Error, ErrorCode, Result};
use prost::Message;
use tonic::Status;

use crate::failure;
use crate::results::Wire;

/// Rows of one message.
const ROW_LIMIT: i64 = 1 << 26;

/// A DoPut whose command was read.
pub(crate) struct Upload {
    /// What it is for.
    pub command: Command,
    messages: BoxStream<'static, Result<FlightData, FlightError>>,
}

/// The rows of an upload.
pub(crate) struct Rows {
    /// Their columns, as the engine is given them.
    pub schema: SchemaRef,
    /// The rows, as they come.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
}

impl Upload {
    /// Reads the first message, which has the command.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it has none; whatever the transport fails with.
    pub(crate) async fn read(
        mut messages: impl Stream<Item = Result<FlightData, Status>> + Send + Unpin + 'static,
        limit_bytes: usize,
    ) -> Result<Self, Status> {
        let first = messages
            .next()
            .await
            .unwrap_or_else(|| Err(failure::invalid("DoPut has no message")))?;
        let Some(descriptor) = &first.flight_descriptor else {
            return Err(failure::invalid(
                "the first message of DoPut has no descriptor with a command",
            ));
        };
        let command = command(&descriptor.cmd)?;
        let messages = stream::once(future::ready(Ok(first))).chain(messages);
        let messages = messages
            .map_err(FlightError::from)
            // A message that says only what is asked for has no columns.
            .try_filter(|message| future::ready(!message.data_header.is_empty()))
            .and_then(move |message| {
                let checked = check(&message, limit_bytes).map_err(FlightError::DecodeError);
                future::ready(checked.map(|()| message))
            });
        Ok(Self {
            command,
            messages: messages.boxed(),
        })
    }

    /// The rows, whose columns come before the first of them. `None` if there are no columns.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if what was sent is no rows; whatever the transport fails with.
    pub(crate) async fn rows(self) -> Result<Option<Rows>, Status> {
        let mut decoder = FlightDataDecoder::new(self.messages);
        let schema = loop {
            match decoder.next().await.transpose().map_err(|error| status(&error))? {
                None => return Ok(None),
                Some(decoded) => match decoded.payload {
                    DecodedPayload::Schema(schema) => break schema,
                    DecodedPayload::None => {}
                    DecodedPayload::RecordBatch(_) => {
                        return Err(failure::invalid("rows were sent before their columns"));
                    }
                },
            }
        };
        if schema.fields().is_empty() {
            return Ok(None);
        }
        let wire = Wire::received(&schema);
        let schema = wire.schema().clone();
        let batches = decoder.map_err(broken).try_filter_map(move |decoded| {
            future::ready(match decoded.payload {
                DecodedPayload::RecordBatch(batch) => wire.convert(&batch).map(Some),
                DecodedPayload::None => Ok(None),
                DecodedPayload::Schema(_) => Err(not_rows("the columns were sent twice")),
            })
        });
        Ok(Some(Rows {
            schema,
            batches: batches.boxed(),
        }))
    }

    /// All rows as one batch, `None` if there are no columns.
    ///
    /// # Errors
    /// As [`Self::rows`]; `RESOURCE_EXHAUSTED` if they take more than `limit_bytes`.
    pub(crate) async fn parameters(self, limit_bytes: usize) -> Result<Option<RecordBatch>, Status> {
        let Some(mut rows) = self.rows().await? else {
            return Ok(None);
        };
        let (mut batches, mut bytes) = (Vec::new(), 0);
        while let Some(batch) = rows.batches.next().await {
            let batch = batch.map_err(|error| failure::status(&error, None))?;
            bytes += batch.get_array_memory_size();
            if bytes > limit_bytes {
                let message =
                    format!("the parameters take more than the limit of {limit_bytes} bytes; send fewer rows");
                return Err(failure::refused(
                    tonic::Code::ResourceExhausted,
                    "TOO_MANY_PARAMETERS",
                    &message,
                ));
            }
            batches.push(batch);
        }
        let all = arrow::compute::concat_batches(&rows.schema, &batches);
        all.map(Some)
            .map_err(|error| failure::invalid(format!("the parameters are no rows: {error}")))
    }
}

/// The command of a descriptor or ticket.
///
/// # Errors
/// `INVALID_ARGUMENT` if the bytes are none.
pub(crate) fn command(bytes: &[u8]) -> Result<Command, Status> {
    let unreadable = |error: &dyn std::fmt::Display| failure::invalid(format!("the command cannot be read: {error}"));
    let any = Any::decode(bytes).map_err(|error| unreadable(&error))?;
    Command::try_from(any).map_err(|error| unreadable(&error))
}

/// Checks that a message's columns are within it, and do not grow beyond `limit_bytes`.
fn check(message: &FlightData, limit_bytes: usize) -> Result<(), String> {
    let header = ipc::root_as_message(&message.data_header).map_err(|error| format!("no IPC message: {error}"))?;
    let batch = match header.header_type() {
        MessageHeader::RecordBatch => header.header_as_record_batch(),
        MessageHeader::DictionaryBatch => header
            .header_as_dictionary_batch()
            .and_then(|dictionary| dictionary.data()),
        _ => return Ok(()),
    };
    let batch = batch.ok_or("a batch without a head")?;
    let lengths = batch.nodes().into_iter().flatten().map(ipc::FieldNode::length);
    if lengths
        .chain([batch.length()])
        .any(|length| !(0..=ROW_LIMIT).contains(&length))
    {
        return Err(format!("a batch has more than {ROW_LIMIT} rows"));
    }
    let mut grown = 0_usize;
    for buffer in batch.buffers().into_iter().flatten() {
        let range = usize::try_from(buffer.offset())
            .ok()
            .zip(usize::try_from(buffer.length()).ok());
        let bytes = range.and_then(|(start, length)| message.data_body.get(start..start.checked_add(length)?));
        let bytes = bytes.ok_or("a column leads outside of its message")?;
        if batch.compression().is_some() && !bytes.is_empty() {
            grown = grown.saturating_add(decompressed_bytes(bytes)?);
        }
    }
    if grown > limit_bytes {
        return Err(format!(
            "a message takes {grown} bytes when its columns are decompressed, and the limit is {limit_bytes}"
        ));
    }
    Ok(())
}

/// What a compressed column says that it becomes: a number before it, −1 where it is not compressed after all.
fn decompressed_bytes(column: &[u8]) -> Result<usize, String> {
    let prefix = column
        .first_chunk::<8>()
        .ok_or("a compressed column without its length")?;
    match i64::from_le_bytes(*prefix) {
        -1 => Ok(column.len()),
        length => usize::try_from(length).map_err(|_| "a compressed column of a negative length".to_owned()),
    }
}

fn status(error: &FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => status.as_ref().clone(),
        other => failure::invalid(format!("what was sent cannot be read: {other}")),
    }
}

/// The error of rows that break off.
fn broken(error: FlightError) -> Error {
    match error {
        FlightError::Tonic(status) => {
            let message = format!("the rows broke off: {}", status.message());
            Error::new(ErrorCode::Cancelled, message).caused_by(*status)
        }
        other => not_rows(&other.to_string()),
    }
}

fn not_rows(reason: &str) -> Error {
    Error::new(
        ErrorCode::InvalidValue,
        format!("what was sent cannot be read: {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::schema_message;
    use arrow::array::{ArrayRef, DictionaryArray, Int64Array, StringArray};
    use arrow::datatypes::{DataType, UInt8Type};
    use arrow::ipc::CompressionType;
    use arrow::ipc::writer::IpcWriteOptions;
    use arrow_flight::FlightDescriptor;
    use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
    use arrow_flight::sql::{CommandStatementUpdate, ProstMessageExt};
    use std::sync::Arc;

    const LIMIT: usize = 1 << 20;

    fn descriptor() -> FlightDescriptor {
        let command = CommandStatementUpdate {
            query: String::new(),
            transaction_id: None,
        };
        FlightDescriptor::new_cmd(command.as_any().encode_to_vec())
    }

    async fn messages(column: ArrayRef, compression: Option<CompressionType>) -> Vec<FlightData> {
        let batch = RecordBatch::try_from_iter_with_nullable([("c", column, true)]).unwrap();
        let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
        let encoder = FlightDataEncoderBuilder::new()
            .with_flight_descriptor(Some(descriptor()))
            .with_dictionary_handling(DictionaryHandling::Resend)
            .with_options(options)
            .build(stream::iter([Ok(batch)]));
        encoder.try_collect().await.unwrap()
    }

    async fn read(messages: Vec<FlightData>) -> Result<Option<RecordBatch>, Status> {
        let upload = Upload::read(stream::iter(messages.into_iter().map(Ok)), LIMIT).await?;
        upload.parameters(LIMIT).await
    }

    fn numbers() -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(0..1000))
    }

    #[tokio::test]
    async fn rows_come_with_any_encoding_of_their_columns() {
        for compression in [None, Some(CompressionType::ZSTD), Some(CompressionType::LZ4_FRAME)] {
            let batch = read(messages(numbers(), compression).await).await.unwrap().unwrap();
            assert_eq!(batch.column(0), &numbers());
        }
        let dictionary: DictionaryArray<UInt8Type> = ["a", "b", "a"].into_iter().collect();
        let batch = read(messages(Arc::new(dictionary), None).await).await.unwrap().unwrap();
        assert_eq!(batch.column(0).data_type(), &DataType::Utf8);
        assert_eq!(batch.column(0).as_ref(), &StringArray::from(vec!["a", "b", "a"]));
    }

    #[tokio::test]
    async fn a_command_alone_has_no_rows() {
        let alone = FlightData {
            flight_descriptor: Some(descriptor()),
            ..FlightData::default()
        };
        assert!(read(vec![alone]).await.unwrap().is_none());
        assert!(schema_message(&arrow::datatypes::Schema::empty()).is_ok());
        for nothing in [vec![], vec![FlightData::default()]] {
            assert_eq!(read(nothing).await.unwrap_err().code(), tonic::Code::InvalidArgument);
        }
    }

    #[tokio::test]
    async fn a_column_that_leads_outside_is_refused() {
        let mut cut = messages(numbers(), None).await;
        cut[1].data_body = cut[1].data_body.slice(..64);
        let status = read(cut).await.unwrap_err();
        assert!(status.message().contains("leads outside"), "{status}");
    }

    #[tokio::test]
    async fn a_column_that_says_it_becomes_huge_is_refused() {
        let mut bomb = messages(numbers(), Some(CompressionType::ZSTD)).await;
        let mut body = bomb[1].data_body.to_vec();
        let at = body
            .windows(8)
            .position(|bytes| bytes == 8000_i64.to_le_bytes())
            .unwrap();
        body[at..at + 8].copy_from_slice(&(1_i64 << 60).to_le_bytes());
        bomb[1].data_body = body.into();
        let status = read(bomb).await.unwrap_err();
        assert!(
            status.message().contains("when its columns are decompressed"),
            "{status}"
        );
    }

    #[tokio::test]
    async fn more_parameters_than_may_be_are_refused() {
        let many: ArrayRef = Arc::new(Int64Array::from_iter_values(0..200_000));
        let status = read(messages(many, None).await).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::ResourceExhausted);
    }

    #[tokio::test]
    async fn rows_that_break_off_are_an_error_and_not_an_end() {
        let whole = messages(numbers(), None).await.into_iter().map(Ok);
        let torn = whole.chain([Err(Status::cancelled("gone"))]);
        let upload = Upload::read(stream::iter(torn), LIMIT).await.unwrap();
        let rows = upload.rows().await.unwrap().unwrap();
        let error = rows.batches.try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Cancelled);
    }
}
