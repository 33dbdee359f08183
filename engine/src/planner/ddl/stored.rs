//! The rows of a query in the shape in which a table stores them.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement as Tree;
use std::sync::Arc;

use super::assign;
use crate::catalog::Column;
use crate::error::{Error, ErrorCode, Result};
use crate::name::{nearest, quoted};
use crate::planner::failure::from_datafusion;
use crate::planner::plan::{Effect, Plan};
use crate::planner::planning::Planning;
use crate::syntax;

/// The operators that give the rows to store, and the columns to store them as: in the operators' order.
pub struct Stored {
    /// The columns, partition columns last.
    pub columns: SchemaRef,
    operators: Arc<dyn ExecutionPlan>,
    state: SessionState,
}

impl Stored {
    /// The plan that runs the operators for `effect`.
    pub fn plan(self, planning: &Planning<'_>, effect: Effect) -> Plan {
        planning.plan(self.operators, self.state, effect)
    }
}

/// The rows of `tree` for a new table: its own columns, or under the names and types of `declared` by place; those named in
/// `partition_names` at the end.
///
/// # Errors
/// Those of planning; `TYPE_MISMATCH` for a column without a type, and for a declared one that would change its values;
/// `NOT_SUPPORTED` for a type that is not stored; `COLUMN_NOT_FOUND` for a partition column that is none of the query's;
/// `INVALID_VALUE` if another number of columns is declared than the query has.
pub async fn rows(
    planning: &Planning<'_>,
    tree: &Tree,
    declared: &[Column],
    partition_names: &[String],
) -> Result<Stored> {
    let types: Vec<DataType> = declared.iter().map(|column| column.data_type.clone()).collect();
    let (plan, state) = planning.logical(&syntax::cast_numbers(tree, &types)).await?;
    let given = plan.schema().columns();
    if !declared.is_empty() && declared.len() != given.len() {
        let message = format!(
            "the table declares {} columns and its query gives {}",
            declared.len(),
            given.len()
        );
        return Err(Error::new(ErrorCode::InvalidValue, message));
    }
    let zone = state.config_options().execution.time_zone.clone();
    let mut fields = Vec::with_capacity(given.len());
    for (index, field) in plan.schema().fields().iter().enumerate() {
        let field = match declared.get(index) {
            Some(column) => Field::new(&column.name, column.data_type.clone(), column.nullable),
            None => Field::new(field.name().to_lowercase(), stored_type(field, zone.as_deref())?, true),
        };
        refuse_twice(&fields, &field)?;
        assign::check(&field, &Expr::Column(given[index].clone()), &plan)?;
        fields.push(field);
    }
    let mut columns: Vec<(Field, Expr)> = fields.into_iter().zip(given.into_iter().map(Expr::Column)).collect();
    let mut last = Vec::with_capacity(partition_names.len());
    for name in partition_names {
        let Some(place) = columns.iter().position(|(field, _)| field.name() == name) else {
            let known = columns.iter().map(|(field, _)| field.name().as_str());
            return Err(no_column(name, "the query", known));
        };
        last.push(columns.remove(place));
    }
    columns.extend(last);
    project(planning, plan, state, columns).await
}

/// The rows of `plan` for a table that is there: for each of `columns` either an expression over the plan, or nothing, which is
/// NULL.
///
/// # Errors
/// Those of planning.
pub async fn into_columns(
    planning: &Planning<'_>,
    plan: LogicalPlan,
    state: SessionState,
    columns: Vec<(Field, Option<Expr>)>,
) -> Result<Stored> {
    for (field, value) in &columns {
        if let Some(value) = value {
            assign::check(field, value, &plan)?;
        }
    }
    let columns = columns
        .into_iter()
        .map(|(field, value)| (field, value.unwrap_or_else(|| lit(ScalarValue::Null))))
        .collect();
    project(planning, plan, state, columns).await
}

/// `columns` of `plan`, each with the type of its field.
async fn project(
    planning: &Planning<'_>,
    plan: LogicalPlan,
    state: SessionState,
    columns: Vec<(Field, Expr)>,
) -> Result<Stored> {
    let expressions = columns
        .iter()
        .map(|(field, value)| Ok(assign::cast_to(field, value.clone(), &plan, &state)?.alias(field.name())))
        .collect::<Result<Vec<_>>>()?;
    let plan = LogicalPlanBuilder::from(plan)
        .project(expressions)
        .and_then(LogicalPlanBuilder::build)
        .map_err(from_datafusion)?;
    let operators = planning.operators(&plan, &state).await?;
    let fields: Vec<Field> = columns.into_iter().map(|(field, _)| field).collect();
    Ok(Stored {
        columns: Arc::new(Schema::new(fields)),
        operators,
        state,
    })
}

/// The type in which the values of a query's column are stored: text and bytes in their one form, a dictionary as its values,
/// times of day in the unit that other engines read, moments that are shown in `zone`, which is the session's, in UTC.
fn stored_type(field: &Field, zone: Option<&str>) -> Result<DataType> {
    Ok(match field.data_type() {
        DataType::Null => {
            let name = quoted(field.name());
            let message = format!(
                "the column {name} has no type, it is NULL in every row; write CAST(NULL AS VARCHAR) AS {name}"
            );
            return Err(Error::new(ErrorCode::TypeMismatch, message));
        }
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => DataType::BinaryView,
        DataType::Dictionary(_, value) => {
            let value = Field::new(field.name(), value.as_ref().clone(), true);
            return stored_type(&value, zone);
        }
        DataType::RunEndEncoded(..) => {
            let name = quoted(field.name());
            let message = format!(
                "the column {name} is encoded in runs, which no format stores; write CAST(… AS VARCHAR) or its like"
            );
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
        DataType::ListView(element) => DataType::List(Arc::clone(element)),
        DataType::LargeListView(element) => DataType::LargeList(Arc::clone(element)),
        DataType::Timestamp(unit, Some(own)) if Some(own.as_ref()) == zone => {
            DataType::Timestamp(*unit, Some(Arc::from("UTC")))
        }
        DataType::Time32(_) => DataType::Time64(TimeUnit::Microsecond),
        // Whether its time of day means anything is not for its type to say.
        DataType::Date64 => {
            let name = quoted(field.name());
            let message = format!(
                "the column {name} is a date of 64 bits, which no format stores; write CAST(… AS DATE) AS {name}, or \
                 AS TIMESTAMP"
            );
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
        other => other.clone(),
    })
}

fn refuse_twice(fields: &[Field], field: &Field) -> Result<()> {
    if fields.iter().all(|known| known.name() != field.name()) {
        return Ok(());
    }
    Err(twice(field.name(), "the query"))
}

/// The error of two columns of one name.
pub fn twice(name: &str, of: &str) -> Error {
    let message = format!(
        "two columns of {of} are named {}; give one another name with AS",
        quoted(name)
    );
    Error::new(ErrorCode::AlreadyExists, message)
}

/// How many columns an error names at most.
const COLUMNS_NAMED: usize = 12;

/// `COLUMN_NOT_FOUND` with the nearest of `known`.
pub fn no_column<'a>(name: &str, of: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = known.into_iter().collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("; did you mean {}?", quoted(near)),
        None if known.len() <= COLUMNS_NAMED => format!("; it has {}", known.join(", ")),
        None => String::new(),
    };
    let message = format!("{of} has no column {}{hint}", quoted(name));
    Error::new(ErrorCode::ColumnNotFound, message)
}
