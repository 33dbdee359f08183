//! CSV and TSV as formats: their schema from their first records, their records as batches.

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use bytes::{Buf, Bytes};
use datafusion::common::Statistics;
use datafusion::datasource::physical_plan::FileSource;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use super::dialect::{CSV_OPTIONS, Dialect, Header, TSV_OPTIONS};
use super::header::{Layout, layout, looks_like_names, names, numbered};
use super::records::{Fault, FieldText, Malformed, Records, Splitter};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::files::rows::{RowReader, RowSource, Wanted};
use crate::formats::files::text::{self, Evidence, Reading, TextStream, compression_of};
use crate::formats::files::{OptionRule, Origin, Scan, TableFile, TableFormat, TableReader};
use crate::formats::{Format, Formats, Settings, schema};

/// Comma-separated values (RFC 4180), and whatever its options make of them.
#[derive(Debug)]
pub struct Csv;

/// Tab-separated values.
#[derive(Debug)]
pub struct Tsv;

impl TableFormat for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["csv"]
    }

    fn options(&self) -> &'static [OptionRule] {
        CSV_OPTIONS
    }

    fn reader(&self, format: &Format, formats: &Formats) -> Result<Arc<dyn TableReader>> {
        Ok(Arc::new(CsvReader::new("csv", format, &formats.settings)))
    }
}

impl TableFormat for Tsv {
    fn name(&self) -> &'static str {
        "tsv"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["tsv", "tab"]
    }

    fn options(&self) -> &'static [OptionRule] {
        TSV_OPTIONS
    }

    fn reader(&self, format: &Format, formats: &Formats) -> Result<Arc<dyn TableReader>> {
        Ok(Arc::new(CsvReader::new("tsv", format, &formats.settings)))
    }
}

#[derive(Clone, Debug)]
struct CsvReader {
    name: &'static str,
    dialect: Dialect,
    compression: String,
    settings: Arc<Settings>,
}

/// What the beginning of a file shows.
#[derive(Debug)]
struct Head {
    file: String,
    is_header: bool,
    names: Vec<String>,
    evidence: Vec<Evidence>,
}

impl CsvReader {
    fn new(name: &'static str, format: &Format, settings: &Arc<Settings>) -> Self {
        Self {
            name,
            dialect: Dialect::of(format),
            compression: format.option("compression").to_owned(),
            settings: Arc::clone(settings),
        }
    }

    async fn open(&self, file: &TableFile) -> Result<OpenFile> {
        let compression = compression_of(&self.compression, file.object.location.filename().unwrap_or_default());
        Ok(OpenFile {
            stream: TextStream::open(file.clone(), compression, &self.settings).await?,
            pending: Bytes::new(),
            splitter: Splitter::new(self.dialect.clone(), self.settings.record_limit_bytes),
            ended: false,
        })
    }

    /// What the first records of `file` show; nothing for a file without records.
    async fn head(&self, file: &TableFile, (most_records, most_bytes): (usize, usize)) -> Result<Option<Head>> {
        let mut open = self.open(file).await?;
        let Some((first_names, first)) = open.first().await? else {
            return Ok(None);
        };
        self.refuse_too_many_columns(file, first.len())?;
        let mut rest = vec![Evidence::default(); first.len()];
        let (mut records, mut bytes) = (0, 0);
        while records < most_records && bytes < most_bytes {
            open.splitter.clear();
            let more = open.fill(1_024.min(most_records - records)).await?;
            let found = open.splitter.records();
            open.check_widths(first.len())?;
            for row in 0..found.len() {
                for (column, evidence) in rest.iter_mut().enumerate() {
                    let field = found.field(row * first.len() + column).text();
                    bytes += field.len() + 1;
                    *evidence = evidence.and(Evidence::of(field));
                }
            }
            records += found.len();
            if !more {
                break;
            }
        }
        let is_header = match self.dialect.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => looks_like_names(&first, &rest),
        };
        Ok(Some(if is_header {
            Head {
                file: file.shown(),
                is_header,
                names: first_names,
                evidence: rest,
            }
        } else {
            Head {
                file: file.shown(),
                is_header,
                names: numbered(first.len()),
                evidence: first
                    .into_iter()
                    .zip(rest)
                    .map(|(first, rest)| first.and(rest))
                    .collect(),
            }
        }))
    }

    fn refuse_too_many_columns(&self, file: &TableFile, count: usize) -> Result<()> {
        if count <= self.settings.inference_columns {
            return Ok(());
        }
        let message = format!(
            "\"{}\" has {count} columns, more than {}; is the delimiter right? If so, raise formats.inference_columns",
            file.shown(),
            self.settings.inference_columns
        );
        Err(Error::new(ErrorCode::BadData, message))
    }
}

