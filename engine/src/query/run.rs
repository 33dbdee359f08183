//! The steps of a statement, in their order.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::StreamExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::explain::cost;
use super::planned::PlannedQuery;
use super::running::Running;
use super::session::SessionMemory;
use super::statistics::Progress;
use super::stream::QueryStream;
use crate::error::{Error, ErrorCode, Result};
use crate::execution::{Effects, Executor, spilled_bytes};
use crate::governance::{self, Authorization, Principal};
use crate::history::{History, OpenRecord, Outcome, Submission};
use crate::planner::{Effect, Plan, Planner, Request, Snapshot, from_datafusion, not_prepared};
use crate::storage::{QueryStorage, Storage};
use crate::syntax::{self, Command, Statement, StatementKind};
use crate::workgroup::{Slot, WorkGroup};

/// Batches that wait for the reader. More would be memory that nobody has reserved.
const BATCHES_WAITING: usize = 1;

/// What statements run with: the parts of one engine.
#[derive(Debug)]
pub struct Parts {
    /// What a statement's text may be.
    pub limits: syntax::Limits,
    /// Where tables' bytes are.
    pub storage: Storage,
    /// What makes plans.
    pub planner: Planner,
    /// How much may run.
    pub workgroup: WorkGroup,
    /// What has run.
    pub history: History,
    /// What runs plans.
    pub executor: Arc<dyn Executor>,
    /// What carries out what plans change.
    pub effects: Effects,
    /// The statements that are not at their end.
    pub running: Running,
}

/// One statement on its way.
struct Query {
    parts: Arc<Parts>,
    principal: Principal,
    memory: Arc<SessionMemory>,
    session: Snapshot,
    statement: Arc<Statement>,
    progress: Arc<Progress>,
    cancel: CancellationToken,
    events: mpsc::Sender<Event>,
    announced: Option<SchemaRef>,
    /// The word that it may run, which is given once.
    go: Option<oneshot::Receiver<()>>,
}

/// What a statement tells its caller: its schema once it is planned, that it runs, then its batches; an error ends it at any
/// time.
#[derive(Debug)]
pub(super) enum Event {
    Planned(SchemaRef),
    Admitted,
    Batch(RecordBatch),
    Failed(Error),
}

/// A statement that was read, and the session that it is to be planned in.
pub(super) struct Submitted<'a> {
    /// Its text, for the history.
    pub sql: &'a str,
    /// What kind of statement the text is.
    pub kind: StatementKind,
    /// The statement: that of an EXECUTE is the prepared one.
    pub statement: Statement,
    /// The session as the statement finds it.
    pub session: Snapshot,
}

/// Opens the record, and lets the rest run on tasks of its own until there is a schema or an error. Then it waits for the word to
/// go on.
#[expect(clippy::disallowed_methods, reason = "the one place where a query gets its id")]
pub(super) async fn plan(
    parts: Arc<Parts>,
    principal: Principal,
    memory: Arc<SessionMemory>,
    submitted: Submitted<'_>,
) -> Result<PlannedQuery> {
    let progress = Arc::new(Progress::start());
    let Submitted {
        sql,
        kind,
        statement,
        session,
    } = submitted;
    let returns_rows = statement.returns_rows();
    let submission = Submission {
        query_id: uuid::Uuid::now_v7().to_string(),
        sql: sql.to_owned(),
        principal: principal.name().to_owned(),
        statement_type: kind.as_str().to_owned(),
    };
    let record = parts.history.begin(submission).await?;
    let query_id = record.query_id().to_owned();
    let cancel = CancellationToken::new();
    let cancel_on_drop = cancel.clone().drop_guard();
    let (events, mut received) = mpsc::channel(BATCHES_WAITING);
    let (go, waits) = oneshot::channel();
    let underway = parts.running.enter();
    let query = Query {
        parts,
        principal,
        memory,
        session,
        statement: Arc::new(statement),
        progress: Arc::clone(&progress),
        cancel: cancel.clone(),
        events,
        announced: None,
        go: Some(waits),
    };
    tokio::spawn(async move {
        query.run_to_its_end(record).await;
        drop(underway);
    });
    let schema = match received.recv().await {
        Some(Event::Planned(schema)) => schema,
        Some(Event::Failed(error)) => return Err(error),
        Some(Event::Admitted | Event::Batch(_)) | None => return Err(panicked()),
    };
    let stream = QueryStream {
        query_id,
        kind,
        schema,
        events: received,
        progress,
        cancel,
        _cancel_on_drop: cancel_on_drop,
    };
    Ok(PlannedQuery {
        stream,
        go,
        returns_rows,
    })
}

