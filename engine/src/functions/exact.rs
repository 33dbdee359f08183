//! The analyzer rule that compares decimals with the numbers that a statement writes, and not with the doubles next to them.
//!
//! DataFusion reads `17.99` as a double and, where it meets a decimal, makes 17.989999999999998 of it: no row is equal to that.
//! A literal alone stays a double, as there; only where it is compared with a decimal, or cast to one, it becomes the decimal
//! that its shortest text says. What is compared has to be seen before type coercion, which casts both sides to decimals of 15
//! places; a branch of CASE, an argument of `coalesce` or a row of UNION after it, in the type that it gives them.

use arrow::array::ArrowNativeTypeOp;
use arrow::datatypes::{DataType, i256};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{Alias, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator, TryCast, lit};
use datafusion::optimizer::AnalyzerRule;

use super::walk::{columns_of, rewrite_expressions};
use crate::syntax::Numeral;

/// The digits of the widest decimal that is computed with at its own speed, and of the widest that there is.
const NARROW: usize = 38;
const WIDE: usize = 76;

/// Puts exact decimals in the place of number literals that are compared with decimals or cast to them.
#[derive(Debug)]
pub(super) struct ExactDecimals;

impl AnalyzerRule for ExactDecimals {
    fn name(&self) -> &'static str {
        "exact_decimals"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(exact_node).map(|plan| plan.data)
    }
}

fn exact_node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = columns_of(&plan)?;
    rewrite_expressions(plan, |expr| expr.transform_up(|expr| Ok(exact(expr, &schema))))
}

fn exact(mut expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let changed = match &mut expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => compare(&mut [left, right], schema),
        Expr::Between(between) => compare(&mut [&mut between.expr, &mut between.low, &mut between.high], schema),
        Expr::InList(list) => {
            let mut operands: Vec<&mut Expr> = vec![&mut list.expr];
            operands.extend(&mut list.list);
            compare(&mut operands, schema)
        }
        Expr::Case(case) => case.expr.as_mut().is_some_and(|operand| {
            let mut operands: Vec<&mut Expr> = vec![operand];
            operands.extend(case.when_then_expr.iter_mut().map(|(when, _)| when.as_mut()));
            compare(&mut operands, schema)
        }),
        Expr::Cast(Cast { expr, field }) | Expr::TryCast(TryCast { expr, field }) => {
            field.data_type().is_decimal() && write_out(expr)
        }
        Expr::ScalarFunction(call) if matches!(call.func.name(), "arrow_cast" | "arrow_try_cast") => {
            is_decimal_call(call, schema) && call.args.first_mut().is_some_and(write_out)
        }
        _ => false,
    };
    if changed {
        Transformed::yes(expr)
    } else {
        Transformed::no(expr)
    }
}

/// Whether both sides of `operator` are values of one kind that are compared.
pub(super) fn compares(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

fn is_decimal_call(call: &ScalarFunction, schema: &DFSchema) -> bool {
    let call = Expr::ScalarFunction(call.clone());
    call.get_type(schema).is_ok_and(|data_type| data_type.is_decimal())
}

/// Puts the text of a number in its place, which a cast rounds once, and not twice. A text longer than any decimal is no better.
fn write_out(expr: &mut Expr) -> bool {
    match literal(expr) {
        Some(Literal {
            number,
            kind: Kind::Double,
        }) if number.whole() + number.scale() <= NARROW => {
            *expr = lit(number.to_string());
            true
        }
        _ => false,
    }
}

/// A number that a statement writes.
struct Literal {
    number: Numeral,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Double,
    /// What `17.98 + 0.01` is before a double is made of it.
    Computed,
    /// Text that is cast to a decimal which holds all of it.
    Decimal,
}

fn literal(expr: &Expr) -> Option<Literal> {
    let read = |text: String, kind| Numeral::parse(&text).map(|number| Literal { number, kind });
    match expr {
        Expr::Literal(value, _) => match value {
            ScalarValue::Float64(Some(value)) => read(value.to_string(), Kind::Double),
            ScalarValue::Float32(Some(value)) => read(value.to_string(), Kind::Double),
            ScalarValue::Int64(Some(value)) => read(value.to_string(), Kind::Integer),
            ScalarValue::UInt64(Some(value)) => read(value.to_string(), Kind::Integer),
            _ => None,
        },
        Expr::Negative(inner) => literal(inner).map(|Literal { number, kind }| Literal {
            number: number.negated(),
            kind,
        }),
        Expr::Alias(Alias { expr, .. }) => literal(expr),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (left, right) = (literal(left)?, literal(right)?);
            // Integers are computed with as integers, which may overflow.
            if left.kind == Kind::Integer && right.kind == Kind::Integer {
                return None;
            }
            computed(&left.number, *op, &right.number).map(|number| Literal {
                number,
                kind: Kind::Computed,
            })
        }
        Expr::Cast(Cast { expr, field }) => match expr.as_ref() {
            Expr::Literal(ScalarValue::Utf8(Some(text)), _) => {
                let held = Digits::of(field.data_type()).filter(|_| field.data_type().is_decimal())?;
                let number = Numeral::parse(text)?;
                let is_whole = number.whole() <= held.whole && number.scale() <= held.scale;
                is_whole.then_some(Literal {
                    number,
                    kind: Kind::Decimal,
                })
            }
            _ => None,
        },
        _ => None,
    }
}

