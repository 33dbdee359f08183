//! CSV and TSV.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;

use super::WriteSettings;
use super::compressed::{Compression, TextStream};
use super::encoding::{Encoder, Encoding, Unstorable, broken};
use super::stored::{common_leaf, each_leaf, is_nested};
use super::text::{Texts, formats};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::Format;

/// Text in lines and fields.
///
/// Source: RFC 4180. A field in quotes is text, whatever is in it; one without is NULL if it reads as the format's text for
/// NULL, which is nothing at all by default. So an empty text is `""`, as `PostgreSQL` and `DuckDB` have it.
#[derive(Debug)]
pub(super) struct Delimited {
    name: &'static str,
    delimiter: u8,
}

/// Fields between commas.
pub(super) const CSV: Delimited = Delimited {
    name: "csv",
    delimiter: b',',
};

/// Fields between tabs.
pub(super) const TSV: Delimited = Delimited {
    name: "tsv",
    delimiter: b'\t',
};

impl Encoding for Delimited {
    fn name(&self) -> &'static str {
        self.name
    }

    fn ending(&self, format: &Format) -> Result<String> {
        Ok(Compression::of(format)?.ending(self.name))
    }

    fn stored(&self, data_type: &DataType) -> Result<DataType, Unstorable> {
        if is_nested(data_type) {
            return Err(Unstorable(
                "a field is one value: take it apart, or write JSON or Parquet",
            ));
        }
        if data_type.is_binary() {
            return Err(Unstorable(
                "a field is text: turn the bytes into text, with encode(…, 'base64') say",
            ));
        }
        each_leaf(data_type, &common_leaf)
    }

    fn begin(&self, format: &Format, columns: &SchemaRef, _: &WriteSettings) -> Result<Box<dyn Encoder>> {
        let dialect = Dialect::of(format, self.delimiter)?;
        let mut stream = TextStream::new(Compression::of(format)?)?;
        if format.option("header") != "false" {
            let mut header = Vec::new();
            for (index, field) in columns.fields().iter().enumerate() {
                dialect.push(&mut header, index, Some(field.name()));
            }
            header.push(b'\n');
            stream.write(&header)?;
        }
        Ok(Box::new(DelimitedEncoder { dialect, stream }))
    }
}

/// How fields are told apart.
#[derive(Debug)]
struct Dialect {
    delimiter: u8,
    quote: u8,
    /// What stands before a quote in a field; the quote itself, if it is doubled.
    escape: u8,
    null: String,
}

impl Dialect {
    fn of(format: &Format, delimiter: u8) -> Result<Self> {
        let byte = |option: &str, default: u8| match format.option(option).as_bytes() {
            [] => Ok(default),
            [byte] => Ok(*byte),
            _ => {
                let message = format!("{} is written with a {option} of one character alone", format.name());
                Err(Error::new(ErrorCode::InvalidValue, message))
            }
        };
        let quote = byte("quote", b'"')?;
        Ok(Self {
            delimiter: byte("delimiter", delimiter)?,
            quote,
            escape: byte("escape", quote)?,
            null: format.option("null").to_owned(),
        })
    }

    /// Adds the field at `index` to a line; `None` is NULL.
    fn push(&self, line: &mut Vec<u8>, index: usize, value: Option<&str>) {
        if index > 0 {
            line.push(self.delimiter);
        }
        let Some(value) = value else {
            line.extend_from_slice(self.null.as_bytes());
            return;
        };
        if !self.needs_quotes(value) {
            line.extend_from_slice(value.as_bytes());
            return;
        }
        line.push(self.quote);
        for byte in value.bytes() {
            if byte == self.quote || byte == self.escape {
                line.push(self.escape);
            }
            line.push(byte);
        }
        line.push(self.quote);
    }

    /// Spaces at the ends are quoted too: some readers cut them.
    fn needs_quotes(&self, value: &str) -> bool {
        let special = |byte: u8| [self.delimiter, self.quote, self.escape, b'\n', b'\r'].contains(&byte);
        value.is_empty() || value == self.null || value.trim().len() < value.len() || value.bytes().any(special)
    }
}

struct DelimitedEncoder {
    dialect: Dialect,
    stream: TextStream,
}

impl Encoder for DelimitedEncoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let schema = batch.schema();
        let texts = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
            let texts = Texts::of(column.as_ref(), &formats());
            let texts = texts.map_err(|cause| unwritable(field.name(), cause))?;
            Ok((texts, column.logical_nulls()))
        });
        let columns = texts.collect::<Result<Vec<_>>>()?;
        let mut lines = Vec::with_capacity(batch.num_rows() * columns.len() * 8);
        for row in 0..batch.num_rows() {
            for (index, (texts, nulls)) in columns.iter().enumerate() {
                let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                self.dialect
                    .push(&mut lines, index, (!is_null).then(|| texts.value(row)));
            }
            lines.push(b'\n');
        }
        self.stream.write(&lines)
    }

    fn take(&mut self) -> Vec<u8> {
        self.stream.take()
    }

    fn held_bytes(&self) -> usize {
        self.stream.held_bytes()
    }

    fn coming_bytes(&self) -> usize {
        0
    }

    fn end_group(&mut self) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.stream.finish()
    }
}

fn unwritable(column: &str, cause: ArrowError) -> Error {
    match cause {
        ArrowError::InvalidArgumentError(why) => {
            Error::new(ErrorCode::InvalidValue, format!("column \"{column}\": {why}"))
        }
        other => broken("text", other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Option<&str>, wanted: &str) {
        let dialect = Dialect {
            delimiter: b',',
            quote: b'"',
            escape: b'"',
            null: String::new(),
        };
        let mut line = Vec::new();
        dialect.push(&mut line, 0, value);
        assert_eq!(String::from_utf8(line).unwrap(), wanted, "{value:?}");
    }

    #[test]
    fn null_and_empty_text_differ_and_what_is_special_stands_in_quotes() {
        check(None, "");
        check(Some(""), "\"\"");
        check(Some("plain ü"), "plain ü");
        check(Some("a,b"), "\"a,b\"");
        check(Some("say \"x\""), "\"say \"\"x\"\"\"");
        check(Some("two\nlines"), "\"two\nlines\"");
        check(Some(" x"), "\" x\"");
    }
}
