//! A function that looks at the sizes it is asked for before it is called.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::compute::concat;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::{DataFusionError, ExprSchema, Result, ScalarValue};
use datafusion::execution::memory_pool::human_readable_size;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, StructFieldMapping,
};

use super::growth::{Exactness, Growth};
use crate::error::{Error, ErrorCode};

/// One of DataFusion's functions, which is called only for results within a limit.
#[derive(Debug)]
pub(super) struct BoundedFunction {
    inner: Arc<ScalarUDF>,
    growth: Growth,
    limit_bytes: usize,
}

impl BoundedFunction {
    /// `function`, whose results grow as `growth` says, within `limit_bytes` a call.
    pub(super) fn new(function: &Arc<ScalarUDF>, growth: Growth, limit_bytes: usize) -> Self {
        Self {
            inner: Arc::clone(function),
            growth,
            limit_bytes,
        }
    }

    fn inner(&self) -> &dyn ScalarUDFImpl {
        self.inner.inner().as_ref()
    }

    /// The result, computed in halves as long as it is uncertain whether the whole is within the limit.
    fn call(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let bytes = self.growth.result_bytes(&args.args)?;
        if bytes <= self.limit_bytes as u64 {
            return self.inner().invoke_with_args(args);
        }
        let is_one_row = args.number_rows <= 1 || args.args.iter().all(is_scalar);
        if is_one_row || self.growth.exactness() == Exactness::Exact {
            return Err(self.too_large(bytes));
        }
        let (first, second) = halves(&args);
        let rows = (first.number_rows, second.number_rows);
        let first = self.call(first)?.into_array(rows.0)?;
        let second = self.call(second)?.into_array(rows.1)?;
        let bytes = first.get_array_memory_size() + second.get_array_memory_size();
        if bytes > self.limit_bytes {
            return Err(self.too_large(bytes as u64));
        }
        Ok(ColumnarValue::Array(concat(&[&first, &second])?))
    }

    /// The bytes of what the constants among `args` give alone.
    fn constant_bytes(&self, args: &[Expr]) -> u64 {
        let constants: Vec<_> = args
            .iter()
            .filter_map(|arg| match arg {
                Expr::Literal(value, _) => Some(ColumnarValue::Scalar(value.clone())),
                _ => None,
            })
            .collect();
        // Types that do not fit are told when the function is called.
        self.growth.result_bytes(&constants).unwrap_or(0)
    }

    fn too_large(&self, bytes: u64) -> DataFusionError {
        let message = format!(
            "\"{}\" would give {} in one call, and its share of the query's memory is {}: {}, or raise \
             workgroup.query_memory_limit_bytes",
            self.inner.name(),
            human_readable_size(usize::try_from(bytes).unwrap_or(usize::MAX)),
            human_readable_size(self.limit_bytes),
            self.growth.advice(),
        );
        DataFusionError::External(Box::new(Error::new(ErrorCode::ExceededMemoryLimit, message)))
    }
}

fn is_scalar(value: &ColumnarValue) -> bool {
    matches!(value, ColumnarValue::Scalar(_))
}

/// The same call for the first and for the second half of the rows.
fn halves(args: &ScalarFunctionArgs) -> (ScalarFunctionArgs, ScalarFunctionArgs) {
    let middle = args.number_rows / 2;
    let part = |from: usize, rows: usize| ScalarFunctionArgs {
        args: args.args.iter().map(|value| slice(value, from, rows)).collect(),
        arg_fields: args.arg_fields.clone(),
        number_rows: rows,
        return_field: Arc::clone(&args.return_field),
        config_options: Arc::clone(&args.config_options),
    };
    (part(0, middle), part(middle, args.number_rows - middle))
}

fn slice(value: &ColumnarValue, from: usize, rows: usize) -> ColumnarValue {
    match value {
        ColumnarValue::Array(array) => ColumnarValue::Array(array.slice(from, rows)),
        scalar @ ColumnarValue::Scalar(_) => scalar.clone(),
    }
}

/// The same function under the same limit is the same.
impl PartialEq for BoundedFunction {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner && self.limit_bytes == other.limit_bytes
    }
}

impl Eq for BoundedFunction {}

impl Hash for BoundedFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

/// Everything but the call is the inner function's.
#[deny(clippy::missing_trait_methods)]
impl ScalarUDFImpl for BoundedFunction {
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.call(args)
    }

    fn name(&self) -> &str {
        self.inner().name()
    }

    fn aliases(&self) -> &[String] {
        self.inner().aliases()
    }

    #[expect(deprecated, reason = "the library still asks for it")]
    fn display_name(&self, args: &[Expr]) -> Result<String> {
        self.inner().display_name(args)
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner().schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner().signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner().return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner().return_field_from_args(args)
    }

    #[expect(deprecated, reason = "the library still asks for it")]
    fn is_nullable(&self, args: &[Expr], schema: &dyn ExprSchema) -> bool {
        self.inner().is_nullable(args, schema)
    }

    fn is_strict(&self) -> bool {
        self.inner().is_strict()
    }

    /// None of the functions here looks at the configuration.
    fn with_updated_config(&self, _: &ConfigOptions) -> Option<ScalarUDF> {
        None
    }

    /// The library joins constants here, and puts its own function back, which knows no limit.
    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if self.constant_bytes(&args) > self.limit_bytes as u64 {
            return Ok(ExprSimplifyResult::Original(args));
        }
        Ok(match self.inner().simplify(args, info)? {
            ExprSimplifyResult::Simplified(Expr::ScalarFunction(call)) if !call.func.inner().is::<Self>() => {
                let func = super::bounded(&call.func, self.limit_bytes);
                ExprSimplifyResult::Simplified(Expr::ScalarFunction(ScalarFunction { func, ..call }))
            }
            other => other,
        })
    }

    fn preimage(&self, args: &[Expr], literal: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
        self.inner().preimage(args, literal, info)
    }

    fn conditional_arguments<'a>(&self, args: &'a [Expr]) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.inner().conditional_arguments(args)
    }

    fn short_circuits(&self) -> bool {
        self.inner().short_circuits()
    }

    fn evaluate_bounds(&self, input: &[&Interval]) -> Result<Interval> {
        self.inner().evaluate_bounds(input)
    }

    fn propagate_constraints(&self, interval: &Interval, inputs: &[&Interval]) -> Result<Option<Vec<Interval>>> {
        self.inner().propagate_constraints(interval, inputs)
    }

    fn struct_field_mapping(&self, literals: &[Option<ScalarValue>]) -> Option<StructFieldMapping> {
        self.inner().struct_field_mapping(literals)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.inner().output_ordering(inputs)
    }

    fn preserves_lex_ordering(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner().preserves_lex_ordering(inputs)
    }

    fn strictly_order_preserving(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner().strictly_order_preserving(inputs)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner().coerce_types(arg_types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner().documentation()
    }

    fn placement(&self, args: &[ExpressionPlacement]) -> ExpressionPlacement {
        self.inner().placement(args)
    }
}