/// The exact sum, difference or product, if 76 digits hold it.
fn computed(left: &Numeral, operator: Operator, right: &Numeral) -> Option<Numeral> {
    let at = |number: &Numeral, scale| i256::from_string(&number.unscaled(scale));
    let common = left.scale().max(right.scale());
    let (unscaled, scale) = match operator {
        Operator::Plus => (at(left, common)?.add_checked(at(right, common)?), common),
        Operator::Minus => (at(left, common)?.sub_checked(at(right, common)?), common),
        Operator::Multiply => {
            let product = at(left, left.scale())?.mul_checked(at(right, right.scale())?);
            (product, left.scale() + right.scale())
        }
        _ => return None,
    };
    Numeral::parse(&unscaled.ok()?.to_string()).map(|whole| whole.shifted(scale))
}

/// The digits of a decimal type, before and behind the point.
#[derive(Clone, Copy, Default)]
struct Digits {
    whole: usize,
    scale: usize,
}

impl Digits {
    /// Those that DataFusion gives the values of a decimal or integer type.
    fn of(data_type: &DataType) -> Option<Self> {
        let (whole, scale) = match data_type {
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale) => (i16::from(*precision) - i16::from(*scale), *scale),
            DataType::Int8 | DataType::UInt8 => (3, 0),
            DataType::Int16 | DataType::UInt16 => (5, 0),
            DataType::Int32 | DataType::UInt32 => (10, 0),
            DataType::Int64 | DataType::UInt64 => (20, 0),
            DataType::Dictionary(_, value) => return Self::of(value),
            _ => return None,
        };
        Some(Self {
            whole: usize::try_from(whole).unwrap_or(0),
            scale: usize::try_from(scale).unwrap_or(0),
        })
    }

    fn and(self, whole: usize, scale: usize) -> Self {
        Self {
            whole: self.whole.max(whole),
            scale: self.scale.max(scale),
        }
    }

    fn and_number(self, number: &Numeral) -> Self {
        self.and(number.whole(), number.scale())
    }

    fn precision(self) -> usize {
        self.whole + self.scale
    }

    /// `number`, which has no more digits than these, as a decimal of just these.
    fn decimal(self, number: &Numeral) -> Option<ScalarValue> {
        let unscaled = number.unscaled(self.scale);
        let (precision, scale) = (u8::try_from(self.precision()).ok()?, i8::try_from(self.scale).ok()?);
        if self.precision() <= NARROW {
            return Some(ScalarValue::Decimal128(Some(unscaled.parse().ok()?), precision, scale));
        }
        Some(ScalarValue::Decimal256(
            Some(i256::from_string(&unscaled)?),
            precision,
            scale,
        ))
    }
}

/// Gives the literals among `operands`, which are compared with one another or with the first of them, the one decimal type that
/// holds them and all that they are compared with; whether there was need of it.
fn compare(operands: &mut [&mut Expr], schema: &DFSchema) -> bool {
    let mut literals: Vec<Option<Literal>> = operands.iter().map(|operand| literal(operand)).collect();
    if literals.iter().all(Option::is_none) {
        return false;
    }
    let Some(compared) = compared(operands, &literals, schema) else {
        return false;
    };
    let kinds = || literals.iter().flatten().map(|literal| literal.kind);
    let integers = if kinds().any(|kind| kind == Kind::Integer) {
        20
    } else {
        0
    };
    // DataFusion is right about integers, unless the type that holds both is wider than it makes one.
    if kinds().all(|kind| kind == Kind::Integer) && compared.and(integers, 0).precision() <= NARROW {
        return false;
    }
    let all = |literals: &[Option<Literal>]| {
        let numbers = literals.iter().flatten().map(|literal| &literal.number);
        numbers.fold(compared, Digits::and_number)
    };
    if all(&literals).precision() > WIDE {
        if !compared_with_bounded(operands, &literals, schema) {
            return false;
        }
        for literal in literals.iter_mut().flatten() {
            literal.number = literal.number.among(compared.whole, compared.scale);
        }
    }
    let digits = all(&literals);
    if digits.precision() > WIDE {
        return false;
    }
    let decimals: Vec<Option<ScalarValue>> = literals
        .iter()
        .map(|literal| digits.decimal(&literal.as_ref()?.number))
        .collect();
    for (operand, decimal) in operands.iter_mut().zip(decimals) {
        if let Some(decimal) = decimal {
            **operand = lit(decimal);
        }
    }
    true
}

