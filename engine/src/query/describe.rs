//! What a statement would give, and what its parameters are.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::run::{self, Parts, within};
use crate::error::{ErrorCode, Result};
use crate::governance::{self, Principal};
use crate::planner::{Request, Snapshot};
use crate::syntax::{self, Statement, StatementKind};

/// What a statement takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What kind of statement it is.
    pub kind: StatementKind,
    /// Whether it is asked for its rows. Else it changes something, and its rows are a report.
    pub returns_rows: bool,
    /// The columns of its result; none if it is not asked for rows.
    pub schema: SchemaRef,
    /// The types of its parameters in their order, `None` where nothing in the statement tells.
    pub parameters: Vec<Option<DataType>>,
}

/// Describes the statement `sql` of `principal` in `session`.
pub async fn describe(parts: &Parts, principal: &Principal, session: Snapshot, sql: &str) -> Result<Description> {
    let (statement, count) = syntax::unbound(sql, &parts.limits)?;
    let (kind, statement) = (
        statement.kind(),
        Arc::new(run::executed(statement, &session, &parts.limits)?),
    );
    let planning = Describing {
        parts,
        principal,
        session,
    };
    let (parameters, guess) = if count == 0 {
        (Vec::new(), None)
    } else {
        planning.parameters(&statement, count).await?
    };
    let with_nulls = if count == 0 {
        Arc::clone(&statement)
    } else {
        Arc::new(syntax::bind_nulls(sql, &parameters, &parts.limits)?)
    };
    let schema = match planning.schema(with_nulls).await {
        Ok(schema) => schema,
        Err(error) if count == 0 || is_of_names(error.code()) => return Err(error),
        // With values it may well run, and what runs is described anew then.
        Err(_) => guess.unwrap_or_else(|| Arc::new(unknown())),
    };
    let returns_rows = statement.returns_rows();
    Ok(Description {
        kind,
        returns_rows,
        schema: if returns_rows {
            schema
        } else {
            Arc::new(Schema::empty())
        },
        parameters,
    })
}

/// The columns of a query of which nothing is known before its parameters have values: one, since none would be an update.
fn unknown() -> Schema {
    Schema::new(vec![Field::new("unknown", DataType::Null, true)])
}

/// Whether the error is of a name that leads nowhere: no value of a parameter mends it.
fn is_of_names(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DatabaseNotFound
            | ErrorCode::TableNotFound
            | ErrorCode::ColumnNotFound
            | ErrorCode::PermissionDenied
    )
}

struct Describing<'a> {
    parts: &'a Parts,
    principal: &'a Principal,
    session: Snapshot,
}

impl Describing<'_> {
    /// The types of the parameters, and the columns of the result as far as they are known without values.
    async fn parameters(
        &self,
        statement: &Arc<Statement>,
        count: usize,
    ) -> Result<(Vec<Option<DataType>>, Option<SchemaRef>)> {
        let request = self.request(statement)?;
        let found = self.parts.planner.parameters(request, count, CancellationToken::new());
        match self.limited(found).await {
            Ok(found) => Ok((found.types, found.schema)),
            Err(error) if is_of_names(error.code()) => Err(error),
            // What is wrong for want of a value is told when there is one.
            Err(_) => Ok((vec![None; count], None)),
        }
    }

    async fn schema(&self, statement: Arc<Statement>) -> Result<SchemaRef> {
        let plan = self
            .parts
            .planner
            .plan(self.request(&statement)?, CancellationToken::new());
        Ok(self.limited(plan).await?.schema())
    }

    fn request(&self, statement: &Arc<Statement>) -> Result<Request> {
        let authorization = governance::authorize(self.principal, statement)?;
        Ok(Request {
            query_id: "describe".to_owned(),
            statement: Arc::clone(statement),
            storage: self.parts.storage.query(authorization.principal().access()),
            authorization,
            session: self.session.clone(),
        })
    }

    /// `work` under a permit and the deadline of planning.
    async fn limited<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let _permit = self.parts.workgroup.permit_planning().await?;
        within(self.parts.workgroup.planning_time_limit(), "planning", Box::pin(work)).await
    }
}
