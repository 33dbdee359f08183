//! stub
use datafusion::execution::session_state::SessionStateBuilder;
pub fn register(builder: SessionStateBuilder) -> SessionStateBuilder { builder }
