//! Rows by partition, and the directories of partitions as Hive names them.
//!
//! Source: Hive's `FileUtils.makePartName` and `charToEscape`.

use arrow::array::{Array, RecordBatch, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::take_record_batch;
use arrow::datatypes::{Field, Schema};
use std::collections::HashMap;
use std::fmt::Write;

use super::stored::is_nested;
use super::text::{Texts, formats};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::hive::HIVE_NULL;

/// The value of each partition column, as text; `None` is NULL.
pub(super) type Values = Vec<Option<String>>;

/// The partition columns of a table: the last of its columns.
#[derive(Debug)]
pub(super) struct Partitions {
    names: Vec<String>,
    /// How many columns stand before them.
    first: usize,
}

impl Partitions {
    /// The columns `names`, which must be the last of `columns`.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` for a column whose values or name cannot stand in a path; `INTERNAL` if they are not the last.
    pub(super) fn new(columns: &Schema, names: &[String]) -> Result<Self> {
        let first = columns.fields().len().saturating_sub(names.len());
        let last = columns.fields().iter().skip(first).map(|field| field.name());
        if !last.eq(names) {
            let message = "the partition columns are not the last columns of what is to be written";
            return Err(Error::new(ErrorCode::Internal, message));
        }
        columns.fields()[first..].iter().try_for_each(|field| check(field))?;
        if first == 0 {
            let message = "every column is a partition column, so that nothing is left to write: leave one out";
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
        Ok(Self {
            names: names.to_vec(),
            first,
        })
    }

    /// The columns that stand in the files.
    pub(super) fn file_columns(&self, columns: &Schema) -> Schema {
        Schema::new(columns.fields()[..self.first].to_vec())
    }

    /// The rows of `batch` by the values of their partition columns, each part in the order of the batch. The partition columns are
    /// still there.
    ///
    /// # Errors
    /// `INVALID_VALUE` for a value that cannot stand in a path.
    pub(super) fn split(&self, batch: &RecordBatch) -> Result<Vec<(Values, RecordBatch)>> {
        if self.names.is_empty() {
            return Ok(vec![(Vec::new(), batch.clone())]);
        }
        let columns = self.names.iter().zip(&batch.columns()[self.first..]);
        let columns = columns.map(|(name, column)| TextColumn::new(name, column.as_ref()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let parts = parts(&columns, batch.num_rows())?;
        if let [(values, _)] = parts.as_slice() {
            return Ok(vec![(owned(values), batch.clone())]);
        }
        let part = |(values, rows): RowsOf<'_>| {
            let rows = take_record_batch(batch, &UInt32Array::from(rows)).map_err(|cause| {
                Error::new(ErrorCode::Internal, format!("rows could not be parted: {cause}")).caused_by(cause)
            })?;
            Ok((owned(&values), rows))
        };
        parts.into_iter().map(part).collect()
    }

    /// The directory of a partition below that of the table: `dt=2024-01-01/`, nothing for a table without partitions.
    ///
    /// # Errors
    /// `INVALID_VALUE` for a text that would be read back as NULL.
    pub(super) fn directory(&self, values: &Values) -> Result<String> {
        let mut directory = String::new();
        for (name, value) in self.names.iter().zip(values) {
            push_escaped(&mut directory, name);
            directory.push('=');
            match value.as_deref() {
                None => directory.push_str(HIVE_NULL),
                Some(HIVE_NULL) => {
                    let message = format!(
                        "the value \"{HIVE_NULL}\" of column \"{name}\" cannot be written: in a path it means NULL"
                    );
                    return Err(Error::new(ErrorCode::InvalidValue, message));
                }
                Some(value) => push_escaped(&mut directory, value),
            }
            directory.push('/');
        }
        Ok(directory)
    }

    /// The values of a partition as messages show them: `dt=2024-01-01`.
    pub(super) fn shown(&self, values: &Values) -> String {
        let pairs = self.names.iter().zip(values);
        let shown = pairs.map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("NULL")));
        shown.collect::<Vec<_>>().join("/")
    }
}

/// The text of each row of a partition column.
struct TextColumn {
    texts: Texts,
    nulls: Option<NullBuffer>,
}

impl TextColumn {
    fn new(name: &str, column: &dyn Array) -> Result<Self> {
        let texts = Texts::of(column, &formats());
        let texts = texts.map_err(|cause| {
            let message = format!("a value of the partition column \"{name}\" cannot stand in a path: {cause}");
            Error::new(ErrorCode::InvalidValue, message)
        })?;
        Ok(Self {
            texts,
            nulls: column.logical_nulls(),
        })
    }

    fn value(&self, row: usize) -> Option<&str> {
        let is_null = self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        (!is_null).then(|| self.texts.value(row))
    }
}

/// A combination of values, and the numbers of the rows that have it.
type RowsOf<'a> = (Vec<Option<&'a str>>, Vec<u32>);

