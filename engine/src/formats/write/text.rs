//! Values as text that other engines read back.

use arrow::array::Array;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// How times look: as SQL has them, `2024-01-31 10:00:00.5`, and with their offset where they have a zone.
pub(super) fn formats() -> FormatOptions<'static> {
    FormatOptions::new()
        .with_date_format(Some("%Y-%m-%d"))
        .with_time_format(Some("%H:%M:%S%.f"))
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%:z"))
}

/// The text of each value of an array.
pub(super) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    /// NULL has no text: it is empty.
    ///
    /// # Errors
    /// `InvalidArgumentError` for a value that has none either, such as a date outside of the calendar.
    pub(super) fn of(array: &dyn Array, formats: &FormatOptions<'_>) -> Result<Self, ArrowError> {
        let formatter = ArrayFormatter::try_new(array, formats)?;
        let nulls = array.logical_nulls();
        let mut texts = Self {
            text: String::new(),
            ends: Vec::with_capacity(array.len()),
        };
        for row in 0..array.len() {
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                let start = texts.text.len();
                let written = formatter.value(row).write(&mut texts.text);
                written.map_err(|cause| ArrowError::InvalidArgumentError(format!("it has no text: {cause}")))?;
                check_year(array.data_type(), &texts.text[start..])?;
            }
            texts.ends.push(texts.text.len());
        }
        Ok(texts)
    }

    /// The text of the value at `row`.
    pub(super) fn value(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.text[start..self.ends[row]]
    }
}

/// Years beyond 9999 have a sign, which no reader of ISO 8601 expects.
fn check_year(data_type: &DataType, text: &str) -> Result<(), ArrowError> {
    if data_type.is_temporal() && text.starts_with(['+', '-']) {
        let message = format!("\"{text}\" is outside of the years 0000 to 9999, which text is read back for");
        return Err(ArrowError::InvalidArgumentError(message));
    }
    Ok(())
}
