//! JSON as a format: its schema from its first records, its records as batches.

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use bytes::{Buf, Bytes};
use datafusion::common::Statistics;
use datafusion::datasource::physical_plan::FileSource;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;

use super::infer::{Clash, Seen};
use super::members::Value;
use super::rows::columns;
use super::splitter::{Malformed, Shape, Splitter};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::files::rows::{RowReader, RowSource, Wanted};
use crate::formats::files::text::{self, COMPRESSION, TextStream, compression_of};
use crate::formats::files::{OptionRule, Scan, TableFile, TableFormat, TableReader};
use crate::formats::{Format, Formats, Settings, schema};

/// JSON: objects behind one another (one a line, mostly), or one array of them.
#[derive(Debug)]
pub struct Json;

const OPTIONS: &[OptionRule] = &[
    OptionRule {
        name: "shape",
        aliases: &["format", "json_shape"],
        default: "auto",
        check: |value| match value.to_ascii_lowercase().as_str() {
            "auto" => Ok("auto".to_owned()),
            "lines" | "newline_delimited" | "nd" => Ok("lines".to_owned()),
            "array" => Ok("array".to_owned()),
            _ => Err("it is auto (by the first byte), lines or array"),
        },
    },
    OptionRule {
        name: "newline_delimited",
        aliases: &[],
        default: "",
        check: |value| match value.to_ascii_lowercase().as_str() {
            "true" => Ok("true".to_owned()),
            "false" => Ok("false".to_owned()),
            "" => Ok(String::new()),
            _ => Err("it is true or false"),
        },
    },
    COMPRESSION,
];

impl TableFormat for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["json", "jsonl", "ndjson"]
    }

    fn options(&self) -> &'static [OptionRule] {
        OPTIONS
    }

    fn reader(&self, format: &Format, formats: &Formats) -> Result<Arc<dyn TableReader>> {
        let shape = match (format.option("shape"), format.option("newline_delimited")) {
            ("lines", _) | ("auto", "true") => Shape::Lines,
            ("array", _) | ("auto", "false") => Shape::Array,
            _ => Shape::Auto,
        };
        Ok(Arc::new(JsonReader {
            shape,
            compression: format.option("compression").to_owned(),
            settings: Arc::clone(&formats.settings),
        }))
    }
}

#[derive(Clone, Debug)]
struct JsonReader {
    shape: Shape,
    compression: String,
    settings: Arc<Settings>,
}

impl JsonReader {
    async fn open(&self, file: &TableFile) -> Result<OpenFile> {
        let compression = compression_of(&self.compression, file.object.location.filename().unwrap_or_default());
        Ok(OpenFile {
            stream: TextStream::open(file.clone(), compression, &self.settings).await?,
            pending: Bytes::new(),
            splitter: Splitter::new(self.shape, self.settings.record_limit_bytes),
            ended: false,
        })
    }

    /// What the first records of `file` show.
    async fn head(&self, file: &TableFile, (most_records, most_bytes): (usize, usize)) -> Result<Seen> {
        let mut open = self.open(file).await?;
        let mut seen = Seen::default();
        let (mut records, mut bytes) = (0, 0);
        while records < most_records && bytes < most_bytes {
            open.splitter.clear();
            let more = open.fill(1_024.min(most_records - records)).await?;
            for (record, line) in open.splitter.records() {
                let value = std::str::from_utf8(record).ok().and_then(Value::read);
                let added = value.and_then(|value| seen.add(value));
                added.ok_or_else(|| open.bad(line, "is not JSON"))?;
                bytes += record.len();
            }
            records += open.splitter.len();
            if seen.members().len() > self.settings.inference_columns {
                let why = "and those behind it have more members than formats.inference_columns; declare them as a map";
                return Err(open.bad(1, why));
            }
            if !more {
                break;
            }
        }
        Ok(seen.folded())
    }
}

