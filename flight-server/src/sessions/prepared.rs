//! The prepared statements of a session, by the handles that name them.
//!
//! A statement is kept as its text and is planned and authorized again at each execution, so that it sees the tables and the
//! rights of that moment.

use arrow::array::RecordBatch;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tonic::{Code, Status};

use crate::failure;
use crate::identifier::Secret;
use crate::settings::Settings;

/// A prepared statement.
#[derive(Clone)]
pub(crate) struct PreparedStatement {
    /// Its text.
    pub sql: String,
    /// The rows that its parameters were bound to.
    pub parameters: Option<RecordBatch>,
}

/// The prepared statements of one session.
pub(crate) struct PreparedStatements {
    limit: usize,
    idle_limit: Duration,
    parameter_limit_bytes: usize,
    statements: HashMap<Secret, Kept>,
}

struct Kept {
    statement: PreparedStatement,
    last_use: Instant,
}

impl PreparedStatements {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            limit: settings.prepared_statement_limit,
            idle_limit: settings.prepared_statement_idle_limit,
            parameter_limit_bytes: settings.parameter_limit_bytes,
            statements: HashMap::new(),
        }
    }

    /// Keeps a statement; what it gives is the statement's handle.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` if the session has as many as it may.
    pub(crate) fn keep(&mut self, sql: String) -> Result<Secret, Status> {
        if self.statements.len() >= self.limit {
            let message = format!(
                "the session has {} prepared statements, which is the limit; close one",
                self.statements.len()
            );
            return Err(failure::refused(
                Code::ResourceExhausted,
                "TOO_MANY_PREPARED_STATEMENTS",
                &message,
            ));
        }
        let handle = Secret::random();
        let statement = PreparedStatement { sql, parameters: None };
        let last_use = Instant::now();
        self.statements.insert(handle, Kept { statement, last_use });
        Ok(handle)
    }

    /// The statement of a handle.
    ///
    /// # Errors
    /// `NOT_FOUND` if this session has none.
    pub(crate) fn find(&mut self, handle: &[u8]) -> Result<PreparedStatement, Status> {
        Ok(self.used(handle)?.statement.clone())
    }

    /// Binds the parameters of a statement for the executions that follow.
    ///
    /// # Errors
    /// `NOT_FOUND` if this session has no such statement, `RESOURCE_EXHAUSTED` if the parameters of all its statements take more
    /// than they may.
    pub(crate) fn bind(&mut self, handle: &[u8], parameters: Option<RecordBatch>) -> Result<(), Status> {
        self.used(handle)?.statement.parameters = parameters;
        let bound = self
            .statements
            .values()
            .filter_map(|kept| kept.statement.parameters.as_ref());
        if bound.map(RecordBatch::get_array_memory_size).sum::<usize>() <= self.parameter_limit_bytes {
            return Ok(());
        }
        self.used(handle)?.statement.parameters = None;
        let message = format!(
            "the parameters of the session's prepared statements take more than the limit of {} bytes; bind fewer rows at a \
             time, or close statements",
            self.parameter_limit_bytes
        );
        Err(failure::refused(
            Code::ResourceExhausted,
            "TOO_MANY_PARAMETERS",
            &message,
        ))
    }

    /// Forgets a statement; one that is not there is forgotten already.
    pub(crate) fn close(&mut self, handle: &[u8]) {
        if let Some(handle) = Secret::from_bytes(handle) {
            self.statements.remove(&handle);
        }
    }

    pub(super) fn expire(&mut self, now: Instant) {
        let idle_limit = self.idle_limit;
        self.statements
            .retain(|_, kept| now.saturating_duration_since(kept.last_use) <= idle_limit);
    }

    pub(super) fn clear(&mut self) {
        self.statements.clear();
    }

    fn used(&mut self, handle: &[u8]) -> Result<&mut Kept, Status> {
        let found = Secret::from_bytes(handle).and_then(|handle| self.statements.get_mut(&handle));
        let Some(kept) = found else {
            let message = "this session has no prepared statement of that handle: it was closed, is another session's, or \
                           was not used for too long; prepare it again";
            return Err(failure::refused(
                Code::NotFound,
                "PREPARED_STATEMENT_NOT_FOUND",
                message,
            ));
        };
        kept.last_use = Instant::now();
        Ok(kept)
    }
}
