//! Numbers in a statement that DataFusion 55.2 takes memory for before it looks at a row, and without asking for it.
//!
//! `CAST(NULL AS INT[1000000000])` is a value of 4 GB, and `approx_percentile_cont(x, 0.5, 2000000000)` asks for 32 GB, which
//! ends the process if they cannot be had.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::error::{Error, ErrorCode, Result};
use crate::planner::from_datafusion;

/// The largest value of a type of a fixed size, in bytes: a batch has thousands of them, NULL or not.
const VALUE_LIMIT_BYTES: u64 = 64 << 10;

/// The most centroids of an approximate percentile. A hundred are the default, thousands are exact for most ends.
const CENTROID_LIMIT: i128 = 10_000;

/// Functions that take a type as text, and its place among their arguments.
const TYPED_BY_TEXT: &[(&str, usize)] = &[("arrow_cast", 1), ("arrow_try_cast", 1)];

/// Aggregates that take a number of centroids, and its place among their arguments.
const WITH_CENTROIDS: &[(&str, usize)] = &[("approx_percentile_cont", 2), ("approx_percentile_cont_with_weight", 3)];

/// Refuses the plan if a number in it asks for that much.
///
/// # Errors
///
/// `EXCEEDED_MEMORY_LIMIT`; `NOT_SUPPORTED` for a number of centroids that is no number.
pub fn check(plan: &LogicalPlan) -> Result<()> {
    let mut refused = None;
    let walk = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                Ok(match check_expr(part) {
                    Ok(()) => TreeNodeRecursion::Continue,
                    Err(error) => {
                        refused.get_or_insert(error);
                        TreeNodeRecursion::Stop
                    }
                })
            })
        })
    });
    walk.map_err(from_datafusion)?;
    refused.map_or(Ok(()), Err)
}

fn check_expr(expr: &Expr) -> Result<()> {
    match expr {
        Expr::Cast(cast) => check_type(cast.field.data_type()),
        Expr::TryCast(cast) => check_type(cast.field.data_type()),
        Expr::ScalarFunction(call) => match argument(TYPED_BY_TEXT, call.name(), &call.args) {
            // What is no type is told by the function itself.
            Some(Expr::Literal(text, _)) => match text.try_as_str().flatten().map(str::parse) {
                Some(Ok(data_type)) => check_type(&data_type),
                _ => Ok(()),
            },
            _ => Ok(()),
        },
        Expr::AggregateFunction(call) => {
            let centroids = argument(WITH_CENTROIDS, call.func.name(), &call.params.args);
            centroids.map_or(Ok(()), |centroids| check_centroids(call.func.name(), centroids))
        }
        _ => Ok(()),
    }
}

/// The argument at the place that `places` has for the function `name`.
fn argument<'a>(places: &[(&str, usize)], name: &str, args: &'a [Expr]) -> Option<&'a Expr> {
    let (_, place) = places.iter().find(|(known, _)| *known == name)?;
    args.get(*place)
}

fn check_type(data_type: &DataType) -> Result<()> {
    let bytes = fixed_bytes(data_type);
    if bytes <= VALUE_LIMIT_BYTES {
        return Ok(());
    }
    let message = format!(
        "one value of the type {data_type} takes {bytes} bytes, and {VALUE_LIMIT_BYTES} is the most: use a list without a \
         fixed size, such as INT[]"
    );
    Err(Error::new(ErrorCode::ExceededMemoryLimit, message))
}

/// The bytes of any value of the type, NULL included.
fn fixed_bytes(data_type: &DataType) -> u64 {
    match data_type {
        DataType::FixedSizeBinary(bytes) => u64::try_from(*bytes).unwrap_or(0),
        DataType::FixedSizeList(element, length) => {
            fixed_bytes(element.data_type()).saturating_mul(u64::try_from(*length).unwrap_or(0))
        }
        DataType::Struct(fields) => fields.iter().map(|field| fixed_bytes(field.data_type())).sum(),
        DataType::List(element) | DataType::LargeList(element) | DataType::Map(element, _) => {
            // An empty list has no elements, but a list of one has one.
            fixed_bytes(element.data_type())
        }
        other => other.primitive_width().unwrap_or(1) as u64,
    }
}

fn check_centroids(function: &str, centroids: &Expr) -> Result<()> {
    let number = match centroids {
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => i128::from(*number),
        Expr::Literal(ScalarValue::UInt64(Some(number)), _) => i128::from(*number),
        _ => {
            let message =
                format!("the number of centroids of \"{function}\" must be written as a number, such as 1000");
            return Err(Error::new(ErrorCode::NotSupported, message));
        }
    };
    if number <= CENTROID_LIMIT {
        return Ok(());
    }
    let message = format!("\"{function}\" has at most {CENTROID_LIMIT} centroids, not {number}");
    Err(Error::new(ErrorCode::ExceededMemoryLimit, message))
}
