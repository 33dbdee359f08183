//! Dates and times as they are written: ISO 8601, nothing else, since `01/02/2024` is two dates.

use arrow::datatypes::TimeUnit;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// Days since 1970-01-01 of a date such as `2024-07-31`.
pub fn date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| -> Option<u32> {
        let part = bytes.get(range)?;
        part.iter().all(u8::is_ascii_digit).then_some(())?;
        Some(
            part.iter()
                .fold(0, |number, digit| number * 10 + u32::from(digit - b'0')),
        )
    };
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i32::try_from(digits(0..4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, digits(5..7)?, digits(8..10)?)?;
    i32::try_from((date - NaiveDate::default()).num_days()).ok()
}

/// A point in time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Without an offset: the clock's. With one: UTC's.
    clock: NaiveDateTime,
    /// How many digits of the second's fraction are not zero at the end.
    pub fraction_digits: usize,
    /// The offset from UTC in seconds, if it is written; `Z` is 0.
    pub offset: Option<i32>,
}

impl Moment {
    /// Reads `2024-07-31 10:00:00`, with `T` for the space, a fraction of the second, and `Z` or an offset such as `+02:00`; seconds
    /// may be absent, and so may the whole time.
    pub fn read(text: &str) -> Option<Self> {
        let (day, rest) = text.split_at_checked(10)?;
        let days = date(day)?;
        let day = NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(days.into()))?;
        if rest.is_empty() {
            return Some(Self {
                clock: day.and_time(NaiveTime::MIN),
                fraction_digits: 0,
                offset: None,
            });
        }
        let rest = rest.strip_prefix(['T', ' '])?;
        let (time, offset) = split_offset(rest)?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        let shape = time.bytes().enumerate().all(|(place, byte)| match place % 3 {
            2 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
        let full = time.len() == 8;
        if !shape
            || !(full || (time.len() == 5 && fraction.is_empty()))
            || !fraction.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let part = |range: std::ops::Range<usize>| time.get(range).map_or(Some(0), |part| part.parse().ok());
        let fraction = fraction.trim_end_matches('0');
        let nanos: u32 = if fraction.len() > 9 {
            return None;
        } else {
            format!("{fraction:0<9}").parse().ok()?
        };
        let time = NaiveTime::from_hms_nano_opt(part(0..2)?, part(3..5)?, part(6..8)?, nanos)?;
        let clock = day
            .and_time(time)
            .checked_sub_signed(chrono::TimeDelta::seconds(offset.unwrap_or(0).into()))?;
        Some(Self {
            clock,
            fraction_digits: fraction.len(),
            offset,
        })
    }

    /// The time since 1970-01-01 in `unit`, if that is exact.
    pub fn since_epoch(&self, unit: TimeUnit) -> Option<i64> {
        let time = self.clock.and_utc();
        let (digits, value) = match unit {
            TimeUnit::Second => (0, Some(time.timestamp())),
            TimeUnit::Millisecond => (3, Some(time.timestamp_millis())),
            TimeUnit::Microsecond => (6, Some(time.timestamp_micros())),
            TimeUnit::Nanosecond => (9, time.timestamp_nanos_opt()),
        };
        value.filter(|_| self.fraction_digits <= digits)
    }
}

/// A time without its offset, and the offset in seconds.
fn split_offset(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, Some(0)));
    }
    let Some(place) = text.rfind(['+', '-']) else {
        return Some((text, None));
    };
    let (time, offset) = text.split_at(place);
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    let shaped = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let hours: i32 = digits.get(..2).filter(|_| shaped)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |minutes| minutes.parse().ok())?;
    let seconds = (hours * 60 + minutes) * 60;
    let possible = hours < 24 && minutes < 60;
    possible.then_some((time, Some(if offset.starts_with('-') { -seconds } else { seconds })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_of_one_form_and_exist() {
        for (text, wanted) in [
            ("1970-01-02", Some(1)),
            ("2024-02-30", None),
            ("2024-2-03", None),
            ("01/02/2024", None),
            ("2024-01-02 ", None),
        ] {
            assert_eq!(date(text), wanted, "{text}");
        }
    }

    #[test]
    fn moments_are_exact_in_a_unit_or_nothing() {
        for (text, unit, wanted) in [
            ("1970-01-01 00:00:01", TimeUnit::Second, Some(1)),
            ("1970-01-01T00:00:01.5", TimeUnit::Millisecond, Some(1500)),
            ("1970-01-01 00:00:01.5", TimeUnit::Second, None),
            ("1970-01-01 00:00:00.000001", TimeUnit::Microsecond, Some(1)),
            ("1970-01-01 00:00:00.0000001", TimeUnit::Microsecond, None),
            ("1970-01-01T01:00:00+01:00", TimeUnit::Second, Some(0)),
            ("1970-01-01 00:00:01Z", TimeUnit::Second, Some(1)),
            ("1970-01-02", TimeUnit::Second, Some(86_400)),
            ("1970-01-01 00:01", TimeUnit::Second, Some(60)),
            ("1970-01-01 24:00:00", TimeUnit::Second, None),
            ("1970-01-01 0:00:00", TimeUnit::Second, None),
            ("1970-01-01 00:00:00 UTC", TimeUnit::Second, None),
        ] {
            assert_eq!(
                Moment::read(text).and_then(|moment| moment.since_epoch(unit)),
                wanted,
                "{text}"
            );
        }
    }
}