/// The statement itself, or the prepared one that it is to EXECUTE.
pub(super) fn executed(statement: Statement, session: &Snapshot, limits: &syntax::Limits) -> Result<Statement> {
    let Command::Execute(execute) = statement.command() else {
        return Ok(statement);
    };
    let prepared = session.prepared.get(&execute.name);
    let known = || session.prepared.keys().map(String::as_str);
    let prepared = prepared.ok_or_else(|| not_prepared(&execute.name, known()))?;
    syntax::bind(&prepared.sql, &execute.arguments, &prepared.types, limits)
}

impl Query {
    /// Runs the statement until it ends, fails, panics or is cancelled, closes its record, and only then tells the caller.
    async fn run_to_its_end(mut self, record: OpenRecord) {
        let (cancel, events) = (self.cancel.clone(), self.events.clone());
        let outcome = cancel
            .run_until_cancelled(self.attempts(&record))
            .await
            .unwrap_or_else(|| Err(cancelled()));
        self.progress.end();
        let ended = outcome.as_ref().map_or_else(Outcome::from, |()| Outcome::Succeeded);
        let query_id = record.query_id().to_owned();
        let closed = record.finish(ended, self.progress.statistics().into()).await;
        if let Err(error) = outcome.and(closed) {
            // Nobody listens if the caller went away.
            let _ = events.send(Event::Failed(error.of_query(query_id))).await;
        }
    }

    /// Runs the statement, and once more if an object changed before the first row was out.
    async fn attempts(&mut self, record: &OpenRecord) -> Result<()> {
        let authorization = governance::authorize(&self.principal, &self.statement)?;
        match self.attempt(&authorization, record).await {
            Err(error) if error.code() == ErrorCode::ObjectChanged && self.may_run_again() => {
                self.attempt(&authorization, record).await
            }
            ended => ended,
        }
    }

    /// One run of the statement. Where an object changed under it, that is its error: the library may have turned it into
    /// text on its way here.
    async fn attempt(&mut self, authorization: &Authorization, record: &OpenRecord) -> Result<()> {
        let outcome = self.plan_and_run(authorization, record).await;
        outcome.map_err(|error| self.progress.object_changed().unwrap_or(error))
    }

    async fn plan_and_run(&mut self, authorization: &Authorization, record: &OpenRecord) -> Result<()> {
        let storage = self.parts.storage.query(authorization.principal().access());
        self.progress.watch(&storage);
        let plan = self.plan(authorization, record, &storage).await?;
        self.announce(plan.schema()).await?;
        let first = self.go.take();
        let is_first = first.is_some();
        if let Some(go) = first {
            // The sender goes with the caller, and then the query is cancelled.
            go.await.map_err(|_| cancelled())?;
        }
        let slot = self.admit().await?;
        record.running().await?;
        if is_first {
            tell(&self.events, Event::Admitted).await?;
        }
        let own = self.session.settings.time_limit_seconds().map(Duration::from_secs);
        let time_limit = own.map_or(slot.time_limit(), |own| own.min(slot.time_limit()));
        let run = Run {
            executor: Arc::clone(&self.parts.executor),
            effects: self.parts.effects.clone(),
            memory: Arc::clone(&self.memory),
            plan: plan.clone(),
            explains: self.explains(),
            storage,
            slot,
            progress: Arc::clone(&self.progress),
            events: self.events.clone(),
        };
        let outcome = within(time_limit, "running", run.on_its_own_task()).await;
        self.progress.add_spilled(spilled_bytes(plan.operators().as_ref()));
        outcome
    }

