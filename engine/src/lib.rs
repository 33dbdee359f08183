//! Owlet's engine: SQL over files in object storage, without a front end.

mod error;
mod name;
pub mod storage;
mod syntax;

pub use error::{Error, ErrorCode, Position, Result};