#[async_trait]
impl TableReader for CsvReader {
    async fn infer(&self, sample: &[TableFile]) -> Result<SchemaRef> {
        let share = self.settings.inference_share(sample.len());
        let heads: Vec<Option<Head>> = stream::iter(0..sample.len())
            .map(|index| self.head(&sample[index], share))
            .buffered(self.settings.footers_in_flight.max(1))
            .try_collect()
            .await?;
        let heads: Vec<Head> = heads.into_iter().flatten().collect();
        let Some(first) = heads.first() else {
            let file = sample.first().map(TableFile::shown).unwrap_or_default();
            let message = format!("\"{file}\" has no record, so that its columns cannot be found; declare them");
            return Err(Error::new(ErrorCode::BadData, message));
        };
        if let Some(other) = heads.iter().find(|head| head.is_header != first.is_header) {
            let (with, without) = if first.is_header {
                (first, other)
            } else {
                (other, first)
            };
            let message = format!(
                "\"{}\" begins with the names of its columns, \"{}\" does not; create a table over them that declares the columns",
                with.file, without.file
            );
            return Err(Error::new(ErrorCode::BadData, message));
        }
        merged(&heads)
    }

    async fn look_at(&self, _: &[TableFile]) -> Result<()> {
        Ok(())
    }

    fn statistics(&self, _: &TableFile, _: &SchemaRef) -> Option<Statistics> {
        None
    }

    fn source(&self, scan: Scan<'_>) -> Result<Arc<dyn FileSource>> {
        for field in scan.columns.file_schema().fields() {
            if !text::supports(field.data_type()) {
                let message = format!(
                    "column \"{}\" cannot be read from {} as {}; declare it as VARCHAR",
                    field.name(),
                    self.name,
                    field.data_type()
                );
                return Err(Error::new(ErrorCode::NotSupported, message));
            }
        }
        Ok(Arc::new(RowSource::new(Arc::new(self.clone()), &scan)))
    }
}

/// The schema of all files: a column has the type that its texts in all of them allow.
fn merged(heads: &[Head]) -> Result<SchemaRef> {
    let mut evidence: HashMap<String, Evidence> = HashMap::new();
    for head in heads {
        for (name, own) in head.names.iter().zip(&head.evidence) {
            let known = evidence.entry(name.to_lowercase()).or_default();
            *known = known.and(*own);
        }
    }
    let schemas: Vec<Schema> = heads
        .iter()
        .map(|head| {
            let field = |name: &String| {
                let data_type = evidence
                    .get(&name.to_lowercase())
                    .copied()
                    .unwrap_or_default()
                    .data_type();
                Field::new(name, data_type, true)
            };
            Schema::new(head.names.iter().map(field).collect::<Vec<_>>())
        })
        .collect();
    let names: Vec<&str> = heads.iter().map(|head| head.file.as_str()).collect();
    schema::merge(names.iter().copied().zip(&schemas))
}

#[async_trait]
impl RowReader for CsvReader {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn rows(&self, file: TableFile, wanted: Wanted) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let mut open = self.open(&file).await?;
        let Some(_) = open.first().await? else {
            return Ok(stream::empty().boxed());
        };
        let first = open.splitter.records();
        let layout = layout(&file.shown(), first, &wanted.table, wanted.origin, self.dialect.header)?;
        if layout.is_header {
            open.splitter.clear();
        }
        Ok(
            stream::try_unfold((open, layout, wanted), |(mut open, layout, wanted)| async move {
                open.fill(wanted.batch_rows).await?;
                if open.splitter.records().len() == 0 {
                    return Ok(None);
                }
                let batch = open.batch(&layout, &wanted)?;
                open.splitter.clear();
                Ok(Some((batch, (open, layout, wanted))))
            })
            .boxed(),
        )
    }
}

/// A file that is being split.
#[derive(Debug)]
struct OpenFile {
    stream: TextStream,
    pending: Bytes,
    splitter: Splitter,
    ended: bool,
}

