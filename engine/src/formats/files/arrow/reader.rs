//! Arrow IPC as a format.

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::reader::{FileDecoder, StreamDecoder};
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::common::Statistics;
use datafusion::datasource::physical_plan::FileSource;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;

use super::blocks::{Footer, block_range, broken, footer, range, undecodable};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::files::exact::exact_cast;
use crate::formats::files::rows::{RowReader, RowSource, Wanted};
use crate::formats::files::text::{Compression, TextStream};
use crate::formats::files::{OptionRule, Origin, Scan, TableFile, TableFormat, TableReader};
use crate::formats::schema::{self, Found, find};
use crate::formats::write::ARROW_OPTIONS;
use crate::formats::{Format, Formats, Settings};

/// How an IPC file begins; a stream begins with a message.
const FILE_MAGIC: &[u8] = b"ARROW1";

/// Apache Arrow's format for files and streams.
#[derive(Debug)]
pub struct ArrowIpc;

impl TableFormat for ArrowIpc {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["arrow", "arrows", "ipc", "feather"]
    }

    fn options(&self) -> &'static [OptionRule] {
        ARROW_OPTIONS
    }

    fn reader(&self, _: &Format, formats: &Formats) -> Result<Arc<dyn TableReader>> {
        Ok(Arc::new(ArrowReader {
            settings: Arc::clone(&formats.settings),
        }))
    }
}

#[derive(Clone, Debug)]
struct ArrowReader {
    settings: Arc<Settings>,
}

impl ArrowReader {
    async fn schema(&self, file: &TableFile) -> Result<Schema> {
        if is_file(file).await? {
            return Ok(footer(file).await?.schema.as_ref().clone());
        }
        let mut open = OpenStream::new(file, &self.settings).await?;
        while open.decoder.schema().is_none() {
            if matches!(open.step().await?, Step::End) {
                break;
            }
        }
        let schema = open.decoder.schema();
        schema
            .map(|schema| schema.as_ref().clone())
            .ok_or_else(|| broken(file, "it ends before its schema"))
    }
}

async fn is_file(file: &TableFile) -> Result<bool> {
    let beginning = range(file, 0..file.object.size.min(FILE_MAGIC.len() as u64)).await?;
    Ok(beginning == FILE_MAGIC)
}

#[async_trait]
impl TableReader for ArrowReader {
    async fn infer(&self, sample: &[TableFile]) -> Result<SchemaRef> {
        let schemas: Vec<Schema> = stream::iter(0..sample.len())
            .map(|index| self.schema(&sample[index]))
            .buffered(self.settings.footers_in_flight.max(1))
            .try_collect()
            .await?;
        let names: Vec<String> = sample.iter().map(TableFile::shown).collect();
        schema::merge(names.iter().map(String::as_str).zip(&schemas))
    }

    async fn look_at(&self, _: &[TableFile]) -> Result<()> {
        Ok(())
    }

    fn statistics(&self, _: &TableFile, _: &SchemaRef) -> Option<Statistics> {
        None
    }

    fn source(&self, scan: Scan<'_>) -> Result<Arc<dyn FileSource>> {
        Ok(Arc::new(RowSource::new(Arc::new(self.clone()), &scan)))
    }
}

#[async_trait]
impl RowReader for ArrowReader {
    fn name(&self) -> &'static str {
        "arrow"
    }

    async fn rows(&self, file: TableFile, wanted: Wanted) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let batches = if is_file(&file).await? {
            of_file(file.clone()).await?
        } else {
            of_stream(&file, &self.settings).await?
        };
        let rows = batches.map(move |batch| batch.and_then(|batch| fitted(&file, &batch, &wanted)));
        Ok(rows.boxed())
    }
}

async fn of_file(file: TableFile) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let footer = footer(&file).await?;
    let decoder = footer.decoder(&file).await?;
    let windows = stream::try_unfold(
        (file, footer, decoder, 0),
        |(file, footer, decoder, first)| async move {
            if first >= footer.batches.len() {
                return Ok(None);
            }
            let (count, window) = footer.window(first);
            let bytes = range(&file, window.clone()).await?;
            let batches = decoded(&file, &footer, &decoder, first..first + count, (window.start, bytes))?;
            Ok::<_, Error>(Some((batches, (file, footer, decoder, first + count))))
        },
    );
    Ok(windows
        .map_ok(|batches| stream::iter(batches.into_iter().map(Ok)))
        .try_flatten()
        .boxed())
}

