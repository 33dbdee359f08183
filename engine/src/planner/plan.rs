//! Planning one statement.

use arrow::datatypes::SchemaRef;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::failure::from_datafusion;
use super::interrupt::interruptible;
use super::{deep_stack, guard, state};
use crate::catalog::Catalog;
use crate::error::{Error, ErrorCode, Result};
use crate::formats;
use crate::governance::{self, Authorization, Defaults, Sources};
use crate::storage::QueryStorage;
use crate::syntax::{Command, Statement};

/// What will run: the physical plan of one authorized statement, and the environment that it was made for.
#[derive(Clone, Debug)]
pub struct Plan {
    physical: Arc<dyn ExecutionPlan>,
    state: Arc<SessionState>,
    interrupt: CancellationToken,
}

impl Plan {
    /// The columns of the result.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.physical.schema()
    }

    /// The operators.
    #[must_use]
    pub fn physical(&self) -> &Arc<dyn ExecutionPlan> {
        &self.physical
    }

    /// Settings, functions and stores of the query, with a memory pool that nobody granted yet.
    #[must_use]
    pub fn state(&self) -> &SessionState {
        &self.state
    }

    /// To be cancelled by whoever runs the plan when nobody wants the result any more: operators that compute for long
    /// without a pause then fail.
    #[must_use]
    pub fn interrupt(&self) -> &CancellationToken {
        &self.interrupt
    }
}

/// Makes plans over one catalogue.
#[derive(Clone, Debug)]
pub struct Planner {
    template: Arc<SessionState>,
    catalog: Arc<dyn Catalog>,
    formats: Arc<formats::Settings>,
}

impl Planner {
    /// A planner whose plans read scans in `target_partitions` parts, and whose functions give at most `call_limit_bytes` in
    /// one call.
    pub fn new(
        catalog: Arc<dyn Catalog>,
        formats: formats::Settings,
        target_partitions: usize,
        call_limit_bytes: usize,
    ) -> Self {
        Self {
            template: Arc::new(state::template(target_partitions, call_limit_bytes)),
            catalog,
            formats: Arc::new(formats),
        }
    }

    /// Plans `statement`: resolves its names, listing and reading footers through `storage`, and lets `DataFusion` plan and
    /// optimize it. Runs on a thread of its own.
    ///
    /// Dropping the future, or `cancel`, ends the thread at its next wait; what computes runs to its end.
    ///
    /// # Errors
    /// `TABLE_NOT_FOUND`, `COLUMN_NOT_FOUND`, `TYPE_MISMATCH` and whatever else names, types and files can be wrong in;
    /// `NOT_SUPPORTED` for what `DataFusion` cannot do or would answer wrongly.
    pub async fn plan(
        &self,
        statement: Arc<Statement>,
        authorization: Authorization,
        defaults: Defaults,
        storage: Arc<QueryStorage>,
        cancel: CancellationToken,
    ) -> Result<Plan> {
        let planner = self.clone();
        let _cancel_on_drop = cancel.clone().drop_guard();
        deep_stack::run(async move {
            let planning = planner.plan_here(&statement, &authorization, &defaults, &storage);
            let planned = cancel.run_until_cancelled(planning).await;
            planned.unwrap_or_else(|| Err(Error::new(ErrorCode::Cancelled, "the query was cancelled")))
        })
        .await
    }

    async fn plan_here(
        &self,
        statement: &Statement,
        authorization: &Authorization,
        defaults: &Defaults,
        storage: &Arc<QueryStorage>,
    ) -> Result<Plan> {
        let sources = Sources {
            catalog: self.catalog.as_ref(),
            storage,
            formats: &self.formats,
        };
        let view = governance::resolve(authorization, statement.reads(), defaults, &sources).await?;
        let state = state::of_query(&self.template, &view, defaults, storage)?;
        let tree = match statement.command() {
            Command::Query(tree) => tree,
            Command::Explain(explain) => &explain.tree,
            _ => {
                return Err(Error::new(
                    ErrorCode::NotSupported,
                    "this statement is not supported yet",
                ));
            }
        };
        guard::check_calls(tree, &state)?;
        let logical = state.statement_to_plan(tree.clone()).await.map_err(from_datafusion)?;
        guard::check(&logical)?;
        let physical = state.create_physical_plan(&logical).await.map_err(from_datafusion)?;
        guard::check_depth(&physical)?;
        let interrupt = CancellationToken::new();
        Ok(Plan {
            physical: interruptible(physical, &interrupt).map_err(from_datafusion)?,
            state: Arc::new(state),
            interrupt,
        })
    }
}
