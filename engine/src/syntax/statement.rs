//! What a statement is: its kind, its text, its tree and the relations that it reads.

use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::{Query, Statement as SqlStatement};

use super::command::{Command, Show};
use super::limits::Limits;
use super::references::{self, Reference};
use crate::error::Result;

/// The kinds of statement that this version runs, with Athena's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatementKind {
    /// A query: SELECT, WITH, VALUES, FROM.
    Select,
    /// EXPLAIN: plans and reads nothing but what planning needs.
    Explain,
    /// EXPLAIN ANALYZE of a query: runs it and shows its plan with what it cost.
    ExplainAnalyze,
    /// CREATE DATABASE.
    CreateDatabase,
    /// DROP DATABASE.
    DropDatabase,
    /// CREATE TABLE without a query.
    CreateTable,
    /// CREATE TABLE … AS SELECT.
    CreateTableAsSelect,
    /// CREATE VIEW.
    CreateView,
    /// DROP TABLE.
    DropTable,
    /// DROP VIEW.
    DropView,
    /// INSERT INTO.
    Insert,
    /// ALTER TABLE … ADD PARTITION.
    AddPartitions,
    /// ALTER TABLE … DROP PARTITION.
    DropPartitions,
    /// MSCK REPAIR TABLE.
    RepairTable,
    /// SHOW.
    Show,
    /// DESCRIBE.
    Describe,
    /// USE.
    Use,
    /// SET and RESET.
    Set,
    /// PREPARE.
    Prepare,
    /// EXECUTE.
    Execute,
    /// DEALLOCATE.
    Deallocate,
}

impl StatementKind {
    /// The name in the history of queries, as Athena writes its `SubstatementType`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Explain => "EXPLAIN",
            Self::ExplainAnalyze => "EXPLAIN_ANALYZE",
            Self::CreateDatabase => "CREATE_DATABASE",
            Self::DropDatabase => "DROP_DATABASE",
            Self::CreateTable => "CREATE_TABLE",
            Self::CreateTableAsSelect => "CREATE_TABLE_AS_SELECT",
            Self::CreateView => "CREATE_VIEW",
            Self::DropTable => "DROP_TABLE",
            Self::DropView => "DROP_VIEW",
            Self::Insert => "INSERT",
            Self::AddPartitions => "ALTER_TABLE_ADD_PARTITION",
            Self::DropPartitions => "ALTER_TABLE_DROP_PARTITION",
            Self::RepairTable => "MSCK_REPAIR_TABLE",
            Self::Show => "SHOW",
            Self::Describe => "DESCRIBE",
            Self::Use => "USE",
            Self::Set => "SET",
            Self::Prepare => "PREPARE",
            Self::Execute => "EXECUTE",
            Self::Deallocate => "DEALLOCATE",
        }
    }
}

/// One statement: read, classified, and free of clauses that would be dropped without a word.
#[derive(Clone, Debug)]
pub struct Statement {
    command: Command,
    kind: StatementKind,
    reads: Vec<Reference>,
    writes: Vec<Reference>,
}

impl Statement {
    /// What it asks for.
    #[must_use]
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// What kind of statement it is.
    #[must_use]
    pub fn kind(&self) -> StatementKind {
        self.kind
    }

    /// Whether it is asked for its rows. Else it changes something, and what rows it has are a report of that.
    #[must_use]
    pub fn returns_rows(&self) -> bool {
        matches!(
            self.kind,
            StatementKind::Select
                | StatementKind::Explain
                | StatementKind::ExplainAnalyze
                | StatementKind::Show
                | StatementKind::Describe
        )
    }

    /// The relations that it reads, each once, in the order of their first mention. Names of WITH queries are not among
    /// them where they are in scope, and neither are table functions.
    #[must_use]
    pub fn reads(&self) -> &[Reference] {
        &self.reads
    }

    /// The relations that it makes, changes or removes.
    #[must_use]
    pub fn writes(&self) -> &[Reference] {
        &self.writes
    }

    /// The statement that asks for `command`, with the relations that it names.
    pub(super) fn of(command: Command, text: &str, limits: &Limits) -> Result<Self> {
        Ok(Self {
            kind: kind_of(&command),
            reads: reads_of(&command, text, limits)?,
            writes: writes_of(&command),
            command,
        })
    }
}

fn kind_of(command: &Command) -> StatementKind {
    match command {
        Command::Query(_) => StatementKind::Select,
        Command::Explain(explain) if explain.analyze => StatementKind::ExplainAnalyze,
        Command::Explain(_) => StatementKind::Explain,
        Command::CreateDatabase(_) => StatementKind::CreateDatabase,
        Command::DropDatabase(_) => StatementKind::DropDatabase,
        Command::CreateTable(table) if table.query.is_some() => StatementKind::CreateTableAsSelect,
        Command::CreateTable(_) => StatementKind::CreateTable,
        Command::CreateView(_) => StatementKind::CreateView,
        Command::DropTable(_) => StatementKind::DropTable,
        Command::DropView(_) => StatementKind::DropView,
        Command::Insert(_) => StatementKind::Insert,
        Command::AddPartitions(_) => StatementKind::AddPartitions,
        Command::DropPartitions(_) => StatementKind::DropPartitions,
        Command::RepairTable(_) => StatementKind::RepairTable,
        Command::Show(_) => StatementKind::Show,
        Command::DescribeTable(_) | Command::DescribeQuery(_) | Command::DescribeDatabase(_) => StatementKind::Describe,
        Command::Use(_) => StatementKind::Use,
        Command::Set(_) | Command::Reset(_) | Command::ResetAll => StatementKind::Set,
        Command::Prepare(_) => StatementKind::Prepare,
        Command::Execute(_) => StatementKind::Execute,
        Command::Deallocate(_) | Command::DeallocateAll => StatementKind::Deallocate,
    }
}

/// The relations of its query, and those that it describes. What a prepared statement reads is looked at when it is executed.
fn reads_of(command: &Command, text: &str, limits: &Limits) -> Result<Vec<Reference>> {
    if let Command::Explain(explain) = command {
        return Ok(explain.statement.reads.clone());
    }
    if let Some(query) = command.query().and_then(query_of) {
        return references::collect(text, query, limits);
    }
    Ok(match command {
        Command::DescribeTable(relation) => vec![relation.clone()],
        Command::Show(
            Show::Columns(relation)
            | Show::Partitions(relation)
            | Show::CreateTable(relation)
            | Show::CreateView(relation)
            | Show::TableProperties(relation, _),
        ) => vec![relation.clone()],
        _ => Vec::new(),
    })
}

fn query_of(tree: &Tree) -> Option<&Query> {
    match tree {
        Tree::Statement(statement) => match statement.as_ref() {
            SqlStatement::Query(query) => Some(query),
            _ => None,
        },
        _ => None,
    }
}

fn writes_of(command: &Command) -> Vec<Reference> {
    let written = match command {
        Command::CreateTable(table) => &table.name,
        Command::CreateView(view) => &view.name,
        Command::DropTable(drop) | Command::DropView(drop) => &drop.name,
        Command::Insert(insert) => &insert.table,
        Command::AddPartitions(change) => &change.table,
        Command::DropPartitions(change) => &change.table,
        Command::RepairTable(table) => table,
        _ => return Vec::new(),
    };
    vec![written.clone()]
}
