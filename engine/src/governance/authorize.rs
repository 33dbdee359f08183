//! The decision whether a principal may run a statement.

use super::Principal;
use crate::error::Result;
use crate::syntax::Statement;

/// The proof that a principal may run one statement. Planning demands it; only [`authorize`] makes it.
#[derive(Clone, Debug)]
pub struct Authorization {
    principal: Principal,
}

impl Authorization {
    /// Who was allowed.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}

/// Decides whether `principal` may run `statement`.
///
/// Everybody may run every statement so far. What they reach is bounded by the principal's storage
/// access, which the tables of the statement are opened with.
///
/// # Errors
/// `PERMISSION_DENIED` that names what is missing.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the door is real before the first rule that refuses"
)]
pub fn authorize(principal: &Principal, statement: &Statement) -> Result<Authorization> {
    // Everything that a statement can reach is bounded by what its principal's storage access opens and, from the first
    // roles on, by its kind.
    let _ = statement.kind();
    Ok(Authorization {
        principal: principal.clone(),
    })
}
