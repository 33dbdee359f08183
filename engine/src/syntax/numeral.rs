//! A number as its digits, whatever their number: what a double and its text have in common, and where they part.

use std::fmt;

/// A decimal number. Equal numbers are equal: zeros that say nothing are not kept, and neither is the sign of zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numeral {
    negative: bool,
    /// The digits before and after the point, without zeros in front; none for zero.
    digits: String,
    scale: usize,
}

impl Numeral {
    /// Reads a sign, digits and a point. Anything else, such as an exponent, is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
        Some(Self {
            negative: negative && !digits.is_empty(),
            digits,
            scale: fraction.len(),
        })
    }

    /// The same number with the other sign.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.negative = !self.negative && !self.digits.is_empty();
        self
    }

    /// The same digits with the point further left by `places`.
    #[must_use]
    pub fn shifted(mut self, places: usize) -> Self {
        self.scale += places;
        while self.scale > 0 && self.digits.ends_with('0') {
            self.digits.pop();
            self.scale -= 1;
        }
        if self.digits.is_empty() {
            self.scale = 0;
        }
        self
    }

    /// How many digits stand before the point.
    #[must_use]
    pub fn whole(&self) -> usize {
        self.digits.len().saturating_sub(self.scale)
    }

    /// How many digits stand behind the point.
    #[must_use]
    pub fn scale(&self) -> usize {
        self.scale
    }

    /// The number times ten to the power of `scale`, as text. Digits behind that are dropped.
    #[must_use]
    pub fn unscaled(&self, scale: usize) -> String {
        let sign = if self.negative { "-" } else { "" };
        let kept = self.digits.len().saturating_sub(self.scale.saturating_sub(scale));
        let digits = self
            .digits
            .get(..kept)
            .filter(|digits| !digits.is_empty())
            .unwrap_or("0");
        let zeros = "0".repeat(scale.saturating_sub(self.scale));
        format!("{sign}{digits}{zeros}")
    }

    /// A number that is less than, equal to or greater than each number of `whole` digits before the point and `scale` behind it
    /// exactly if this one is, with at most one digit more on either side.
    #[must_use]
    pub fn among(&self, whole: usize, scale: usize) -> Self {
        if self.whole() > whole {
            return Self {
                negative: self.negative,
                digits: format!("1{}", "0".repeat(whole)),
                scale: 0,
            };
        }
        if self.scale <= scale {
            return self.clone();
        }
        // Between two neighbours, any number is like any other.
        let kept = self.digits.len().saturating_sub(self.scale - scale);
        let digits = self.digits.get(..kept).unwrap_or_default();
        Self {
            negative: self.negative,
            digits: format!("{digits}5"),
            scale: scale + 1,
        }
    }
}

impl fmt::Display for Numeral {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let digits = format!("{:0>width$}", self.digits, width = self.scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(formatter, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeral(text: &str) -> Numeral {
        Numeral::parse(text).expect(text)
    }

    #[test]
    fn equal_numbers_are_equal_however_they_are_written() {
        for (text, shown, whole, scale) in [
            ("17.990", "17.99", 2, 2),
            ("-0017.99", "-17.99", 2, 2),
            (".5", "0.5", 0, 1),
            ("5.", "5", 1, 0),
            ("0.00050", "0.0005", 0, 4),
            ("-0.0", "0", 0, 0),
            ("100", "100", 3, 0),
            ("12345678901234567.89", "12345678901234567.89", 17, 2),
        ] {
            let read = numeral(text);
            assert_eq!(
                (read.to_string().as_str(), read.whole(), read.scale()),
                (shown, whole, scale),
                "{text}"
            );
            assert_eq!(numeral(shown), read);
        }
        for text in ["", ".", "-", "1e5", "NaN", "inf", "1_0", "+1", "1.2.3", "0x1"] {
            assert_eq!(Numeral::parse(text), None, "{text}");
        }
    }

    #[test]
    fn digits_are_added_and_dropped_by_scale() {
        for (text, scale, unscaled) in [
            ("17.99", 2, "1799"),
            ("-17.99", 4, "-179900"),
            ("17.99", 1, "179"),
            ("0", 3, "0000"),
            ("0.0005", 4, "5"),
            ("0.0005", 2, "0"),
        ] {
            assert_eq!(numeral(text).unscaled(scale), unscaled, "{text} {scale}");
        }
        assert_eq!(numeral("-17.99").negated(), numeral("17.99"));
        assert_eq!(numeral("0").negated(), numeral("0"));
        assert_eq!(numeral("-1799").shifted(2), numeral("-17.99"));
        assert_eq!(numeral("1000").shifted(4), numeral("0.1"));
        assert_eq!(numeral("0").shifted(4), numeral("0"));
    }

    #[test]
    fn a_number_is_replaced_by_one_with_the_same_neighbours() {
        for (text, whole, scale, stands_for) in [
            ("17.99", 3, 2, "17.99"),
            ("17.999", 3, 2, "17.995"),
            ("-17.991", 3, 2, "-17.995"),
            ("1000", 3, 2, "1000"),
            ("-98765.4321", 3, 2, "-1000"),
            ("0.0000001", 3, 2, "0.005"),
            ("0.07", 3, 0, "0.5"),
            ("-3.07", 3, 0, "-3.5"),
        ] {
            assert_eq!(numeral(text).among(whole, scale), numeral(stands_for), "{text}");
        }
    }
}
