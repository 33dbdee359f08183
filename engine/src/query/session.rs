//! One connection of one principal.

use std::path::PathBuf;
use std::sync::Arc;

use super::QueryStream;
use super::run::{self, Parts};
use crate::error::Result;
use crate::governance::{Defaults, Principal};

/// The statements of one principal over one connection, with the defaults that they share.
#[derive(Clone, Debug)]
pub struct Session {
    parts: Arc<Parts>,
    principal: Principal,
    defaults: Defaults,
}

impl Session {
    /// A session of `principal` over the parts of one engine; relative paths start from `working_directory`.
    pub(crate) fn new(parts: Arc<Parts>, principal: Principal, working_directory: PathBuf) -> Self {
        Self {
            parts,
            principal,
            defaults: Defaults::new(working_directory),
        }
    }

    /// Runs one statement. Returns once it is planned and admitted; its rows then come through the stream.
    ///
    /// Dropping the future or the stream cancels the statement.
    ///
    /// # Errors
    /// Whatever is wrong with the statement or with what it reads, found before the first row; see
    /// [`ErrorCode`](crate::ErrorCode). Errors found later come through the stream.
    pub async fn run(&self, sql: &str) -> Result<QueryStream> {
        run::start(
            Arc::clone(&self.parts),
            self.principal.clone(),
            self.defaults.clone(),
            sql,
        )
        .await
    }
}
