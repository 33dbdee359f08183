//! Columns that a path spells out: `year=2024/month=07/part-0.parquet`.

use arrow::datatypes::{DataType, Field, FieldRef};
use chrono::NaiveDate;
use datafusion::scalar::ScalarValue;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};

/// The directory name that Hive writes for NULL.
pub const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The `key=value` directories of a path, outermost first: a key in lower case and its value, `None` for NULL.
pub type Levels = Vec<(String, Option<String>)>;

/// The `key=value` directories of `path`, outermost first. A NULL is `None`; keys are lower case; values are decoded.
#[must_use]
pub fn levels(path: &str) -> Levels {
    let Some((directories, _)) = path.rsplit_once('/') else {
        return Vec::new();
    };
    directories.split('/').filter_map(level).collect()
}

/// The key, in lower case, and the value of a directory `key=value`.
#[must_use]
pub fn level(directory: &str) -> Option<(String, Option<String>)> {
    let (key, value) = directory.split_once('=')?;
    let value = (value != HIVE_NULL).then(|| decoded(value));
    (!key.is_empty()).then(|| (decoded(key).to_lowercase(), value))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The partition columns of a set of files, with a type that every value fits.
#[derive(Clone, Debug, Default)]
pub struct PartitionColumns {
    fields: Vec<FieldRef>,
}

impl PartitionColumns {
    /// Columns for files whose paths have these `levels`: `BIGINT` if every value is a whole number as we would print it,
    /// else `DATE` if every value is one, else text.
    ///
    /// # Errors
    /// `BAD_DATA` if a file has other levels than the first one.
    pub fn infer(files: &[(String, Levels)]) -> Result<Self> {
        let Some((first, first_levels)) = files.first() else {
            return Ok(Self::default());
        };
        let keys = |levels: &[(String, Option<String>)]| levels.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        let wanted = keys(first_levels);
        if let Some((path, _)) = files.iter().find(|(_, levels)| keys(levels) != wanted) {
            return Err(Error::new(
                ErrorCode::BadData,
                format!(
                    "\"{path}\" lies under other partition directories than \"{first}\" ({})",
                    wanted.join("/")
                ),
            ));
        }
        let mut fields: Vec<FieldRef> = Vec::new();
        for (index, key) in wanted.iter().enumerate() {
            if fields.iter().any(|field| field.name() == key) {
                continue;
            }
            let values = files.iter().filter_map(|(_, levels)| levels[index].1.as_deref());
            fields.push(Arc::new(Field::new(key, fitting_type(values), true)));
        }
        Ok(Self { fields })
    }

    /// The columns, in the order of the directories.
    #[must_use]
    pub fn fields(&self) -> &[FieldRef] {
        &self.fields
    }

    /// The values of these columns for a file with `levels`.
    #[must_use]
    pub fn values(&self, levels: &[(String, Option<String>)]) -> Vec<ScalarValue> {
        self.fields.iter().map(|field| value(field, levels)).collect()
    }
}

/// The value of a partition column of a declared type, from the text in a path or a statement; `None` is NULL.
///
/// # Errors
/// `BAD_DATA` that names `place` if the text is no value of the type.
pub fn typed(field: &FieldRef, text: Option<&str>, place: &str) -> Result<ScalarValue> {
    let bad = || {
        let message = format!(
            "\"{place}\" has \"{}\" for the partition column \"{}\", which is no {}",
            text.unwrap_or_default(),
            field.name(),
            field.data_type()
        );
        Error::new(ErrorCode::BadData, message)
    };
    match text {
        None => ScalarValue::try_from(field.data_type()).map_err(|_| bad()),
        Some(text) => ScalarValue::try_from_string(text.to_owned(), field.data_type()).map_err(|_| bad()),
    }
}

/// A value of a partition column in the one spelling that its type has: `2024-7` for `INT` is an error, `07` is `7`.
///
/// # Errors
/// `BAD_DATA` if `text` is no value of `data_type`.
pub fn partition_value(name: &str, data_type: &DataType, text: Option<&str>) -> Result<Option<String>> {
    let field: FieldRef = Arc::new(Field::new(name, data_type.clone(), true));
    let value = typed(&field, text, name)?;
    Ok((!value.is_null()).then(|| value.to_string()))
}

fn fitting_type<'a>(values: impl Iterator<Item = &'a str> + Clone) -> DataType {
    let mut present = values.clone().peekable();
    if present.peek().is_none() {
        return DataType::Utf8;
    }
    if values.clone().all(|value| whole_number(value).is_some()) {
        DataType::Int64
    } else if values.clone().all(|value| date(value).is_some()) {
        DataType::Date32
    } else {
        DataType::Utf8
    }
}

/// `07` is text or a month: as a number it is what people compare it with, so leading zeros are allowed.
fn whole_number(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| value.parse().ok())
        .flatten()
}

/// Days since 1970-01-01 of a value such as `2024-07-31`.
fn date(value: &str) -> Option<i32> {
    let date = (value.len() == 10)
        .then(|| NaiveDate::parse_from_str(value, "%Y-%m-%d").ok())
        .flatten()?;
    i32::try_from((date - NaiveDate::default()).num_days()).ok()
}

fn value(field: &FieldRef, levels: &[(String, Option<String>)]) -> ScalarValue {
    let text = levels
        .iter()
        .find(|(key, _)| key == field.name())
        .and_then(|(_, value)| value.as_deref());
    match field.data_type() {
        DataType::Int64 => ScalarValue::Int64(text.and_then(whole_number)),
        DataType::Date32 => ScalarValue::Date32(text.and_then(date)),
        _ => ScalarValue::Utf8(text.map(ToOwned::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Vec<(String, Levels)> {
        paths.iter().map(|path| ((*path).to_owned(), levels(path))).collect()
    }

    #[test]
    fn a_column_has_the_narrowest_type_that_fits_every_value() {
        for (paths, wanted) in [
            (["y=2024/a", "y=07/a"], DataType::Int64),
            (["y=2024-01-02/a", "y=2024-02-29/a"], DataType::Date32),
            (["y=2024-01-02/a", "y=2024-02-30/a"], DataType::Utf8),
            (["y=1/a", "y=one/a"], DataType::Utf8),
            (["y=1/a", "y=__HIVE_DEFAULT_PARTITION__/a"], DataType::Int64),
        ] {
            let columns = PartitionColumns::infer(&files(&paths)).unwrap();
            assert_eq!(columns.fields()[0].data_type(), &wanted, "{paths:?}");
        }
    }

    #[test]
    fn values_are_decoded_and_the_hive_null_is_null() {
        let columns = PartitionColumns::infer(&files(&["City=S%C3%A3o/x=__HIVE_DEFAULT_PARTITION__/a"])).unwrap();
        let values = columns.values(&levels("City=S%C3%A3o/x=__HIVE_DEFAULT_PARTITION__/a"));
        assert_eq!(values, [ScalarValue::from("São"), ScalarValue::Utf8(None)]);
        assert_eq!(columns.fields()[0].name(), "city");
    }

    #[test]
    fn a_file_under_other_directories_is_named() {
        let error = PartitionColumns::infer(&files(&["y=1/a", "b"])).unwrap_err();
        assert!(error.message().contains("\"b\""), "{error}");
    }
}
