//! Numbers as they are written.

/// The value of an integer that prints as it is written: without `+`, without leading zeros, not `-0`.
pub fn plain_integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if text == "0" {
        return Some(0);
    }
    (plain && !digits.is_empty()).then(|| text.parse().ok()).flatten()
}

/// Whether `text` is an integer, of any size, as [`plain_integer`] takes them.
pub fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text == "0"
        || (digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.as_bytes().first().is_some_and(|first| *first != b'0'))
}

/// The DOUBLE that `text` is, if that has all the digits which the text has: those of `1.000000000000000001` it has not. Integers
/// must be exact.
pub fn exact_double(text: &str) -> Option<f64> {
    if !is_decimal(text) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    if !value.is_finite() {
        return None;
    }
    let (digits, places) = significant(text);
    // Every decimal of 15 digits comes back from a DOUBLE, as long as it is not one of the smallest.
    let certain = digits.len() <= 15 && (value == 0.0) == digits.is_empty() && (value == 0.0 || value.abs() > 1e-290);
    if certain || digits.is_empty() {
        return (certain || value == 0.0).then_some(value);
    }
    let printed = format!("{:.*e}", digits.len() - 1, value.abs());
    let (mantissa, _) = printed.split_once('e')?;
    let same = mantissa.bytes().filter(u8::is_ascii_digit).eq(digits.iter().copied());
    let integer = places == 0 && !text.contains(['.', 'e', 'E']);
    let exact = !integer || text.parse::<i128>().is_ok_and(|whole| is_exact(whole, value));
    (same && exact).then_some(value)
}

/// Whether a DOUBLE holds `whole` exactly.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what does not fit is saturated, and then differs"
)]
pub fn is_exact(whole: i128, value: f64) -> bool {
    value as i128 == whole && whole != i128::MAX
}

/// A decimal number, perhaps with exponent: `1`, `-0.5`, `.5`, `5.`, `1e-3`; not `007.5`, `+1`, `inf`.
pub fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(place) => (&unsigned[..place], Some(&unsigned[place + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let sensible = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let padded = whole.len() > 1 && whole.starts_with('0');
    let exponent = exponent.is_none_or(|text| {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        !unsigned.is_empty() && digits(unsigned)
    });
    sensible && !padded && exponent
}

/// The digits of a decimal number from the first to the last that is not zero, and how many digits stand behind the point.
fn significant(text: &str) -> (Vec<u8>, usize) {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let last = digits
        .iter()
        .rposition(|digit| *digit != b'0')
        .map_or(first, |last| last + 1);
    (digits[first..last].to_vec(), places)
}

/// The unscaled value of a decimal with `scale` digits behind the point, if `text` is one without rounding.
pub fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let scale = usize::try_from(scale).ok()?;
    if fraction.len() > scale {
        return None;
    }
    let unscaled: i128 = format!("{whole}{fraction:0<scale$}").parse().ok()?;
    let limit = 10_i128.checked_pow(u32::from(precision))?;
    let signed = if text.starts_with('-') { -unscaled } else { unscaled };
    (unscaled < limit).then_some(signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_one_that_prints_as_it_is_written() {
        for (text, wanted) in [
            ("0", Some(0)),
            ("-7", Some(-7)),
            ("9223372036854775808", Some(9_223_372_036_854_775_808)),
            ("007", None),
            ("+1", None),
            ("-0", None),
            ("", None),
            ("-", None),
            ("1_000", None),
            (" 1", None),
        ] {
            assert_eq!(plain_integer(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_double_has_every_digit_of_its_text() {
        for (text, wanted) in [
            ("1.5", true),
            ("0.1", true),
            ("-.5", true),
            ("5.", true),
            ("1e5", true),
            ("0.30000000000000004", true),
            ("0.1000000000000000055511151231257827", true),
            ("1.000000000000000001", false),
            ("123456789.1234567891", false),
            ("9007199254740992", true),
            ("9007199254740993", false),
            ("18446744073709551616", true),
            ("12345678901234567890", false),
            ("1e999", false),
            ("1e-400", false),
            ("0.000", true),
            ("nan", false),
            ("007.5", false),
            ("+1.5", false),
            ("1e", false),
            (".", false),
        ] {
            assert_eq!(exact_double(text).is_some(), wanted, "{text}");
        }
    }

    #[test]
    fn a_decimal_is_not_rounded() {
        for (text, wanted) in [
            ("1.5", Some(150)),
            ("-1.5", Some(-150)),
            ("1.500", Some(150)),
            ("1.505", None),
            ("123.45", Some(12345)),
            ("1234.5", None),
            (".5", Some(50)),
            ("x", None),
        ] {
            assert_eq!(decimal(text, 5, 2), wanted, "{text}");
        }
    }
}
