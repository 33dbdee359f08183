//! From batches to the stream of messages that a call answers with.

use arrow::array::RecordBatch;
use arrow_flight::FlightData;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use owlet_engine::Result;
use prost::Message;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::delivery::Delivery;
use super::encode::Encoder;
use super::flow::{self, NobodyReads, Writer};
use super::wire::Wire;
use crate::failure;
use crate::settings::Settings;

/// A result on its way to a client.
pub(crate) struct Shipment {
    /// Its batches, as the engine gives them.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
    /// The columns that were announced for it.
    pub wire: Wire,
    /// How it is sent.
    pub delivery: Delivery,
    /// The statement that it is of, for its failures.
    pub query_id: Option<String>,
    /// What ends it.
    pub work: CancellationToken,
    /// What is cancelled before, if the server ends.
    pub server_ends: CancellationToken,
}

/// Why a stream ends before its end.
enum Stop {
    Failed(Status),
    NobodyReads,
}

impl From<NobodyReads> for Stop {
    fn from(_: NobodyReads) -> Self {
        Self::NobodyReads
    }
}

/// Sends a result, by a task of its own that goes on while there is room. `afterwards` is called when it has ended, in whatever
/// way. Dropping the stream ends the task and the statement.
pub(crate) fn send(
    shipment: Shipment,
    settings: &Settings,
    afterwards: impl FnOnce() + Send + 'static,
) -> impl Stream<Item = std::result::Result<FlightData, Status>> + Send + 'static {
    let (work, server_ends) = (shipment.work.clone(), shipment.server_ends.clone());
    let (writer, reader) = flow::bounded(settings.stream_buffer_bytes, work.clone().drop_guard());
    let slow_reader_limit = settings.slow_reader_limit;
    tokio::spawn(async move {
        let _at_the_end = AtTheEnd(Some(afterwards));
        let query_id = shipment.query_id.clone();
        let written = work
            .run_until_cancelled(write_all(shipment, &writer, slow_reader_limit))
            .await;
        match written {
            None => writer.cut_off(failure::stopped(server_ends.is_cancelled(), query_id.as_deref())),
            Some(Err(Stop::NobodyReads)) => writer.cut_off(too_slow(query_id.as_deref(), slow_reader_limit)),
            Some(Err(Stop::Failed(status))) => writer.end(Err(status)),
            Some(Ok(())) => writer.end(Ok(())),
        }
    });
    reader
}

async fn write_all(shipment: Shipment, writer: &Writer, limit: Duration) -> std::result::Result<(), Stop> {
    let Shipment {
        mut batches,
        wire,
        delivery,
        query_id,
        ..
    } = shipment;
    let failed = |error: owlet_engine::Error| Stop::Failed(failure::status(&error, query_id.as_deref()));
    let mut encoder = Encoder::new(delivery).map_err(failed)?;
    let schema = encoder.schema(wire.schema());
    let bytes = schema.encoded_len();
    writer.write(schema, bytes, limit).await?;
    loop {
        writer.half_empty(limit).await?;
        let Some(batch) = batches.next().await else {
            return Ok(());
        };
        let batch = wire.convert(&batch.map_err(failed)?).map_err(failed)?;
        let _held = writer.hold(batch.get_array_memory_size());
        encoder.load(&batch);
        while let Some(message) = encoder.next().map_err(failed)? {
            let bytes = message.encoded_len();
            writer.write(message, bytes, limit).await?;
        }
    }
}

/// Calls what it has when it is dropped, be it by a panic.
struct AtTheEnd<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for AtTheEnd<F> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call();
        }
    }
}

fn too_slow(query_id: Option<&str>, limit: Duration) -> Status {
    let message = format!(
        "the client has read nothing of the result for {} s, and the query was cancelled",
        limit.as_secs()
    );
    let error = owlet_engine::Error::new(owlet_engine::ErrorCode::Cancelled, message);
    failure::status_as(Code::DeadlineExceeded, &error, query_id)
}
