//! Planning one statement.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::parser::Statement as Tree;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::failure::from_datafusion;
use super::interrupt::interruptible;
use super::plan::{Effect, Plan};
use super::session::{SessionChange, Snapshot};
use super::settings::SettingValue;
use super::{ddl, deep_stack, guard, quoted, rows, state};
use crate::catalog::{Catalog, Change, WriteClaim};
use crate::error::{Error, ErrorCode, Result};
use crate::formats::write::Target;
use crate::formats::{self, Format};
use crate::governance::{self, Authorization, Defaults, Sources, View};
use crate::storage::{Location, QueryStorage};
use crate::syntax::{self, Command, Reference, Statement};

/// Makes plans over one catalogue.
#[derive(Clone, Debug)]
pub struct Planner {
    template: Arc<SessionState>,
    catalog: Arc<dyn Catalog>,
    formats: Arc<formats::Formats>,
    bounds: Arc<Bounds>,
}

/// What all plans of an engine keep to.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Into how many parts scans are split.
    pub target_partitions: usize,
    /// The bytes that one call of a function may give.
    pub call_limit_bytes: usize,
    /// What the text of a statement, and of a view, may be.
    pub limits: syntax::Limits,
    /// The directory under which tables are put that name no place of their own.
    pub warehouse: Location,
}

/// One statement to plan, for whom, and with what.
#[derive(Clone, Debug)]
pub struct Request {
    /// The identifier of the query: files that it writes carry it.
    pub query_id: String,
    /// The statement.
    pub statement: Arc<Statement>,
    /// The proof that it may run.
    pub authorization: Authorization,
    /// The session as the statement finds it.
    pub session: Snapshot,
    /// What the query reads from and writes to.
    pub storage: Arc<QueryStorage>,
}

impl Planner {
    /// A planner over `catalog`, whose tables' files are read as `formats` says.
    pub fn new(catalog: Arc<dyn Catalog>, formats: Arc<formats::Formats>, bounds: Bounds) -> Self {
        let template = state::template(bounds.target_partitions, bounds.call_limit_bytes);
        Self {
            template: Arc::new(template),
            catalog,
            formats,
            bounds: Arc::new(bounds),
        }
    }

    /// Where names lead, for whoever looks them up without a plan; files would be read through `storage`.
    pub fn sources<'a>(&'a self, storage: &'a Arc<QueryStorage>) -> Sources<'a> {
        Sources {
            catalog: self.catalog.as_ref(),
            storage,
            formats: &self.formats,
            limits: &self.bounds.limits,
        }
    }

    /// The names of all functions: scalar, aggregate and window functions, in no order.
    pub fn functions(&self) -> impl Iterator<Item = String> {
        let state = &self.template;
        state.udfs().into_iter().chain(state.udafs()).chain(state.udwfs())
    }

    /// What SET may change, with what it is set to in `session`.
    pub fn settings(&self, session: &Snapshot) -> Vec<SettingValue> {
        session.settings.show_all(self.template.config_options())
    }

    /// Plans a statement: resolves its names, listing and reading footers through its storage, and lets `DataFusion` plan and
    /// optimize it. Runs on a thread of its own, and changes nothing.
    ///
    /// Dropping the future, or `cancel`, ends the thread at its next wait; what computes runs to its end.
    ///
    /// # Errors
    /// `TABLE_NOT_FOUND`, `COLUMN_NOT_FOUND`, `TYPE_MISMATCH` and whatever else names, types and files can be wrong in;
    /// `NOT_SUPPORTED` for what `DataFusion` cannot do or would answer wrongly.
    pub async fn plan(&self, request: Request, cancel: CancellationToken) -> Result<Plan> {
        self.on_a_deep_stack(request, cancel, |planning| {
            async move { planning.command(planning.statement().command()).await }.boxed()
        })
        .await
    }

