//! Owlet's engine: SQL over files in object storage, without a front end.
//!
//! The modules stand in one order; each imports only those before it. A statement goes through them once, from
//! [`Session::run`] to the end of its [`QueryStream`]: see `query::run`, where the steps are code.

mod error;
mod name;

pub mod metastore;
pub mod storage;

mod formats;

mod catalog;

mod syntax;

mod governance;

mod functions;

mod planner;

mod workgroup;

pub mod history;

mod execution;

mod query;

mod config;
mod engine;

pub use catalog::standard::base_name as type_name;
pub use config::Config;
pub use engine::Engine;
pub use error::{Error, ErrorCode, Position, Result};
pub use governance::{Principal, RelationKind};
pub use name::nearest;
pub use planner::SettingValue;
pub use query::{
    BrowsedColumn, BrowsedFunction, BrowsedRelation, Candidate, CandidateKind, Completions, Connection, Description,
    FunctionTopic, Ingest, IngestExisting, IngestMissing, PlannedQuery, QueryStream, Session, Statistics,
};
pub use storage::{Environment, Requests};
pub use syntax::{KEYWORDS, Limits, StatementKind, StatementText, Token, TokenKind, split_statements, tokens};
