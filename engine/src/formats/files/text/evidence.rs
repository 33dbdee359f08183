//! What the texts of a column have been, and the type that all of them allow.

use arrow::datatypes::{DataType, TimeUnit};

use super::number::{exact_double, is_plain_integer, plain_integer};
use super::time::{Moment, date};

/// The kinds of texts that a column has shown so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of kinds, each seen or not")]
pub struct Evidence {
    boolean: bool,
    integer: bool,
    /// An integer beyond BIGINT, or one that a DOUBLE would round.
    inexact_as_double: bool,
    beyond_bigint: bool,
    double: bool,
    /// `NaN` and `inf`, which are numbers among numbers and words among words.
    not_finite: bool,
    date: bool,
    timestamp: bool,
    timestamp_utc: bool,
    text: bool,
}

impl Evidence {
    /// What a single text shows. Empty text shows nothing.
    pub fn of(text: &str) -> Self {
        let mut evidence = Self::default();
        let first = text.bytes().next();
        match first {
            None => {}
            Some(b'0'..=b'9' | b'-' | b'.') => evidence.look_at_digits(text),
            Some(b't' | b'T' | b'f' | b'F')
                if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") =>
            {
                evidence.boolean = true;
            }
            Some(_) if is_not_finite(text) => evidence.not_finite = true,
            Some(_) => evidence.text = true,
        }
        evidence
    }

    /// What a string of JSON shows: that a number stands in quotes makes it none.
    pub fn of_string(text: &str) -> Self {
        let shown = Self::of(text);
        if shown.date || shown.timestamp || shown.timestamp_utc {
            return shown;
        }
        Self {
            text: true,
            ..Self::default()
        }
    }

    fn look_at_digits(&mut self, text: &str) {
        if is_plain_integer(text) {
            self.integer = true;
            let value = plain_integer(text);
            self.beyond_bigint = value.is_none_or(|value| i64::try_from(value).is_err());
            self.inexact_as_double = exact_double(text).is_none();
        } else if exact_double(text).is_some() {
            self.double = true;
        } else if date(text).is_some() {
            self.date = true;
        } else {
            match Moment::read(text).filter(|moment| moment.fraction_digits <= 6 && text.len() >= 19) {
                Some(Moment { offset: None, .. }) => self.timestamp = true,
                Some(Moment { offset: Some(0), .. }) => self.timestamp_utc = true,
                _ if text == "-inf" || text.eq_ignore_ascii_case("-infinity") => self.not_finite = true,
                _ => self.text = true,
            }
        }
    }

    /// What both have shown.
    pub fn and(self, other: Self) -> Self {
        Self {
            boolean: self.boolean | other.boolean,
            integer: self.integer | other.integer,
            inexact_as_double: self.inexact_as_double | other.inexact_as_double,
            beyond_bigint: self.beyond_bigint | other.beyond_bigint,
            double: self.double | other.double,
            not_finite: self.not_finite | other.not_finite,
            date: self.date | other.date,
            timestamp: self.timestamp | other.timestamp,
            timestamp_utc: self.timestamp_utc | other.timestamp_utc,
            text: self.text | other.text,
        }
    }

    /// Whether something other than text was shown.
    pub fn is_typed(self) -> bool {
        self != Self::default() && !self.text
    }

    /// How many kinds of JSON values were shown: of Booleans, numbers and strings.
    pub fn json_kinds(self) -> usize {
        let number = self.integer | self.double | self.not_finite;
        let string = self.text | self.date | self.timestamp | self.timestamp_utc;
        usize::from(self.boolean) + usize::from(number) + usize::from(string)
    }

    /// The narrowest type that keeps every text that was shown.
    pub fn data_type(self) -> DataType {
        let number = self.integer | self.double;
        let time = self.date | self.timestamp;
        let families = [
            self.boolean,
            number | self.not_finite,
            time,
            self.timestamp_utc,
            self.text,
        ];
        if self.text || families.iter().filter(|shown| **shown).count() != 1 {
            return DataType::Utf8View;
        }
        if self.boolean {
            DataType::Boolean
        } else if self.timestamp_utc {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        } else if self.timestamp {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        } else if self.date {
            DataType::Date32
        } else if self.integer && !self.double && !self.beyond_bigint && !self.not_finite {
            DataType::Int64
        } else if number && !self.inexact_as_double {
            DataType::Float64
        } else {
            DataType::Utf8View
        }
    }
}

fn is_not_finite(text: &str) -> bool {
    ["nan", "inf", "infinity"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], wanted: &DataType) {
        let evidence = texts
            .iter()
            .map(|text| Evidence::of(text))
            .fold(Evidence::default(), Evidence::and);
        assert_eq!(&evidence.data_type(), wanted, "{texts:?}");
    }

    #[test]
    fn a_type_is_found_only_if_it_keeps_every_text() {
        use DataType::{Boolean, Date32, Float64, Int64, Utf8View};
        check(&["1", "-2", ""], &Int64);
        check(&["1", "007"], &Utf8View);
        check(&["+1"], &Utf8View);
        check(&["1", "1.5"], &Float64);
        check(&["9007199254740993"], &Int64);
        check(&["9007199254740993", "1.5"], &Utf8View);
        check(&["12345678901234567890"], &Utf8View);
        check(&["18446744073709551616"], &Float64);
        check(&["1", "NaN"], &Float64);
        check(&["Nan", "Inf"], &Utf8View);
        check(&["true", "FALSE"], &Boolean);
        check(&["true", "1"], &Utf8View);
        check(&["2024-01-02"], &Date32);
        check(
            &["2024-01-02", "2024-01-02 10:00:00"],
            &DataType::Timestamp(TimeUnit::Microsecond, None),
        );
        check(&["2024-01-02 10:00:00", "2024-01-02T10:00:00Z"], &Utf8View);
        check(&["2024-01-02T10:00:00+02:00"], &Utf8View);
        check(&["2024-01-02 10:00:00.1234567"], &Utf8View);
        check(&["01/02/2024"], &Utf8View);
        check(&["", ""], &Utf8View);
        check(&["0x1F"], &Utf8View);
        check(&[" 1"], &Utf8View);
    }

    #[test]
    fn a_number_in_quotes_is_a_string_of_json() {
        assert_eq!(Evidence::of_string("1").data_type(), DataType::Utf8View);
        assert_eq!(Evidence::of_string("2024-01-02").data_type(), DataType::Date32);
    }
}