impl OpenFile {
    /// Reads the first record, which stays in the splitter: its fields as names, and what they show as values.
    async fn first(&mut self) -> Result<Option<(Vec<String>, Vec<Evidence>)>> {
        self.fill(1).await?;
        let first = self.splitter.records();
        if first.len() == 0 {
            return Ok(None);
        }
        let width = first.width();
        let shown = (0..width).map(|index| Evidence::of(first.field(index).text()));
        let found = (names(first), shown.collect());
        self.splitter.blank_is_record = width == 1;
        Ok(Some(found))
    }

    /// Splits until there are `rows` records or the file ends; whether there may be more.
    async fn fill(&mut self, rows: usize) -> Result<bool> {
        while !self.splitter.is_full(rows) && !self.ended {
            if self.pending.is_empty() {
                if let Some(chunk) = self.stream.next().await? {
                    self.pending = chunk;
                } else {
                    self.ended = true;
                    let finished = self.splitter.finish();
                    finished.map_err(|malformed| self.malformed(&malformed))?;
                }
            }
            let taken = self.splitter.split(&self.pending, rows);
            let taken = taken.map_err(|malformed| self.malformed(&malformed))?;
            self.pending.advance(taken);
        }
        Ok(!self.ended)
    }

    fn check_widths(&self, width: usize) -> Result<()> {
        let records = self.splitter.records();
        let Some((row, own)) = records.other_width(width) else {
            return Ok(());
        };
        Err(self.bad(
            records.line(row),
            &format!("has {own} fields and the first record {width}; is it quoted as its format demands?"),
        ))
    }

    /// The records in the splitter as a batch.
    fn batch(&self, layout: &Layout, wanted: &Wanted) -> Result<RecordBatch> {
        self.check_widths(layout.width)?;
        let records = self.splitter.records();
        let columns = wanted
            .columns
            .iter()
            .zip(wanted.schema.fields())
            .map(|(index, field)| match layout.fields[*index] {
                None => Ok(new_null_array(field.data_type(), records.len())),
                Some(place) => self.column(records, layout.width, place, field, wanted.origin),
            })
            .collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        RecordBatch::try_new_with_options(Arc::clone(&wanted.schema), columns, &options).map_err(|error| {
            let message = format!("the records of \"{}\" are no batch", self.stream.file().shown());
            Error::new(ErrorCode::Internal, message).caused_by(error)
        })
    }

    fn column(&self, records: &Records, width: usize, place: usize, field: &Field, origin: Origin) -> Result<ArrayRef> {
        let no_text: Cell<Option<usize>> = Cell::new(None);
        let cells = (0..records.len()).map(|row| match records.field(row * width + place) {
            FieldText::Text(text) => Some(text),
            FieldText::Null => None,
            FieldText::NotUtf8 => {
                no_text.set(no_text.get().or(Some(row)));
                None
            }
        });
        let reading = match origin {
            Origin::Declared => Reading::Declared,
            Origin::AllFiles | Origin::SomeFiles => Reading::Inferred,
        };
        let column = text::build(field.data_type(), reading, cells).map_err(|wrong| {
            let why = text::not_of_type(&wrong.text, field, reading);
            self.bad(records.line(wrong.row), &why)
        })?;
        if let Some(row) = no_text.get() {
            let why = format!("has bytes in column \"{}\" that are not UTF-8", field.name());
            return Err(self.bad(records.line(row), &why));
        }
        if !field.is_nullable()
            && let Some(row) = (0..column.len()).find(|row| column.is_null(*row))
        {
            let why = format!(
                "has no value in column \"{}\", which is declared NOT NULL",
                field.name()
            );
            return Err(self.bad(records.line(row), &why));
        }
        Ok(column)
    }

    fn malformed(&self, malformed: &Malformed) -> Error {
        let limit = "is longer than formats.record_limit_bytes; is the quote right?";
        let why = match malformed.why {
            Fault::OpenQuote => "begins a quoted value that has no end",
            Fault::BehindQuote => "has something other than a delimiter behind the end of a quoted value",
            Fault::TooLong => limit,
        };
        self.bad(malformed.line, why)
    }

    fn bad(&self, line: u64, why: &str) -> Error {
        let message = format!("\"{}\", line {line}: the record {why}", self.stream.file().shown());
        Error::new(ErrorCode::BadData, message)
    }
}