    async fn plan(
        &self,
        authorization: &Authorization,
        record: &OpenRecord,
        storage: &Arc<QueryStorage>,
    ) -> Result<Plan> {
        let _permit = self.parts.workgroup.permit_planning().await?;
        let started = Instant::now();
        let request = Request {
            query_id: record.query_id().to_owned(),
            statement: Arc::clone(&self.statement),
            authorization: authorization.clone(),
            session: self.session.clone(),
            storage: Arc::clone(storage),
        };
        let planning = Box::pin(self.parts.planner.plan(request, self.cancel.child_token()));
        let plan = within(self.parts.workgroup.planning_time_limit(), "planning", planning).await;
        self.progress.add_planning(started.elapsed());
        plan
    }

    /// Whether another attempt would change nothing of what the caller has seen or of what this one has written.
    fn may_run_again(&self) -> bool {
        self.progress.rows() == 0 && self.statement.writes().is_empty()
    }

    /// Whether the answer is a plan, to which what it cost is added.
    fn explains(&self) -> bool {
        matches!(self.statement.command(), Command::Explain(_))
    }

    async fn admit(&self) -> Result<Slot> {
        let started = Instant::now();
        let slot = self.parts.workgroup.admit().await;
        self.progress.add_queued(started.elapsed());
        slot
    }

    /// Tells the caller the schema, once: a second attempt must have the same.
    async fn announce(&mut self, schema: SchemaRef) -> Result<()> {
        match &self.announced {
            None => {
                self.announced = Some(Arc::clone(&schema));
                tell(&self.events, Event::Planned(schema)).await
            }
            Some(announced) if *announced == schema => Ok(()),
            Some(_) => Err(Error::new(
                ErrorCode::ObjectChanged,
                "the columns of a file changed while it was read",
            )),
        }
    }
}

/// The execution of one plan.
///
/// It has a task of its own, so that a panic in it ends nothing else. The slot goes to the executor, which gives it back when
/// the work has ended; the deadline and the answer to a caller who cancelled wait for neither.
struct Run {
    executor: Arc<dyn Executor>,
    effects: Effects,
    memory: Arc<SessionMemory>,
    plan: Plan,
    explains: bool,
    storage: Arc<QueryStorage>,
    slot: Slot,
    progress: Arc<Progress>,
    events: mpsc::Sender<Event>,
}

impl Run {
    /// Runs the plan. Dropping the future ends the work; a panic in it is an error.
    async fn on_its_own_task(self) -> Result<()> {
        let mut tasks = JoinSet::new();
        tasks.spawn(self.hand_over_batches());
        let joined = tasks.join_next().await;
        joined.map_or_else(|| Err(panicked()), |joined| joined.unwrap_or_else(|_| Err(panicked())))
    }

    async fn hand_over_batches(self) -> Result<()> {
        let memory = self.slot.memory();
        let mut stream = self.executor.execute(&self.plan, self.slot)?;
        if !matches!(self.plan.effect(), Effect::None) {
            let done = self
                .effects
                .carry_out(&self.plan, stream, &self.storage, &memory)
                .await?;
            if let Some(change) = done.session {
                self.memory.note(change)?;
            }
            for batch in done.rows {
                hand_over(&self.events, &self.progress, batch).await?;
            }
            return Ok(());
        }
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(from_datafusion)?;
            hand_over(&self.events, &self.progress, batch).await?;
        }
        if self.explains {
            let cost = cost(&self.progress.statistics(), &self.plan.schema())?;
            hand_over(&self.events, &self.progress, cost).await?;
        }
        Ok(())
    }
}

async fn hand_over(events: &mpsc::Sender<Event>, progress: &Progress, batch: RecordBatch) -> Result<()> {
    if batch.num_rows() == 0 {
        return Ok(());
    }
    progress.add_rows(batch.num_rows());
    tell(events, Event::Batch(batch)).await
}

async fn tell(events: &mpsc::Sender<Event>, event: Event) -> Result<()> {
    events.send(event).await.map_err(|_| cancelled())
}

/// `work`, or `EXCEEDED_TIME_LIMIT` if it takes longer than `limit`.
pub(super) async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let message = format!("{what} took longer than the limit of {} s", limit.as_secs());
        Err(Error::new(ErrorCode::ExceededTimeLimit, message))
    })
}

fn cancelled() -> Error {
    Error::new(ErrorCode::Cancelled, "the query was cancelled")
}

pub(super) fn panicked() -> Error {
    Error::new(
        ErrorCode::Internal,
        "the query ended by a panic; this is a defect, please report it with the statement",
    )
}
