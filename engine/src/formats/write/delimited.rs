//! CSV and TSV: a line a row, NULL told from empty text.

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
        let data_type = each_leaf(data_type, &common_leaf)?;
        match data_type {
            DataType::Time32(_) | DataType::Time64(_) | DataType::Float16 | DataType::Decimal256(..) => Err(
                Unstorable("no text is read back as this type: turn it into text, or into another type"),
            ),
            other => Ok(other),
        }
    }

    fn begin(&self, format: &Format, columns: &SchemaRef, _: &WriteSettings) -> Result<Box<dyn Encoder>> {
        let dialect = Dialect::of(format, self.delimiter)?;
        let mut names = Vec::new();
        for (index, field) in columns.fields().iter().enumerate() {
            dialect
                .push(&mut names, index, Some(field.name()))
                .map_err(|why| unwritable(field.name(), why))?;
        }
        names.push(b'\n');
        let mut stream = TextStream::new(Compression::of(format)?)?;
        for _ in 0..dialect.first_lines {
            stream.write(&names)?;
        }
        Ok(Box::new(DelimitedEncoder { dialect, stream }))
    }
}

/// How fields are told apart.
#[derive(Debug)]
struct Dialect {
    delimiter: u8,
    quote: Option<u8>,
    /// What stands before a quote in a field; if nothing does, the quote is doubled.
    escape: Option<u8>,
    /// A line that begins with it is passed over by readers.
    comment: Option<u8>,
    null: String,
    /// How many lines of names come before the rows: those that readers pass over whatever they hold, then the header.
    first_lines: usize,
}

impl Dialect {
    fn of(format: &Format, delimiter: u8) -> Result<Self> {
        let byte = |option: &str| format.option(option).bytes().next();
        let skipped = match format.option("skip") {
            "" => 0,
            lines => lines.parse().map_err(|_| {
                let message = format!("\"{lines}\" is not a number of lines to pass over");
                Error::new(ErrorCode::InvalidValue, message)
            })?,
        };
        Ok(Self {
            delimiter: byte("delimiter").unwrap_or(delimiter),
            quote: byte("quote"),
            escape: byte("escape"),
            comment: byte("comment"),
            null: format.option("null").to_owned(),
            first_lines: skipped + usize::from(format.option("header") != "false"),
        })
    }

    /// Adds the field at `index` to a line; `None` is NULL. Fails with the reason why it cannot be written.
    fn push(&self, line: &mut Vec<u8>, index: usize, value: Option<&str>) -> Result<(), &'static str> {
        if index > 0 {
            line.push(self.delimiter);
        }
        let Some(value) = value else {
            line.extend_from_slice(self.null.as_bytes());
            return Ok(());
        };
        let quote = match self.quote {
            Some(quote) if self.is_special(value) || is_padded(value) => quote,
            None if self.is_special(value) => {
                return Err("it would be read back as another value, since the format has no quotes");
            }
            _ => {
                line.extend_from_slice(value.as_bytes());
                return Ok(());
            }
        };
        line.push(quote);
        for byte in value.bytes() {
            if byte == quote || Some(byte) == self.escape {
                line.push(self.escape.unwrap_or(quote));
            }
            line.push(byte);
        }
        line.push(quote);
        Ok(())
    }

    /// Whether readers would take the bare text for something else.
    fn is_special(&self, value: &str) -> bool {
        let special = |byte: u8| {
            [self.delimiter, b'\n', b'\r'].contains(&byte)
                || [self.quote, self.escape, self.comment].contains(&Some(byte))
        };
        value == self.null || value.bytes().any(special)
    }
}

/// Whether a text is empty, or has spaces at its ends, which some readers cut.
fn is_padded(value: &str) -> bool {
    value.is_empty() || value.trim_ascii().len() < value.len()
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
            let texts = texts.map_err(|cause| match cause {
                ArrowError::InvalidArgumentError(why) => unwritable(field.name(), &why),
                other => broken("text", other),
            })?;
            Ok((texts, column.logical_nulls()))
        });
        let columns = texts.collect::<Result<Vec<_>>>()?;
        let mut lines = Vec::with_capacity(batch.num_rows() * columns.len() * 8);
        for row in 0..batch.num_rows() {
            for (index, (texts, nulls)) in columns.iter().enumerate() {
                let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
                let value = (!is_null).then(|| texts.value(row));
                self.dialect
                    .push(&mut lines, index, value)
                    .map_err(|why| unwritable(schema.field(index).name(), why))?;
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

    fn finish(&mut self) -> Result<()> {
        self.stream.finish()
    }
}

fn unwritable(column: &str, why: &str) -> Error {
    let message = format!("a value of column \"{column}\" cannot be written: {why}");
    Error::new(ErrorCode::InvalidValue, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn dialect(options: &[(&str, &str)]) -> Dialect {
        let options: BTreeMap<_, _> = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Dialect::of(&Format::new("csv", options).unwrap(), b',').unwrap()
    }

    #[track_caller]
    fn check(dialect: &Dialect, value: Option<&str>, wanted: &str) {
        let mut line = Vec::new();
        dialect.push(&mut line, 0, value).unwrap();
        assert_eq!(String::from_utf8(line).unwrap(), wanted, "{value:?}");
    }

    #[test]
    fn null_and_empty_text_differ_and_what_is_special_stands_in_quotes() {
        let plain = dialect(&[]);
        check(&plain, None, "");
        check(&plain, Some(""), "\"\"");
        check(&plain, Some("plain ü"), "plain ü");
        check(&plain, Some("a,b"), "\"a,b\"");
        check(&plain, Some("say \"x\""), "\"say \"\"x\"\"\"");
        check(&plain, Some("two\nlines"), "\"two\nlines\"");
        check(&plain, Some(" x"), "\" x\"");
    }

    #[test]
    fn the_options_of_the_table_decide() {
        let escaping = dialect(&[("escape", "\\"), ("null", "\\N"), ("delimiter", ";")]);
        check(&escaping, None, "\\N");
        check(&escaping, Some("\\N"), "\"\\\\N\"");
        check(&escaping, Some("a\"b"), "\"a\\\"b\"");
        check(&escaping, Some("a,b"), "a,b");
        let comments = dialect(&[("comment", "#")]);
        check(&comments, Some("#1"), "\"#1\"");
        assert_eq!(dialect(&[]).first_lines, 1);
        assert_eq!(dialect(&[("header", "false")]).first_lines, 0);
        assert_eq!(dialect(&[("header", "false"), ("skip", "1")]).first_lines, 1);
    }

    #[test]
    fn what_would_be_another_value_without_quotes_is_refused() {
        let bare = dialect(&[("quote", "")]);
        check(&bare, Some("plain"), "plain");
        check(&dialect(&[("quote", ""), ("null", "\\N")]), Some(""), "");
        for value in ["", "a,b", "a\nb"] {
            assert!(bare.push(&mut Vec::new(), 0, Some(value)).is_err(), "{value}");
        }
    }
}
