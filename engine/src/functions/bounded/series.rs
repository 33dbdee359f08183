//! How many values a series of numbers, dates or timestamps has.

use arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::numbers::{integers, intervals, rows};

const NANOSECONDS_A_DAY: i128 = 86_400_000_000_000;

/// The most values that the series of all rows have together. `args` are those of `range` and `generate_series`.
pub(super) fn values(args: &[ColumnarValue]) -> Result<u64> {
    if args.iter().any(|value| value.data_type().is_null()) {
        return Ok(0);
    }
    match args {
        [stop] => numbers(None, stop, None),
        [start, stop] => numbers(Some(start), stop, None),
        [start, stop, step] if matches!(step.data_type(), DataType::Interval(_)) => moments(start, stop, step),
        [start, stop, step] => numbers(Some(start), stop, Some(step)),
        _ => Ok(0),
    }
}

fn numbers(start: Option<&ColumnarValue>, stop: &ColumnarValue, step: Option<&ColumnarValue>) -> Result<u64> {
    let all: Vec<&ColumnarValue> = [start, Some(stop), step].into_iter().flatten().collect();
    let (start, step) = (start.map(integers).transpose()?, step.map(integers).transpose()?);
    let stop = integers(stop)?;
    let sum = (0..rows(&all)).fold(0_u64, |sum, row| {
        let start = start.as_ref().map_or(Some(0), |start| start.get(row));
        let step = step.as_ref().map_or(Some(1), |step| step.get(row));
        let (Some(start), Some(stop), Some(step)) = (start, stop.get(row), step) else {
            return sum;
        };
        sum.saturating_add(steps(i128::from(start), i128::from(stop), i128::from(step)))
    });
    Ok(sum)
}

fn moments(start: &ColumnarValue, stop: &ColumnarValue, step: &ColumnarValue) -> Result<u64> {
    let all = [start, stop, step];
    let unit = unit_nanoseconds(&start.data_type());
    let (start, stop, step) = (integers(start)?, integers(stop)?, intervals(step)?);
    let sum = (0..rows(&all)).fold(0_u64, |sum, row| {
        let (Some(start), Some(stop), Some(step)) = (start.get(row), stop.get(row), step.get(row)) else {
            return sum;
        };
        let values = match shortest_nanoseconds(step) {
            Some(step) => steps(i128::from(start) * unit, i128::from(stop) * unit, step),
            None => u64::MAX,
        };
        sum.saturating_add(values)
    });
    Ok(sum)
}

/// The values from `start` to `stop`, both included. A step of nothing is refused by the function itself.
fn steps(start: i128, stop: i128, step: i128) -> u64 {
    let leads_away = (step > 0 && stop < start) || (step < 0 && stop > start);
    if step == 0 || leads_away {
        return 0;
    }
    u64::try_from((stop - start) / step).map_or(u64::MAX, |steps| steps.saturating_add(1))
}

/// The least that a step goes forwards, or backwards if negative. `None` if its parts point in both directions: such a step
/// may stand still, and the series would have no end.
fn shortest_nanoseconds(step: IntervalMonthDayNano) -> Option<i128> {
    let parts = [
        i128::from(step.months) * 28 * NANOSECONDS_A_DAY,
        // A day of a time zone may have 23 hours.
        i128::from(step.days) * 23 * (NANOSECONDS_A_DAY / 24),
        i128::from(step.nanoseconds),
    ];
    let has_both = parts.iter().any(|part| *part > 0) && parts.iter().any(|part| *part < 0);
    (!has_both).then(|| parts.iter().sum())
}

fn unit_nanoseconds(data_type: &DataType) -> i128 {
    match data_type {
        DataType::Date32 => NANOSECONDS_A_DAY,
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_as_many_values_as_it_has_steps_and_one() {
        for (start, stop, step, values) in [
            (1, 10, 1, 10),
            (1, 10, 4, 3),
            (10, 1, -3, 4),
            (10, 1, 1, 0),
            (1, 10, 0, 0),
            (i128::from(i64::MIN), i128::from(i64::MAX), 1, u64::MAX),
        ] {
            assert_eq!(steps(start, stop, step), values, "{start} {stop} {step}");
        }
    }

    #[test]
    fn a_step_in_both_directions_has_no_shortest() {
        assert_eq!(shortest_nanoseconds(IntervalMonthDayNano::new(1, -30, 0)), None);
        assert_eq!(shortest_nanoseconds(IntervalMonthDayNano::new(0, 0, -5)), Some(-5));
    }
}