    /// Does `work` for the statement of `request`, on a thread of its own. Dropping the future, or `cancel`, ends the thread at its
    /// next wait.
    ///
    /// # Errors
    /// Those of `work`; `CANCELLED`.
    pub(super) async fn on_a_deep_stack<T, F>(&self, request: Request, cancel: CancellationToken, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'p> FnOnce(Planning<'p>) -> BoxFuture<'p, Result<T>> + Send + 'static,
    {
        let planner = self.clone();
        let _cancel_on_drop = cancel.clone().drop_guard();
        deep_stack::run(async move {
            let interrupt = CancellationToken::new();
            let planning = Planning {
                planner: &planner,
                request: &request,
                interrupt: &interrupt,
            };
            let done = cancel.run_until_cancelled(work(planning)).await;
            done.unwrap_or_else(|| Err(Error::new(ErrorCode::Cancelled, "the query was cancelled")))
        })
        .await
    }
}

/// The planning of one statement: what the files in `ddl` work with.
#[derive(Clone, Copy, Debug)]
pub struct Planning<'a> {
    planner: &'a Planner,
    request: &'a Request,
    interrupt: &'a CancellationToken,
}

impl<'a> Planning<'a> {
    async fn command(&self, command: &Command) -> Result<Plan> {
        match command {
            Command::Query(tree) => self.rows_of(tree).await,
            Command::Explain(explain) => self.rows_of(&explain.tree).await,
            Command::CreateDatabase(create) => ddl::create_database(self, create).await,
            Command::DropDatabase(drop) => ddl::drop_database(self, drop).await,
            Command::CreateTable(create) => ddl::create_table(self, create).await,
            Command::CreateView(create) => ddl::create_view(self, create).await,
            Command::DropTable(drop) => ddl::drop_table(self, drop).await,
            Command::DropView(drop) => ddl::drop_view(self, drop).await,
            Command::Insert(insert) => ddl::insert(self, insert).await,
            Command::AddPartitions(add) => ddl::add_partitions(self, add).await,
            Command::DropPartitions(drop) => ddl::drop_partitions(self, drop).await,
            Command::RepairTable(table) => ddl::repair_table(self, table).await,
            Command::Show(show) => ddl::show(self, show).await,
            Command::DescribeTable(table) => ddl::describe_table(self, table).await,
            Command::DescribeQuery(tree) => ddl::describe_query(self, tree).await,
            Command::DescribeDatabase(database) => ddl::describe_database(self, database).await,
            Command::Use(database) => ddl::use_database(self, database).await,
            Command::Set(set) => ddl::set(self, &set.name, set.value.as_deref()).await,
            Command::Reset(name) => ddl::set(self, name, None).await,
            Command::ResetAll => ddl::reset_all(self).await,
            Command::Prepare(prepare) => ddl::prepare(self, prepare).await,
            Command::Deallocate(name) => ddl::deallocate(self, name).await,
            Command::DeallocateAll => self.session_change(SessionChange::DeallocateAll).await,
            Command::Execute(_) => Err(Error::new(
                ErrorCode::NotSupported,
                "EXECUTE within another statement is not supported; run it on its own",
            )),
        }
    }

