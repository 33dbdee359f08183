//! The bytes of a result, from the arguments alone.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::numbers::{copied_bytes, integers, lengths, rows};
use super::series;

/// How the result of a function grows with its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Growth {
    /// `array_repeat(element, times)`.
    RepeatedElement,
    /// `array_resize(list, size [, fill])`.
    ResizedList,
    /// `array_to_string(list, delimiter [, text of NULL])`.
    JoinedElements,
    /// `concat(text, …)`: a constant is copied into every row.
    Concatenated,
    /// `concat_ws(separator, text, …)`.
    ConcatenatedWithSeparator,
    /// `range([start,] stop [, step])` and `generate_series`.
    Series,
    /// `lpad(text, characters [, fill])` and `rpad`.
    PaddedText,
    /// `repeat(text, times)`.
    RepeatedText,
    /// `replace(text, from, to)`.
    ReplacedText,
    /// `regexp_replace(text, pattern, replacement [, flags])`.
    ReplacedMatches,
}

/// What [`Growth::result_bytes`] says of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exactness {
    /// Its bytes, but for a small factor.
    Exact,
    /// What it has at most; usually it has much less.
    AtMost,
}

impl Growth {
    /// The bytes of the results of all rows together.
    pub(super) fn result_bytes(self, args: &[ColumnarValue]) -> Result<u64> {
        match (self, args) {
            (Self::RepeatedElement, [element, times]) => repeated_element(element, times),
            (Self::ResizedList, [list, size, fill @ ..]) => resized_list(list, size, fill.first()),
            (Self::JoinedElements, [list, delimiter, null @ ..]) => joined_elements(list, delimiter, null.first()),
            (Self::Concatenated, texts) => concatenated(texts, 1),
            // The separator stands once fewer than there are texts.
            (Self::ConcatenatedWithSeparator, texts) => concatenated(texts, texts.len()),
            (Self::Series, _) => Ok(series::values(args)?.saturating_mul(8)),
            (Self::PaddedText, [text, characters, fill @ ..]) => padded_text(text, characters, fill.first()),
            (Self::RepeatedText, [text, times]) => repeated_text(text, times),
            (Self::ReplacedText, [text, from, to]) => replaced_text(text, Some(from), to),
            (Self::ReplacedMatches, [text, _, to, ..]) => replaced_text(text, None, to),
            // Not as many arguments as there must be: the function itself says so.
            _ => Ok(0),
        }
    }

    /// Whether a result has the bytes that were foreseen.
    pub(super) fn exactness(self) -> Exactness {
        match self {
            Self::ConcatenatedWithSeparator | Self::JoinedElements | Self::ReplacedText | Self::ReplacedMatches => {
                Exactness::AtMost
            }
            _ => Exactness::Exact,
        }
    }

    /// What to do about a result that is too large.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Series => "use it as a table, FROM generate_series(start, stop), which gives rows instead of a list",
            Self::RepeatedElement | Self::ResizedList => "ask for fewer elements, or for rows instead of a list",
            Self::PaddedText | Self::RepeatedText => "ask for a shorter text",
            Self::Concatenated | Self::ConcatenatedWithSeparator => "use shorter texts",
            Self::JoinedElements | Self::ReplacedText | Self::ReplacedMatches => "use shorter texts",
        }
    }
}

/// The sum of `bytes` over `rows`.
fn sum(rows: usize, bytes: impl Fn(usize) -> u64) -> u64 {
    (0..rows).map(bytes).fold(0, u64::saturating_add)
}

fn repeated_element(element: &ColumnarValue, times: &ColumnarValue) -> Result<u64> {
    let rows = rows(&[element, times]);
    let (bytes, times) = (copied_bytes(element)?, integers(times)?);
    Ok(sum(rows, |row| bytes.size(row).saturating_mul(times.size(row))))
}

fn resized_list(list: &ColumnarValue, size: &ColumnarValue, fill: Option<&ColumnarValue>) -> Result<u64> {
    let rows = rows(&[list, size]);
    let size = integers(size)?;
    // Without a fill the elements are NULL, which take the place of a value.
    let fill = fill.map(copied_bytes).transpose()?;
    Ok(sum(rows, |row| {
        let bytes = fill.as_ref().map_or(0, |fill| fill.size(row)).max(8);
        size.size(row).saturating_mul(bytes)
    }))
}

fn joined_elements(list: &ColumnarValue, delimiter: &ColumnarValue, null: Option<&ColumnarValue>) -> Result<u64> {
    let rows = rows(&[list, delimiter]);
    let (bytes, delimiter) = (copied_bytes(list)?, lengths(delimiter)?);
    let null = null.map(lengths).transpose()?;
    // What is in lists of lists is joined, too; each has a byte at least.
    let elements = if is_list_of_lists(&list.data_type()) {
        copied_bytes(list)?
    } else {
        lengths(list)?
    };
    Ok(sum(rows, |row| {
        let added = delimiter.size(row) + null.as_ref().map_or(0, |null| null.size(row));
        elements.size(row).saturating_mul(added).saturating_add(bytes.size(row))
    }))
}

fn is_list_of_lists(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            element.data_type().is_nested()
        }
        _ => false,
    }
}

/// The first text counts `firsts` times.
fn concatenated(texts: &[ColumnarValue], firsts: usize) -> Result<u64> {
    let rows = rows(&texts.iter().collect::<Vec<_>>());
    let mut bytes = 0_u64;
    for (place, text) in texts.iter().enumerate() {
        let times = if place == 0 { firsts as u64 } else { 1 };
        let lengths = copied_bytes(text)?;
        bytes = bytes.saturating_add(sum(rows, |row| lengths.size(row).saturating_mul(times)));
    }
    Ok(bytes)
}

fn padded_text(text: &ColumnarValue, characters: &ColumnarValue, fill: Option<&ColumnarValue>) -> Result<u64> {
    let rows = rows(&[text, characters]);
    let (text, characters) = (lengths(text)?, integers(characters)?);
    let fill = fill.map(lengths).transpose()?;
    Ok(sum(rows, |row| {
        let widest = fill.as_ref().map_or(1, |fill| fill.size(row)).clamp(1, 4);
        characters
            .size(row)
            .saturating_mul(widest)
            .saturating_add(text.size(row))
    }))
}

fn repeated_text(text: &ColumnarValue, times: &ColumnarValue) -> Result<u64> {
    let rows = rows(&[text, times]);
    let (text, times) = (lengths(text)?, integers(times)?);
    Ok(sum(rows, |row| text.size(row).saturating_mul(times.size(row))))
}

/// `from` is `None` for a pattern, which may match between any two characters.
fn replaced_text(text: &ColumnarValue, from: Option<&ColumnarValue>, to: &ColumnarValue) -> Result<u64> {
    let rows = rows(&[text, to]);
    let (text, to) = (lengths(text)?, lengths(to)?);
    let from = from.map(lengths).transpose()?;
    Ok(sum(rows, |row| {
        let shortest = from.as_ref().map_or(1, |from| from.size(row)).max(1);
        let matches = text.size(row) / shortest + 1;
        matches.saturating_mul(to.size(row)).saturating_add(text.size(row))
    }))
}