/// The schema of all files: a column has the type that its values in all of them allow.
fn merged(files: &[String], heads: &[Seen]) -> Result<SchemaRef> {
    let mut all = Seen::default();
    for (file, head) in files.iter().zip(heads) {
        all = all.and(head.clone());
        for (name, seen) in all.members() {
            seen.data_type(name).map_err(|clash| clashing(file, &clash))?;
        }
    }
    let schemas = heads.iter().map(|head| {
        let fields = head.members().iter().map(|(name, own)| {
            let data_type = all.member(name).unwrap_or(own).data_type(name);
            Field::new(name, data_type.unwrap_or(DataType::Utf8View), true)
        });
        Schema::new(fields.collect::<Vec<_>>())
    });
    let schemas: Vec<Schema> = schemas.collect();
    let merged = schema::merge(files.iter().map(String::as_str).zip(&schemas))?;
    if merged.fields().is_empty() {
        let file = files.first().map_or("", String::as_str);
        let message =
            format!("\"{file}\" has no record with a member, so that its columns cannot be found; declare them");
        return Err(Error::new(ErrorCode::BadData, message));
    }
    Ok(merged)
}

fn clashing(file: &str, clash: &Clash) -> Error {
    let message = format!(
        "column \"{}\" of \"{file}\" is {} in one record and {} in another, of that file or one before it; create a table over \
         the files that declares it as VARCHAR",
        clash.path, clash.one, clash.other
    );
    Error::new(ErrorCode::BadData, message)
}

#[async_trait]
impl TableReader for JsonReader {
    async fn infer(&self, sample: &[TableFile]) -> Result<SchemaRef> {
        let share = self.settings.inference_share(sample.len());
        let heads: Vec<Seen> = stream::iter(0..sample.len())
            .map(|index| self.head(&sample[index], share))
            .buffered(self.settings.footers_in_flight.max(1))
            .try_collect()
            .await?;
        let names: Vec<String> = sample.iter().map(TableFile::shown).collect();
        merged(&names, &heads)
    }

    async fn look_at(&self, _: &[TableFile]) -> Result<()> {
        Ok(())
    }

    fn statistics(&self, _: &TableFile, _: &SchemaRef) -> Option<Statistics> {
        None
    }

    fn source(&self, scan: Scan<'_>) -> Result<Arc<dyn FileSource>> {
        for field in scan.columns.file_schema().fields() {
            if !supports(field.data_type()) {
                let message = format!(
                    "column \"{}\" cannot be read from json as {}; declare it as VARCHAR",
                    field.name(),
                    field.data_type()
                );
                return Err(Error::new(ErrorCode::NotSupported, message));
            }
        }
        Ok(Arc::new(RowSource::new(Arc::new(self.clone()), &scan)))
    }
}

fn supports(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) => supports(item.data_type()),
        DataType::Struct(fields) => !fields.is_empty() && fields.iter().all(|field| supports(field.data_type())),
        DataType::Map(entries, _) => supports(entries.data_type()),
        other => text::supports(other),
    }
}

#[async_trait]
impl RowReader for JsonReader {
    fn name(&self) -> &'static str {
        "json"
    }

    async fn rows(&self, file: TableFile, wanted: Wanted) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let open = self.open(&file).await?;
        Ok(stream::try_unfold((open, wanted), |(mut open, wanted)| async move {
            open.fill(wanted.batch_rows).await?;
            if open.splitter.len() == 0 {
                return Ok(None);
            }
            let batch = open.batch(&wanted)?;
            open.splitter.clear();
            Ok(Some((batch, (open, wanted))))
        })
        .boxed())
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

    /// The records in the splitter as a batch.
    fn batch(&self, wanted: &Wanted) -> Result<RecordBatch> {
        let mut records = Vec::with_capacity(self.splitter.len());
        let mut lines = Vec::with_capacity(self.splitter.len());
        for (record, line) in self.splitter.records() {
            records.push(std::str::from_utf8(record).map_err(|_| self.bad(line, "is not UTF-8"))?);
            lines.push(line);
        }
        let built = columns(&records, &wanted.table, &wanted.columns, wanted.origin)
            .map_err(|wrong| self.bad(lines[wrong.record], &wrong.why))?;
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        RecordBatch::try_new_with_options(Arc::clone(&wanted.schema), built, &options).map_err(|error| {
            let message = format!("the records of \"{}\" are no batch", self.stream.file().shown());
            Error::new(ErrorCode::Internal, message).caused_by(error)
        })
    }

    fn malformed(&self, malformed: &Malformed) -> Error {
        self.bad(malformed.line, malformed.why)
    }

    fn bad(&self, line: u64, why: &str) -> Error {
        let message = format!("\"{}\", line {line}: the record {why}", self.stream.file().shown());
        Error::new(ErrorCode::BadData, message)
    }
}
