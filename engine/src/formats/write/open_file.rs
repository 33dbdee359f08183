//! One file while it is written.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::object_store::PutPayload;
use std::collections::VecDeque;

use super::encoding::{Encoder, Encoding};
use super::partitions::Values;
use super::upload::{Part, Upload};
use super::{Target, WriteSettings, WrittenFile};
use crate::error::Result;
use crate::storage::Location;

/// One file: its encoder, the bytes that wait to fill a part, and the upload.
pub(super) struct OpenFile {
    location: Location,
    partition: Values,
    encoder: Box<dyn Encoder>,
    upload: Upload,
    part_bytes: usize,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    /// For what the encoder holds and what waits.
    held: MemoryReservation,
    sent_bytes: u64,
    rows: u64,
}

impl OpenFile {
    /// Begins a file of `columns` at `location`, without a request.
    ///
    /// # Errors
    /// `INVALID_VALUE` for an option that cannot be written; `PERMISSION_DENIED` for a location out of reach.
    pub(super) fn begin(
        target: &Target,
        encoding: &dyn Encoding,
        columns: &SchemaRef,
        (location, partition): (Location, Values),
        held: MemoryReservation,
        settings: &WriteSettings,
    ) -> Result<Self> {
        Ok(Self {
            encoder: encoding.begin(&target.format, columns, settings)?,
            upload: Upload::begin(&target.storage, &location, settings.upload_parts_in_flight)?,
            location,
            partition,
            part_bytes: settings.upload_part_bytes,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            held,
            sent_bytes: 0,
            rows: 0,
        })
    }

    /// Where it will be.
    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// Encodes `batch`. What is ready waits for [`Self::send`].
    ///
    /// # Errors
    /// As [`Encoder::write`].
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.encoder.write(batch)?;
        self.rows += batch.num_rows() as u64;
        self.take();
        Ok(())
    }

    /// How large it will be, in bytes, if nothing follows.
    pub(super) fn size(&self) -> u64 {
        self.sent_bytes + (self.waiting_bytes + self.encoder.coming_bytes()) as u64
    }

    /// The memory that it takes, apart from the parts that are on their way.
    pub(super) fn memory(&self) -> usize {
        self.waiting_bytes + self.encoder.held_bytes()
    }

    /// Reserves the memory that it takes.
    ///
    /// # Errors
    /// The pool's.
    pub(super) fn reserve(&mut self) -> datafusion::common::Result<()> {
        self.held.try_resize(self.memory())
    }

    /// Hands on what fills whole parts.
    ///
    /// # Errors
    /// As [`Upload::send`].
    pub(super) async fn send(&mut self) -> Result<()> {
        while self.waiting_bytes >= self.part_bytes {
            let part = self.cut(self.part_bytes);
            self.upload.send(part).await?;
        }
        Ok(())
    }

    /// Makes ready and sends as much as can be sent, and waits until it has arrived.
    ///
    /// # Errors
    /// Those of the encoder and of the upload.
    pub(super) async fn shrink(&mut self) -> Result<()> {
        self.encoder.end_group()?;
        self.take();
        self.send().await?;
        self.upload.settle().await
    }

    /// Ends the file and makes it visible.
    ///
    /// # Errors
    /// Those of the encoder and of the upload; nothing is left then.
    pub(super) async fn finish(mut self) -> Result<WrittenFile> {
        if let Err(failure) = self.end().await {
            self.upload.give_up().await;
            return Err(failure);
        }
        let rest = self.cut(self.waiting_bytes);
        let written = WrittenFile {
            location: self.location,
            bytes: self.sent_bytes,
            rows: self.rows,
            partition: self.partition,
        };
        self.upload.finish(rest).await?;
        Ok(written)
    }

    /// Takes back what was sent.
    pub(super) async fn give_up(self) {
        self.upload.give_up().await;
    }

    async fn end(&mut self) -> Result<()> {
        self.encoder.finish()?;
        self.take();
        self.send().await
    }

    fn take(&mut self) {
        let ready = self.encoder.take();
        if !ready.is_empty() {
            self.waiting_bytes += ready.len();
            self.waiting.push_back(ready.into());
        }
    }

    /// The first `size` of the bytes that wait, with their memory.
    fn cut(&mut self, size: usize) -> Part {
        let mut pieces = Vec::new();
        let mut missing = size;
        while missing > 0
            && let Some(mut piece) = self.waiting.pop_front()
        {
            if piece.len() > missing {
                self.waiting.push_front(piece.split_off(missing));
            }
            missing -= piece.len();
            pieces.push(piece);
        }
        let size = size - missing;
        self.waiting_bytes -= size;
        self.sent_bytes += size as u64;
        // Less is reserved than is held where a reservation has just failed: that is why this part is sent.
        let held = self.held.split(size.min(self.held.size()));
        Part {
            bytes: PutPayload::from_iter(pieces),
            held,
        }
    }
}
