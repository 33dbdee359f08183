//! What a statement is: its kind, its text, its tree and the relations that it reads.

use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::{Query, Statement as SqlStatement};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::command::{Command, Explain};
use super::ignored;
use super::limits::Limits;
use super::parser::position_of;
use super::references::{self, Reference};
use crate::error::{Error, ErrorCode, Result};

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

    /// Names the kind and the relations of `tree`, or refuses it.
    pub(super) fn classify(text: &str, tree: Tree, limits: &Limits) -> Result<Self> {
        let kind = kind_of(&tree)?;
        let query = query_of(&tree)?;
        ignored::refuse(query)?;
        let reads = references::collect(text, query, limits)?;
        let command = match &tree {
            Tree::Explain(explain) => Command::Explain(Box::new(Explain {
                analyze: explain.options.analyze,
                statement: Box::new(Self::classify(text, (*explain.statement).clone(), limits)?),
                tree,
            })),
            _ => Command::Query(tree),
        };
        Ok(Self {
            command,
            kind,
            reads,
            writes: Vec::new(),
        })
    }
}

fn kind_of(tree: &Tree) -> Result<StatementKind> {
    match tree {
        Tree::Statement(_) => Ok(StatementKind::Select),
        Tree::Explain(explain) if explain.options.analyze => Ok(StatementKind::ExplainAnalyze),
        Tree::Explain(_) => Ok(StatementKind::Explain),
        Tree::CreateExternalTable(_) => Err(not_yet("CREATE EXTERNAL TABLE")),
        Tree::CopyTo(_) => Err(not_yet("COPY")),
        Tree::Reset(_) => Err(not_yet("RESET")),
    }
}

/// The query that a statement runs or explains.
fn query_of(tree: &Tree) -> Result<&Query> {
    match tree {
        Tree::Statement(statement) => match statement.as_ref() {
            SqlStatement::Query(query) => Ok(query),
            _ => Err(not_yet("this statement")),
        },
        Tree::Explain(explain) => match explain.statement.as_ref() {
            Tree::Explain(_) => Err(not_yet("EXPLAIN of EXPLAIN")),
            explained => query_of(explained).map_err(|error| error.context("EXPLAIN")),
        },
        _ => Err(not_yet("EXPLAIN of anything but a query")),
    }
}

pub(super) fn not_yet(what: &str) -> Error {
    Error::new(ErrorCode::NotSupported, format!("{what} is not supported yet"))
}

/// The first words of the statements that are known and not offered yet; the longest that fits is named. Words that
/// stand between CREATE or DROP and the kind of object, such as OR REPLACE, are skipped.
const NOT_YET: &[&str] = &[
    "ALTER",
    "ALTER DATABASE",
    "ALTER SCHEMA",
    "ALTER TABLE",
    "ALTER VIEW",
    "ANALYZE",
    "BEGIN",
    "CALL",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "CREATE DATABASE",
    "CREATE EXTERNAL TABLE",
    "CREATE FUNCTION",
    "CREATE INDEX",
    "CREATE MATERIALIZED VIEW",
    "CREATE ROLE",
    "CREATE SCHEMA",
    "CREATE TABLE",
    "CREATE VIEW",
    "DEALLOCATE",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DROP",
    "DROP DATABASE",
    "DROP FUNCTION",
    "DROP SCHEMA",
    "DROP TABLE",
    "DROP VIEW",
    "EXECUTE",
    "GRANT",
    "INSERT",
    "INSERT OVERWRITE",
    "KILL",
    "MERGE",
    "MSCK REPAIR TABLE",
    "OPTIMIZE",
    "PREPARE",
    "RESET",
    "REVOKE",
    "ROLLBACK",
    "SET",
    "SHOW",
    "SHOW CATALOGS",
    "SHOW COLUMNS",
    "SHOW CREATE TABLE",
    "SHOW CREATE VIEW",
    "SHOW DATABASES",
    "SHOW FUNCTIONS",
    "SHOW PARTITIONS",
    "SHOW SCHEMAS",
    "SHOW TABLES",
    "SHOW VIEWS",
    "START TRANSACTION",
    "TRUNCATE",
    "UNLOAD",
    "UPDATE",
    "USE",
    "VACUUM",
];

/// Words between the verb and the object that do not change what is asked for.
const SKIPPED: &[&str] = &["OR", "REPLACE", "TEMPORARY", "TEMP", "UNBOUNDED"];

/// Refuses a statement of a known kind by its first words, before its grammar is looked at: the grammars of Hive and of
/// Athena differ from what the parser knows, and "not supported" is truer than a syntax error in the middle of one.
pub(super) fn refuse_by_first_words(tokens: &[TokenWithSpan]) -> Result<()> {
    let words: Vec<String> = tokens
        .iter()
        .skip_while(|token| token.token == Token::SemiColon)
        .map_while(|token| match &token.token {
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
            _ => None,
        })
        .filter(|word| !SKIPPED.contains(&word.as_str()))
        .take(3)
        .collect();
    let first = |length: usize| words.get(..length).map(|words| words.join(" "));
    let known = (1..=3)
        .rev()
        .filter_map(first)
        .find(|words| NOT_YET.contains(&words.as_str()));
    let Some(known) = known else { return Ok(()) };
    let begin = tokens.iter().find(|token| token.token != Token::SemiColon);
    Err(match begin.and_then(|token| position_of(token.span.start)) {
        Some(position) => not_yet(&known).at(position),
        None => not_yet(&known),
    })
}
