//! The moment that a literal of a statement is.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::{Cast, Expr};
use std::sync::Arc;

/// Nanoseconds in a microsecond.
const NANOSECONDS: i128 = 1_000;

/// A moment that a statement writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    nanoseconds: i128,
}

impl Moment {
    /// The moment that `expr` is if it is compared with a time of `zone`; `None` if it is none, or has a zone and the other has none.
    pub(super) fn read(expr: &Expr, zone: Option<&Arc<str>>) -> Option<Self> {
        match expr {
            Expr::Alias(Alias { expr, .. }) => Self::read(expr, zone),
            Expr::Literal(value, _) => Self::of(value, zone),
            Expr::Cast(Cast { expr, field }) => {
                let Expr::Literal(value, _) = expr.as_ref() else {
                    return None;
                };
                let text = value.try_as_str()??;
                match field.data_type() {
                    DataType::Date32 => Self::of(&value.cast_to(&DataType::Date32).ok()?, zone),
                    DataType::Timestamp(_, own) => {
                        if own.is_some() && zone.is_none() {
                            return None;
                        }
                        let own = own.as_ref().or(zone);
                        Self::of_text(text, own, field.data_type())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn of(value: &ScalarValue, zone: Option<&Arc<str>>) -> Option<Self> {
        if let Some(text) = value.try_as_str() {
            return Self::of_text(text?, zone, &DataType::Timestamp(TimeUnit::Nanosecond, None));
        }
        match value.data_type() {
            DataType::Date32 | DataType::Timestamp(_, None) => {
                let local = match value {
                    // A date has no zone to be cast through.
                    ScalarValue::Date32(_) => value.cast_to(&DataType::Timestamp(TimeUnit::Microsecond, None)).ok()?,
                    other => other.clone(),
                };
                let unit = unit_of(&local)?;
                count(&local.cast_to(&DataType::Timestamp(unit, zone.cloned())).ok()?)
            }
            DataType::Timestamp(_, Some(_)) if zone.is_some() => count(value),
            _ => None,
        }
    }

    /// The moment that `text` says as a literal of the type `of`: to its nanosecond, or to the microsecond before where those end.
    fn of_text(text: &str, zone: Option<&Arc<str>>, of: &DataType) -> Option<Self> {
        let text = ScalarValue::from(text);
        let in_unit = |unit| count(&text.cast_to(&DataType::Timestamp(unit, zone.cloned())).ok()?);
        match of {
            DataType::Timestamp(unit, _) if *unit != TimeUnit::Nanosecond => in_unit(*unit),
            _ => in_unit(TimeUnit::Nanosecond).or_else(|| in_unit(TimeUnit::Microsecond)),
        }
    }

    /// Whether nanoseconds of 64 bits count it.
    pub(super) fn is_near(self) -> bool {
        i64::try_from(self.nanoseconds).is_ok()
    }

    /// The last time in `unit` that is not after it, if 64 bits count that, and whether it is the moment itself.
    pub(super) fn floor(self, unit: TimeUnit, zone: Option<&Arc<str>>) -> Option<(ScalarValue, bool)> {
        let size = size(unit);
        let count = Some(i64::try_from(self.nanoseconds.div_euclid(size)).ok()?);
        let zone = zone.cloned();
        let value = match unit {
            TimeUnit::Second => ScalarValue::TimestampSecond(count, zone),
            TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(count, zone),
            TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(count, zone),
            TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(count, zone),
        };
        Some((value, self.nanoseconds.rem_euclid(size) == 0))
    }
}

/// Nanoseconds in one of `unit`.
fn size(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => NANOSECONDS * 1_000_000,
        TimeUnit::Millisecond => NANOSECONDS * 1_000,
        TimeUnit::Microsecond => NANOSECONDS,
        TimeUnit::Nanosecond => 1,
    }
}

fn unit_of(value: &ScalarValue) -> Option<TimeUnit> {
    match value.data_type() {
        DataType::Timestamp(unit, _) => Some(unit),
        _ => None,
    }
}

fn count(value: &ScalarValue) -> Option<Moment> {
    let (count, unit) = match value {
        ScalarValue::TimestampSecond(count, _) => (*count, TimeUnit::Second),
        ScalarValue::TimestampMillisecond(count, _) => (*count, TimeUnit::Millisecond),
        ScalarValue::TimestampMicrosecond(count, _) => (*count, TimeUnit::Microsecond),
        ScalarValue::TimestampNanosecond(count, _) => (*count, TimeUnit::Nanosecond),
        _ => return None,
    };
    Some(Moment {
        nanoseconds: i128::from(count?) * size(unit),
    })
}
