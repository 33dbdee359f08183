//! What a statement asks for, in our own words: the parts of each kind of statement that is not a query.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::sql::parser::Statement as Tree;
use datafusion::sql::sqlparser::ast::Expr;

use super::references::Reference;
use super::statement::Statement;
use crate::catalog::Column;
use crate::error::Position;

/// What a statement asks for.
#[derive(Clone, Debug)]
pub enum Command {
    /// The rows of a query.
    Query(Tree),
    /// The plan of a statement; with `analyze`, of a query that is run for it.
    Explain(Box<Explain>),
    /// CREATE DATABASE.
    CreateDatabase(CreateDatabase),
    /// DROP DATABASE.
    DropDatabase(DropDatabase),
    /// CREATE \[EXTERNAL\] TABLE, also from a query.
    CreateTable(Box<CreateTable>),
    /// CREATE VIEW.
    CreateView(Box<CreateView>),
    /// DROP TABLE.
    DropTable(Drop),
    /// DROP VIEW.
    DropView(Drop),
    /// INSERT INTO.
    Insert(Box<Insert>),
    /// ALTER TABLE … ADD PARTITION.
    AddPartitions(AddPartitions),
    /// ALTER TABLE … DROP PARTITION.
    DropPartitions(DropPartitions),
    /// MSCK REPAIR TABLE.
    RepairTable(Reference),
    /// SHOW of names, definitions and settings.
    Show(Show),
    /// DESCRIBE of a relation, files in place among them.
    DescribeTable(Reference),
    /// DESCRIBE of a query's columns.
    DescribeQuery(Tree),
    /// DESCRIBE DATABASE.
    DescribeDatabase(DatabaseReference),
    /// USE.
    Use(DatabaseReference),
    /// SET.
    Set(Set),
    /// RESET of one setting.
    Reset(String),
    /// RESET ALL.
    ResetAll,
    /// PREPARE.
    Prepare(Box<Prepare>),
    /// EXECUTE.
    Execute(Execute),
    /// DEALLOCATE of one prepared statement.
    Deallocate(String),
    /// DEALLOCATE ALL.
    DeallocateAll,
}

impl Command {
    /// The query that the statement runs or has planned, as `DataFusion` has it: of a query, DESCRIBE of one, INSERT, CREATE
    /// TABLE AS and CREATE VIEW the query itself, of EXPLAIN the EXPLAIN of the query. Whatever guards queries looks here.
    #[must_use]
    pub fn query(&self) -> Option<&Tree> {
        match self {
            Self::Query(tree) | Self::DescribeQuery(tree) => Some(tree),
            Self::Explain(explain) => Some(&explain.tree),
            Self::CreateTable(table) => table.query.as_ref(),
            Self::CreateView(view) => Some(&view.query),
            Self::Insert(insert) => Some(&insert.query),
            _ => None,
        }
    }
}

/// EXPLAIN.
#[derive(Clone, Debug)]
pub struct Explain {
    /// The EXPLAIN of the query within `statement`, as `DataFusion` has it: with its format, verbosity and ANALYZE. For a
    /// statement that writes, of the query that it writes the rows of.
    pub tree: Tree,
    /// Whether the query is run.
    pub analyze: bool,
    /// What is explained: a query, an INSERT, a CREATE TABLE AS or a CREATE VIEW.
    pub statement: Box<Statement>,
}

/// A database as a statement names it: lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseReference {
    /// The catalogue, if it is written.
    pub catalog: Option<String>,
    /// The database.
    pub database: String,
    /// Where the statement names it.
    pub position: Option<crate::error::Position>,
}

/// CREATE {DATABASE | SCHEMA} \[IF NOT EXISTS\] name \[COMMENT\] \[LOCATION\] \[WITH DBPROPERTIES\] \[FROM 'prefix'\].
#[derive(Clone, Debug)]
pub struct CreateDatabase {
    /// Its name.
    pub name: DatabaseReference,
    /// Whether it may be there already.
    pub if_not_exists: bool,
    /// COMMENT '…'.
    pub comment: Option<String>,
    /// LOCATION '…', as written.
    pub location: Option<String>,
    /// WITH DBPROPERTIES (…).
    pub properties: BTreeMap<String, String>,
    /// FROM '…': the prefix whose tables it opens with.
    pub from: Option<String>,
}

