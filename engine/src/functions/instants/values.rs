//! VALUES with a literal that nanoseconds do not reach.

use arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::{Cast, Expr, LogicalPlan, LogicalPlanBuilder, Values, cast, lit};
use std::sync::Arc;

use super::literal::Moment;

/// `values` with microseconds in each column that has such a literal, if there is one and the column holds literals alone that are
/// the same in microseconds; their types are those that they were planned with, which other expressions do not change.
///
/// # Errors
/// `DataFusion`'s, if the plan cannot be put together.
pub(super) fn far_values(values: &Values) -> Result<Option<LogicalPlan>> {
    let mut rows = values.values.clone();
    let mut fields: Vec<Field> = values
        .schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    let mut any_far = false;
    for (place, field) in fields.iter_mut().enumerate() {
        let DataType::Timestamp(TimeUnit::Nanosecond, zone) = field.data_type().clone() else {
            continue;
        };
        let is_far = |row: &Vec<Expr>| Moment::read(&row[place], zone.as_ref()).is_some_and(|moment| !moment.is_near());
        if !rows.iter().any(is_far) {
            continue;
        }
        for row in &mut rows {
            let Some(cell) = in_microseconds(&row[place], zone.as_ref()) else {
                return Ok(None);
            };
            row[place] = cell;
        }
        *field = field
            .clone()
            .with_data_type(DataType::Timestamp(TimeUnit::Microsecond, zone));
        any_far = true;
    }
    if !any_far {
        return Ok(None);
    }
    let schema = Arc::new(DFSchema::from_unqualified_fields(
        fields.into(),
        values.schema.metadata().clone(),
    )?);
    LogicalPlanBuilder::values_with_schema(rows, &schema)?.build().map(Some)
}

/// A literal, or NULL, in microseconds, if it is the same there.
fn in_microseconds(cell: &Expr, zone: Option<&Arc<str>>) -> Option<Expr> {
    let microseconds = DataType::Timestamp(TimeUnit::Microsecond, zone.cloned());
    let literal = match cell {
        Expr::Cast(Cast { expr, .. }) => expr.as_ref(),
        other => other,
    };
    if matches!(literal, Expr::Literal(value, _) if value.is_null()) {
        return ScalarValue::try_new_null(&microseconds).ok().map(lit);
    }
    let (_, is_exact) = Moment::read(cell, zone)?.floor(TimeUnit::Microsecond, zone)?;
    is_exact.then(|| cast(literal.clone(), microseconds))
}
