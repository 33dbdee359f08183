//! USE: which database names without one belong to.

use super::place;
use crate::error::Result;
use crate::planner::plan::Plan;
use crate::planner::planning::Planning;
use crate::planner::session::SessionChange;
use crate::syntax::DatabaseReference;

/// Names without a database mean this one from now on. It must be there.
pub async fn use_database(planning: &Planning<'_>, named: &DatabaseReference) -> Result<Plan> {
    let database = place::database(planning, named).await?;
    let change = SessionChange::Use {
        catalog: planning.defaults().catalog.clone(),
        database: database.name,
    };
    planning.session_change(change).await
}
