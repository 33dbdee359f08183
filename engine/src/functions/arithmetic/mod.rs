//! Arithmetic that fails on overflow.
//!
//! DataFusion plans `a + b` as an expression that wraps around, and has no option against it. After types are known, the
//! rule here puts a function of ours in the place of each operator whose result may not fit its type; everything else,
//! such as floats and decimals with digits to spare, stays as it was. It has to happen in the logical plan: constants
//! are folded there, before a physical plan exists. A function whose evaluation fails is not folded, so an overflow
//! in a branch that no row takes is none.

mod negate;
mod operation;
mod rule;

pub(super) use rule::CheckArithmetic;