/// DROP {DATABASE | SCHEMA} \[IF EXISTS\] name \[RESTRICT | CASCADE\].
#[derive(Clone, Debug)]
pub struct DropDatabase {
    /// Its name.
    pub name: DatabaseReference,
    /// Whether it may be missing.
    pub if_exists: bool,
    /// Whether its tables and views go with it.
    pub cascade: bool,
}

/// CREATE TABLE in all its forms: `DataFusion`'s, Hive's, Athena's CREATE TABLE … WITH (…) AS, and the plain one.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the statement, and they are independent"
)]
pub struct CreateTable {
    /// Its name.
    pub name: Reference,
    /// EXTERNAL: the files are somebody else's.
    pub external: bool,
    /// TEMPORARY: the table is the session's and ends with it.
    pub temporary: bool,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// The declared columns, without partition columns that are declared with a type of their own. With a query, those that its
    /// columns are given the names of and cast to, in their order.
    pub columns: Vec<Column>,
    /// PARTITIONED BY (name type, …), or (name, …) of columns declared above or named by the query: then without a type.
    pub partition_columns: Vec<PartitionColumn>,
    /// COMMENT '…'.
    pub comment: Option<String>,
    /// STORED AS name, or `format = '…'` of WITH (…).
    pub stored_as: Option<String>,
    /// STORED AS INPUTFORMAT '…' OUTPUTFORMAT '…': the class of the first.
    pub input_format: Option<String>,
    /// ROW FORMAT SERDE '…': its class.
    pub serde: Option<String>,
    /// What says how the files are written: OPTIONS (…), WITH SERDEPROPERTIES (…), ROW FORMAT DELIMITED (as `field.delim`,
    /// `escape.delim`, `serialization.null.format` …, as Hive names them), format options of WITH (…). Keys in lower case.
    pub format_options: BTreeMap<String, String>,
    /// TBLPROPERTIES (…), as written. (Athena's `write_compression` and `compression_level` of WITH are format options, and
    /// `parquet_compression` is `write_compression`.)
    pub properties: BTreeMap<String, String>,
    /// LOCATION '…', or `external_location = '…'` of WITH (…).
    pub location: Option<String>,
    /// AS query.
    pub query: Option<Tree>,
    /// WITH NO DATA makes it false: the query gives the columns alone.
    pub with_data: bool,
}

/// A column of PARTITIONED BY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionColumn {
    /// Its name, lower case.
    pub name: String,
    /// Its type, if it is declared here.
    pub data_type: Option<DataType>,
    /// Its comment.
    pub comment: Option<String>,
}

/// CREATE \[OR REPLACE\] VIEW.
#[derive(Clone, Debug)]
pub struct CreateView {
    /// Its name.
    pub name: Reference,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// The names of its columns, if they are declared, with their comments.
    pub columns: Vec<(String, Option<String>)>,
    /// COMMENT '…'.
    pub comment: Option<String>,
    /// The text of the query as it was written.
    pub sql: String,
    /// The query.
    pub query: Tree,
}

/// DROP TABLE or DROP VIEW.
#[derive(Clone, Debug)]
pub struct Drop {
    /// What goes.
    pub name: Reference,
    /// Whether it may be missing.
    pub if_exists: bool,
}

/// INSERT INTO t \[(columns)\] \[PARTITION (…)\] query.
#[derive(Clone, Debug)]
pub struct Insert {
    /// The table.
    pub table: Reference,
    /// The columns that the query gives, in its order, lower case unless quoted; all of the table if none are named. One means
    /// the column of the same letters, or else the only one that differs by case alone.
    pub columns: Vec<String>,
    /// PARTITION (dt='…', hr): partition columns, with the constant where there is one.
    pub partition: Vec<(String, Option<String>)>,
    /// The rows.
    pub query: Tree,
}

