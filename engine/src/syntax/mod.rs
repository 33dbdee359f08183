//! Text to statement: split a script, parse one statement, say what kind it is and which relations it names.
//!
//! What must hold: whatever the text, the answer is a [`Statement`] or a typed error, never an exhausted stack, and a
//! `Statement` holds no clause that DataFusion would drop without a word. The module knows no catalogue, no function and
//! no plan; it reads text alone, so it is the same for every principal.

mod command;
mod constants;
mod dialect;
mod ignored;
mod keywords;
mod limits;
mod literals;
mod names;
mod numeral;
mod parameters;
mod parser;
mod reader;
mod references;
mod script;
mod statement;
mod statements;
mod tokens;

pub use command::{
    AddPartitions, Command, CreateDatabase, CreateTable, CreateView, DatabaseReference, Drop, DropDatabase,
    DropPartitions, Insert, NamePattern, PartitionSpec, Prepare, Show,
};
pub use keywords::{KEYWORDS, STATEMENT_KEYWORDS};
pub use limits::Limits;
pub use literals::cast_numbers;
pub use numeral::Numeral;
pub use parameters::{bind, bind_nulls, bind_row, bind_rows, unbound, values_of_columns};
pub use parser::parse;
pub use references::Reference;
pub use script::{StatementText, split_statements};
pub use statement::{Statement, StatementKind};
pub use tokens::{Token, TokenKind, tokens};
