//! Which values may be stored in a column of another type, and how they get there.

use arrow::datatypes::{DataType, Field};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, cast};
use std::sync::Arc;

use crate::catalog::types;
use crate::error::{Error, ErrorCode, Result};
use crate::name::quoted;
use crate::planner::failure::from_datafusion;

/// Refuses a value that INSERT would change without a word: a fraction for a whole number, a number for a date. A value of the right
/// kind that is out of range is an error when it is met.
///
/// # Errors
/// `TYPE_MISMATCH` that names the column and both types.
pub fn check(field: &Field, value: &Expr, plan: &LogicalPlan) -> Result<()> {
    let given = value.get_type(plan.schema().as_ref()).map_err(from_datafusion)?;
    if !changes(&given, field.data_type()) {
        return Ok(());
    }
    let (name, wanted) = (quoted(field.name()), types::name(field.data_type()));
    let given = types::name(&given);
    let message = format!(
        "the column {name} is {wanted} and the value for it is {given}, which would be changed; \
         write CAST(… AS {wanted}) if that is meant"
    );
    Err(Error::new(ErrorCode::TypeMismatch, message))
}

/// Whether a cast from `from` to `to` changes values without an error.
fn changes(from: &DataType, to: &DataType) -> bool {
    let is_fraction = |data_type: &DataType| data_type.is_floating() || data_type.is_decimal();
    let is_date = |data_type: &DataType| matches!(data_type, DataType::Date32 | DataType::Date64);
    let is_time = |data_type: &DataType| {
        matches!(
            data_type,
            DataType::Timestamp(..) | DataType::Time32(_) | DataType::Time64(_)
        )
    };
    match (from, to) {
        (DataType::Dictionary(_, value), to) => changes(value, to),
        (DataType::Boolean, to) => to.is_numeric(),
        (from, DataType::Boolean) => from.is_numeric(),
        (from, to) if is_fraction(from) => to.is_integer() || is_date(to) || is_time(to),
        (from, to) if from.is_integer() => is_date(to) || is_time(to),
        (from, to) if is_date(from) || is_time(from) => to.is_numeric() || (is_time(from) && is_date(to)),
        _ => false,
    }
}

/// `value` as the type of `field`. A time without a zone is one of the session's zone where the column has a zone.
///
/// # Errors
/// Those of the types of `value`.
pub fn cast_to(field: &Field, value: Expr, plan: &LogicalPlan, state: &SessionState) -> Result<Expr> {
    let wanted = field.data_type();
    let given = value.get_type(plan.schema().as_ref()).map_err(from_datafusion)?;
    let has_zone = matches!(&given, DataType::Timestamp(_, Some(_)));
    if let DataType::Timestamp(precise, Some(_)) = wanted
        && !has_zone
        && let Some(zone) = &state.config_options().execution.time_zone
    {
        // In the unit of the column, which holds what nanoseconds do not reach, and of a text as many digits as it takes.
        let local = DataType::Timestamp(*precise, Some(Arc::from(zone.as_str())));
        return Ok(cast(cast(value, local), wanted.clone()));
    }
    Ok(cast(value, wanted.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::TimeUnit;

    fn check(from: DataType, to: DataType, changed: bool) {
        assert_eq!(changes(&from, &to), changed, "{from} to {to}");
    }

    #[test]
    fn what_a_cast_would_change_is_refused_and_what_it_checks_is_not() {
        use DataType::{Boolean, Date32, Decimal128, Float64, Int8, Int32, Int64, Timestamp, Utf8View};
        let micros = || Timestamp(TimeUnit::Microsecond, None);
        check(Int64, Int8, false);
        check(Int64, Decimal128(10, 2), false);
        check(Int64, Float64, false);
        check(Float64, Decimal128(10, 2), false);
        check(Utf8View, Int32, false);
        check(Date32, micros(), false);
        check(DataType::Null, Int32, false);
        check(Timestamp(TimeUnit::Nanosecond, None), micros(), false);
        check(Float64, Int32, true);
        check(Decimal128(10, 2), Int64, true);
        check(Boolean, Int32, true);
        check(Int64, Boolean, true);
        check(Int64, Date32, true);
        check(Int64, micros(), true);
        check(micros(), Date32, true);
    }
}
