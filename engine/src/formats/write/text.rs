//! Values as text that other engines read back.

use arrow::array::Array;
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
                let written = formatter.value(row).write(&mut texts.text);
                written.map_err(|cause| {
                    ArrowError::InvalidArgumentError(format!("a value cannot be written as text: {cause}"))
                })?;
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