/// The rows of each combination of values, in the order in which the combinations appear.
fn parts(columns: &[TextColumn], rows: usize) -> Result<Vec<RowsOf<'_>>> {
    let mut parts: Vec<RowsOf<'_>> = Vec::new();
    let mut part_of: HashMap<Vec<Option<&str>>, usize> = HashMap::new();
    let mut latest: Option<usize> = None;
    for row in 0..rows {
        let number = u32::try_from(row)
            .map_err(|cause| Error::new(ErrorCode::Internal, "a batch is too long to be parted").caused_by(cause))?;
        let values = || columns.iter().map(|column| column.value(row));
        // Rows of one partition mostly stand together.
        let part = match latest {
            Some(part) if values().eq(parts[part].0.iter().copied()) => part,
            _ => {
                let values: Vec<_> = values().collect();
                *part_of.entry(values.clone()).or_insert_with(|| {
                    parts.push((values, Vec::new()));
                    parts.len() - 1
                })
            }
        };
        latest = Some(part);
        parts[part].1.push(number);
    }
    Ok(parts)
}

fn owned(values: &[Option<&str>]) -> Values {
    values.iter().map(|value| value.map(str::to_owned)).collect()
}

fn check(field: &Field) -> Result<()> {
    let name = field.name();
    let refuse = |why: &str| {
        let message = format!("\"{name}\" cannot be a partition column: {why}");
        Err(Error::new(ErrorCode::NotSupported, message))
    };
    if name.starts_with(['_', '.']) {
        return refuse("directories whose names begin with \"_\" or \".\" are hidden from readers");
    }
    if is_nested(field.data_type()) || field.data_type().is_binary() || field.data_type().is_null() {
        return refuse("its values cannot stand in a path");
    }
    Ok(())
}

fn push_escaped(path: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_ascii_control() || "\"#%'*/:=?\\{}[]^".contains(c) {
            // Writing into a String does not fail.
            let _ = write!(path, "%{:02X}", c as u32);
        } else {
            path.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::hive::levels;
    use arrow::datatypes::DataType;

    fn partitions(names: &[&str]) -> Partitions {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let fields = ["x".to_owned()].into_iter().chain(names.clone());
        let fields: Vec<Field> = fields.map(|name| Field::new(name, DataType::Utf8, true)).collect();
        Partitions::new(&Schema::new(fields), &names).unwrap()
    }

    /// The directory of one value, which is read back as that value.
    fn check_directory(value: Option<&str>, wanted: &str) {
        let directory = partitions(&["k"]).directory(&vec![value.map(str::to_owned)]).unwrap();
        assert_eq!(directory, wanted);
        assert_eq!(
            levels(&format!("{directory}f")),
            [("k".to_owned(), value.map(str::to_owned))]
        );
    }

    #[test]
    fn values_are_escaped_as_hive_does_and_read_back() {
        check_directory(Some("2024-01-01"), "k=2024-01-01/");
        check_directory(Some("2024-01-01 10:00:00"), "k=2024-01-01 10%3A00%3A00/");
        check_directory(Some("a/b=c%d"), "k=a%2Fb%3Dc%25d/");
        check_directory(Some("..\n"), "k=..%0A/");
        check_directory(Some("São"), "k=São/");
        check_directory(Some(""), "k=/");
        check_directory(None, "k=__HIVE_DEFAULT_PARTITION__/");
    }

    #[test]
    fn a_text_that_means_null_is_refused() {
        let error = partitions(&["k"])
            .directory(&vec![Some(HIVE_NULL.to_owned())])
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidValue);
    }
}