/// ALTER TABLE t ADD \[IF NOT EXISTS\] PARTITION (…) \[LOCATION '…'\] ….
#[derive(Clone, Debug)]
pub struct AddPartitions {
    /// The table.
    pub table: Reference,
    /// Whether they may be there already.
    pub if_not_exists: bool,
    /// Each partition with its place.
    pub partitions: Vec<PartitionSpec>,
}

/// ALTER TABLE t DROP \[IF EXISTS\] PARTITION (…), ….
#[derive(Clone, Debug)]
pub struct DropPartitions {
    /// The table.
    pub table: Reference,
    /// Whether they may be missing.
    pub if_exists: bool,
    /// The partitions.
    pub partitions: Vec<PartitionSpec>,
}

/// PARTITION (key = constant, …) \[LOCATION '…'\].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSpec {
    /// Each column (lower case) with its value as text; `None` is NULL.
    pub values: Vec<(String, Option<String>)>,
    /// Its directory, as written.
    pub location: Option<String>,
}

/// SHOW.
#[derive(Clone, Debug)]
pub enum Show {
    /// SHOW CATALOGS.
    Catalogs,
    /// SHOW {DATABASES | SCHEMAS} \[{FROM | IN} catalog\] \[\[LIKE\] 'pattern'\].
    Databases {
        /// The catalogue, if it is written.
        catalog: Option<String>,
        /// Which of them.
        pattern: Option<NamePattern>,
    },
    /// SHOW TABLES \[{FROM | IN} database\] \[\[LIKE\] 'pattern'\]: tables and views.
    Tables {
        /// The database; the session's if none is written.
        database: Option<DatabaseReference>,
        /// Which of them.
        pattern: Option<NamePattern>,
    },
    /// SHOW VIEWS, as SHOW TABLES.
    Views {
        /// The database; the session's if none is written.
        database: Option<DatabaseReference>,
        /// Which of them.
        pattern: Option<NamePattern>,
    },
    /// SHOW COLUMNS {FROM | IN} table.
    Columns(Reference),
    /// SHOW PARTITIONS table.
    Partitions(Reference),
    /// SHOW CREATE TABLE.
    CreateTable(Reference),
    /// SHOW CREATE VIEW.
    CreateView(Reference),
    /// SHOW TBLPROPERTIES table \[('key')\].
    TableProperties(Reference, Option<String>),
    /// SHOW FUNCTIONS \[LIKE 'pattern'\].
    Functions(Option<NamePattern>),
    /// SHOW setting.
    Setting(String),
    /// SHOW ALL.
    AllSettings,
}

/// Which names a SHOW gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamePattern {
    /// LIKE 'pattern': `%` any characters, `_` one.
    Like(String),
    /// 'pattern' as Hive has it: `*` any characters, `|` between alternatives.
    Hive(String),
}

/// SET name = value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The setting, lower case; `SET TIME ZONE` is `time_zone`.
    pub name: String,
    /// Its value as text; none is DEFAULT.
    pub value: Option<String>,
}

/// PREPARE name \[(types)\] {AS | FROM} statement.
#[derive(Clone, Debug)]
pub struct Prepare {
    /// Its name, lower case unless quoted.
    pub name: String,
    /// The declared types of its parameters.
    pub types: Vec<DataType>,
    /// The text of the statement. It is read, authorized and planned anew by each EXECUTE.
    pub sql: String,
    /// Where the text stands if it is written as a string; positions in it are then not those of the whole text.
    pub text_at: Option<Position>,
    /// The statement, to refuse now what can never run.
    pub statement: Box<Statement>,
}

/// EXECUTE name \[(arguments) | USING arguments\].
#[derive(Clone, Debug)]
pub struct Execute {
    /// The prepared statement.
    pub name: String,
    /// Constants for its parameters.
    pub arguments: Vec<Expr>,
}
