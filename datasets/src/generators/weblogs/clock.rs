//! When requests come: by the days of the week and the hours of the day.

use chrono::{Datelike, NaiveDate};

use crate::generators::random::whole;

/// How busy the days of the week are, from Monday.
const WEEK: [u64; 7] = [100, 102, 104, 106, 112, 78, 66];
/// How busy the hours of the day are.
const HOURS: [f64; 24] = [
    22., 14., 9., 7., 6., 9., 18., 36., 58., 74., 82., 86., 90., 84., 80., 82., 84., 88., 94., 104., 110., 98., 70.,
    42.,
];
const HOUR_MILLISECONDS: f64 = 3_600_000.0;

/// A day of the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// From 0.
    pub(super) number: u64,
    pub(super) rows: u64,
}

/// `rows` over `days` by their weight: exactly as many in all.
pub(super) fn spread(rows: u64, days: &[NaiveDate]) -> Vec<Day> {
    let weights = days
        .iter()
        .map(|day| u128::from(WEEK[day.weekday().num_days_from_monday() as usize]));
    let total: u128 = weights.clone().sum();
    let mut before = 0;
    let spread = days.iter().zip(weights).zip(0..).map(|((date, weight), number)| {
        let up_to = |weight: u128| u64::try_from(u128::from(rows) * weight / total).unwrap_or(rows);
        let first = up_to(before);
        before += weight;
        Day {
            date: *date,
            number,
            rows: up_to(before) - first,
        }
    });
    spread.collect()
}

/// How the requests of a day lie in its hours.
pub(super) struct Rhythm([f64; 25]);

impl Rhythm {
    pub(super) fn of_a_day() -> Self {
        let mut sums = [0.0; 25];
        for (hour, weight) in HOURS.iter().enumerate() {
            sums[hour + 1] = sums[hour] + weight;
        }
        Self(sums)
    }

    /// The millisecond of the day by which the share `quantile` of its requests has come, from 0 to below 1.
    pub(super) fn millisecond(&self, quantile: f64) -> u64 {
        let place = quantile * self.0[24];
        let hour = self.0[1..].partition_point(|sum| *sum <= place).min(23);
        let within = (place - self.0[hour]) / HOURS[hour];
        whole((hour as f64 + within) * HOUR_MILLISECONDS).min(86_399_999)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_have_all_rows_and_weekends_fewer() {
        let thursday = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let days: Vec<_> = thursday.iter_days().take(7).collect();
        for rows in [1, 10, 9_999, 100_000_000_000] {
            assert_eq!(spread(rows, &days).iter().map(|day| day.rows).sum::<u64>(), rows);
        }
        let spread = spread(70_000, &days);
        assert!(
            spread[3].rows < spread[2].rows && spread[2].rows < spread[1].rows,
            "{spread:?}"
        );
    }

    #[test]
    fn time_goes_forward_and_evenings_are_busy() {
        let rhythm = Rhythm::of_a_day();
        let times: Vec<u64> = (0..10_000_u32)
            .map(|row| rhythm.millisecond(f64::from(row) / 10_000.0))
            .collect();
        assert!(times.is_sorted());
        let within = |hour: u64| times.iter().filter(|time| **time / 3_600_000 == hour).count();
        assert_eq!((times[0], times[9_999] / 3_600_000), (0, 23));
        assert!(within(20) > 10 * within(4), "{} {}", within(20), within(4));
    }
}