/// Whether each literal is compared with values alone that have a bounded number of digits, and with no other literal.
fn compared_with_bounded(operands: &[&mut Expr], literals: &[Option<Literal>], schema: &DFSchema) -> bool {
    let is_bounded = |place: usize| {
        let data_type = operands.get(place).and_then(|operand| operand.get_type(schema).ok());
        literals.get(place).is_some_and(Option::is_none) && data_type.is_some_and(|one| Digits::of(&one).is_some())
    };
    is_bounded(0) || (operands.len() == 2 && is_bounded(1))
}

/// The digits of all operands that are no literals, if one of the operands is a decimal.
fn compared(operands: &[&mut Expr], literals: &[Option<Literal>], schema: &DFSchema) -> Option<Digits> {
    let mut compared = Digits::default();
    let mut any_decimal = false;
    for (operand, literal) in operands.iter().zip(literals) {
        if let Some(literal) = literal {
            any_decimal |= literal.kind == Kind::Decimal;
            continue;
        }
        // An operand without a type is what type coercion complains of.
        let Ok(data_type) = operand.get_type(schema) else {
            continue;
        };
        let value_type = match &data_type {
            DataType::Dictionary(_, value) => value.as_ref(),
            other => other,
        };
        any_decimal |= value_type.is_decimal();
        if let Some(digits) = Digits::of(value_type) {
            compared = compared.and(digits.whole, digits.scale);
        }
    }
    any_decimal.then_some(compared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{Field, Schema};
    use datafusion::logical_expr::{cast, col};

    fn check(expr: Expr, expected: &str) {
        let columns = [
            ("price", DataType::Decimal128(12, 2)),
            ("wide", DataType::Decimal128(38, 20)),
            ("ratio", DataType::Float64),
        ];
        let fields = columns.map(|(name, data_type)| Field::new(name, data_type, true));
        let schema = DFSchema::try_from(Schema::new(fields.to_vec())).unwrap();
        let rewritten = expr.clone().transform_up(|expr| Ok(exact(expr, &schema))).unwrap();
        assert_eq!(rewritten.data.to_string(), expected, "{expr}");
        assert_eq!(rewritten.transformed, expr.to_string() != expected);
        let again = rewritten
            .data
            .clone()
            .transform_up(|expr| Ok(exact(expr, &schema)))
            .unwrap();
        assert_eq!(again.data, rewritten.data);
    }

    #[test]
    fn a_literal_takes_the_type_of_what_it_is_compared_with_or_one_that_holds_both() {
        check(col("price").eq(lit(17.99)), "price = Decimal128(17.99,12,2)");
        check(lit(17.99).alias("a").gt(col("price")), "Decimal128(17.99,12,2) > price");
        check(col("price").lt(-lit(0.125)), "price < Decimal128(-0.125,13,3)");
        check(
            col("price").in_list(vec![lit(0.5), lit(3_i64)], false),
            "price IN ([Decimal128(0.50,12,2), Decimal128(3.00,12,2)])",
        );
        check(
            col("price").between(lit(0.06) - lit(0.01), lit(0.06) + lit(0.01)),
            "price BETWEEN Decimal128(0.05,12,2) AND Decimal128(0.07,12,2)",
        );
        check(
            col("wide").gt(lit(1e20)),
            "wide > Decimal256(100000000000000000000.00000000000000000000,41,20)",
        );
        check(col("price").gt(lit(1e300)), "price > Decimal128(10000000000.00,13,2)");
        check(
            col("wide").eq(lit(5_i64)),
            "wide = Decimal128(5.00000000000000000000,38,20)",
        );
    }

    #[test]
    fn what_is_no_decimal_stays_as_it_is() {
        for expr in [
            col("ratio").eq(lit(17.99)),
            col("price").eq(lit(17_i64)),
            col("price").eq(col("ratio")),
            col("price").eq(lit(f64::NAN)),
            col("price") + lit(17.99),
            lit(17.98).eq(lit(17.98)),
            cast(lit(17.99), DataType::Float32),
        ] {
            check(expr.clone(), &expr.to_string());
        }
        check(
            cast(lit(1.005), DataType::Decimal128(20, 2)),
            "CAST(Utf8(\"1.005\") AS Decimal128(20, 2))",
        );
    }
}