    /// The statement.
    pub fn statement(&self) -> &'a Statement {
        &self.request.statement
    }

    /// What the statement's session brings.
    pub fn session(&self) -> &'a Snapshot {
        &self.request.session
    }

    /// What names without catalogue or database mean.
    pub fn defaults(&self) -> &'a Defaults {
        &self.request.session.defaults
    }

    /// The identifier of the query.
    pub fn query_id(&self) -> &'a str {
        &self.request.query_id
    }

    /// The proof that the statement may run.
    pub fn authorization(&self) -> &'a Authorization {
        &self.request.authorization
    }

    /// The directory under which tables are put that name no place of their own.
    pub fn warehouse(&self) -> &'a Location {
        &self.planner.bounds.warehouse
    }

    /// Where tables come from.
    pub fn sources(&self) -> Sources<'a> {
        self.planner.sources(&self.request.storage)
    }

    /// The relations that the statement reads, as it names them.
    pub fn reads(&self) -> &'a [Reference] {
        self.request.statement.reads()
    }

    /// The statement's relations, each resolved.
    pub async fn view(&self) -> Result<View> {
        self.view_of(self.request.statement.reads()).await
    }

    /// The relations of `references`, each resolved.
    pub async fn view_of(&self, references: &[Reference]) -> Result<View> {
        governance::resolve(self.authorization(), references, self.defaults(), self.sources()).await
    }

    /// A state that knows the relations of `view`.
    pub async fn state(&self, view: &View) -> Result<SessionState> {
        let session = self.session();
        let limit = self.planner.bounds.limits.relations;
        state::of_query(&self.planner.template, view, session, &self.request.storage, limit).await
    }

    /// The logical plan of the query `tree` over the statement's relations, and the state that it was made with.
    pub async fn logical(&self, tree: &Tree) -> Result<(LogicalPlan, SessionState)> {
        self.logical_over(tree, self.reads()).await
    }

    /// As [`Self::logical`], over the relations of `references`.
    pub async fn logical_over(&self, tree: &Tree, references: &[Reference]) -> Result<(LogicalPlan, SessionState)> {
        let view = self.view_of(references).await?;
        let state = self.state(&view).await?;
        let plan = logical_plan(tree, &state, &view).await?;
        guard::check(&plan)?;
        Ok((plan, state))
    }

    /// The operators of `plan`.
    pub async fn operators(&self, plan: &LogicalPlan, state: &SessionState) -> Result<Arc<dyn ExecutionPlan>> {
        let operators = state.create_physical_plan(plan).await.map_err(from_datafusion)?;
        guard::check_depth(&operators)?;
        interruptible(operators, self.interrupt).map_err(from_datafusion)
    }

    /// A plan whose result is the rows of `tree`.
    async fn rows_of(&self, tree: &Tree) -> Result<Plan> {
        let (logical, state) = self.logical(tree).await?;
        let operators = self.operators(&logical, &state).await?;
        Ok(self.plan(operators, state, Effect::None))
    }

    /// Where and how the query writes rows with these columns.
    pub fn target(
        &self,
        directory: Location,
        format: Format,
        columns: &SchemaRef,
        partition_columns: Vec<String>,
    ) -> Target {
        Target {
            storage: Arc::clone(&self.request.storage),
            directory,
            format,
            columns: Arc::clone(columns),
            partition_columns,
            file_stem: self.query_id().to_owned(),
        }
    }

    /// The right to write to a directory, which the query asks for when it runs.
    pub fn claim(&self, directory: &Location) -> WriteClaim {
        WriteClaim {
            location: directory.to_string(),
            query_id: self.query_id().to_owned(),
        }
    }

    /// A plan whose result are rows that planning has found.
    pub async fn answer(&self, rows: RecordBatch) -> Result<Plan> {
        self.with_effect(rows, Effect::None).await
    }

    /// A plan that changes the catalogue and reports nothing.
    pub async fn change(&self, change: Change) -> Result<Plan> {
        self.change_and_remove(change, Vec::new()).await
    }

    /// As [`Self::change`]; the files at `orphaned` are removed after the change.
    pub async fn change_and_remove(&self, change: Change, orphaned: Vec<Location>) -> Result<Plan> {
        let effect = super::plan::CatalogEffect { change, orphaned };
        self.with_effect(rows::nothing(), Effect::Catalog(Box::new(effect)))
            .await
    }

    /// A plan that changes the session and reports nothing.
    pub async fn session_change(&self, change: SessionChange) -> Result<Plan> {
        self.with_effect(rows::nothing(), Effect::Session(change)).await
    }

    /// A plan with an effect that reports `rows`.
    pub async fn with_effect(&self, rows: RecordBatch, effect: Effect) -> Result<Plan> {
        let state = self.state(&View::default()).await?;
        Ok(self.plan(rows::operators(rows)?, state, effect))
    }

    /// A plan that runs `operators`, for `effect`.
    pub fn plan(&self, operators: Arc<dyn ExecutionPlan>, state: SessionState, effect: Effect) -> Plan {
        Plan {
            operators,
            state: Arc::new(state),
            interrupt: self.interrupt.clone(),
            effect,
        }
    }
}

/// The logical plan of `tree` over the relations of `view`, which `state` knows, not optimized.
pub(super) async fn logical_plan(tree: &Tree, state: &SessionState, view: &View) -> Result<LogicalPlan> {
    guard::check_calls(tree, state)?;
    let tree = quoted::folded(tree, view);
    state.statement_to_plan(tree).await.map_err(from_datafusion)
}
