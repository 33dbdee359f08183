//! SET and RESET: the settings of a session, by the list of those that it may change.

use crate::error::Result;
use crate::planner::plan::Plan;
use crate::planner::planning::Planning;
use crate::planner::session::SessionChange;
use crate::planner::settings::SessionSettings;

/// Sets one setting of the session, or puts it back to its default.
pub async fn set(planning: &Planning<'_>, name: &str, value: Option<&str>) -> Result<Plan> {
    let settings = planning.session().settings.with(name, value)?;
    planning.session_change(SessionChange::Settings(settings)).await
}

/// Puts every setting of the session back to its default.
pub async fn reset_all(planning: &Planning<'_>) -> Result<Plan> {
    let settings = SessionSettings::default();
    planning.session_change(SessionChange::Settings(settings)).await
}