/// The batches of the blocks at `places`, which lie in `bytes` from the file's byte `start` on.
fn decoded(
    file: &TableFile,
    footer: &Footer,
    decoder: &FileDecoder,
    places: std::ops::Range<usize>,
    (start, bytes): (u64, Bytes),
) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::with_capacity(places.len());
    for block in &footer.batches[places] {
        let range = block_range(block).unwrap_or_default();
        let within = usize::try_from(range.start - start)..usize::try_from(range.end - start);
        let (Ok(from), Ok(to)) = (within.start, within.end) else {
            return Err(broken(file, "one of its batches is too large"));
        };
        let buffer = Buffer::from(bytes.slice(from..to));
        let batch = decoder.read_record_batch(block, &buffer);
        batches.extend(batch.map_err(|error| undecodable(file, &error))?);
    }
    Ok(batches)
}

async fn of_stream(file: &TableFile, settings: &Settings) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let open = OpenStream::new(file, settings).await?;
    let batches = stream::try_unfold(open, |mut open| async move {
        loop {
            match open.step().await? {
                Step::End => return Ok(None),
                Step::Nothing => {}
                Step::Batch(batch) => return Ok(Some((batch, open))),
            }
        }
    });
    Ok(batches.boxed())
}

/// What came of decoding a piece of a stream.
enum Step {
    Batch(RecordBatch),
    /// More bytes are needed.
    Nothing,
    End,
}

/// A stream that is being decoded.
struct OpenStream {
    bytes: TextStream,
    pending: Buffer,
    decoder: StreamDecoder,
}

impl OpenStream {
    async fn new(file: &TableFile, settings: &Settings) -> Result<Self> {
        Ok(Self {
            bytes: TextStream::open(file.clone(), Compression::None, settings).await?,
            pending: Buffer::from(Vec::<u8>::new()),
            decoder: StreamDecoder::new(),
        })
    }

    /// Decodes what is at hand, or else reads more.
    async fn step(&mut self) -> Result<Step> {
        if self.pending.is_empty() {
            match self.bytes.next().await? {
                Some(bytes) => self.pending = Buffer::from(bytes),
                None => return self.check_end().map(|()| Step::End),
            }
        }
        let batch = self.decoder.decode(&mut self.pending);
        let batch = batch.map_err(|error| undecodable(self.bytes.file(), &error))?;
        Ok(batch.map_or(Step::Nothing, Step::Batch))
    }

    /// The decoder does not say whether it has met the mark of the end, but it takes no byte behind it.
    fn check_end(&mut self) -> Result<()> {
        match self.decoder.decode(&mut Buffer::from(vec![0_u8])) {
            Err(_) => Ok(()),
            Ok(_) => Err(broken(self.bytes.file(), "it ends without the mark of its end")),
        }
    }
}

/// The wanted columns of a batch, in the table's types.
fn fitted(file: &TableFile, batch: &RecordBatch, wanted: &Wanted) -> Result<RecordBatch> {
    if wanted.origin != Origin::AllFiles {
        schema::check_fits(&file.shown(), &batch.schema(), &wanted.table, wanted.origin)?;
    }
    let column = |field: &arrow::datatypes::FieldRef| -> Result<ArrayRef> {
        let Found::One(index) = find(&batch.schema(), field.name()) else {
            return Ok(new_null_array(field.data_type(), batch.num_rows()));
        };
        let cast = exact_cast(batch.column(index), field).map_err(|error| {
            let message = format!(
                "column \"{}\" of \"{}\" cannot be read: {error}",
                field.name(),
                file.shown()
            );
            Error::new(ErrorCode::BadData, message)
        })?;
        if !field.is_nullable() && cast.null_count() > 0 {
            let message = format!(
                "column \"{}\" of \"{}\" holds NULL, and is declared NOT NULL",
                field.name(),
                file.shown()
            );
            return Err(Error::new(ErrorCode::BadData, message));
        }
        Ok(cast)
    };
    let columns = wanted.schema.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(&wanted.schema), columns, &options)
        .map_err(|error| broken(file, &error.to_string()))
}
