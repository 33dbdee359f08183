//! CREATE TABLE: `DataFusion`'s form, Hive's and Athena's, the plain one, and CREATE TABLE AS. The clauses behind the columns may
//! stand in any order.

use std::collections::{BTreeMap, HashSet};

use datafusion::sql::sqlparser::tokenizer::Token;

use super::columns::{self, Declared};
use super::create::{Modifiers, if_not_exists};
use super::database::once;
use super::properties::{as_written, insert, properties};
use super::storage;
use crate::error::{Error, ErrorCode, Result};
use crate::syntax::command::{Command, CreateTable};
use crate::syntax::reader::{Reader, at};

/// A table of which some clauses are read.
pub(super) struct Draft {
    pub(super) table: CreateTable,
    pub(super) columns: Vec<Declared>,
    pub(super) partitions: Vec<Declared>,
    /// The first words of the clauses that are read.
    pub(super) seen: HashSet<&'static str>,
}

pub(super) fn create(reader: &mut Reader<'_>, modifiers: Modifiers) -> Result<Command> {
    reader.expect("TABLE")?;
    let if_not_exists = if_not_exists(reader, modifiers.or_replace)?;
    let mut draft = Draft {
        table: CreateTable {
            name: reader.table("the name of the new table")?,
            external: modifiers.external,
            temporary: modifiers.temporary,
            or_replace: modifiers.or_replace,
            if_not_exists,
            columns: Vec::new(),
            partition_columns: Vec::new(),
            comment: None,
            stored_as: None,
            input_format: None,
            serde: None,
            format_options: BTreeMap::new(),
            properties: BTreeMap::new(),
            location: None,
            query: None,
            with_data: true,
        },
        columns: Vec::new(),
        partitions: Vec::new(),
        seen: HashSet::new(),
    };
    if reader.is("LIKE") {
        return Err(reader.unsupported(
            "CREATE TABLE LIKE",
            "write CREATE TABLE … AS SELECT * FROM … WITH NO DATA",
        ));
    }
    let query_in_brackets = reader.is_token(&Token::LParen) && reader.is_query(1);
    if query_in_brackets {
        draft.table.query = Some(reader.query()?);
    } else if reader.is_token(&Token::LParen) {
        draft.columns = columns::columns(reader)?;
    }
    while draft.table.query.is_none() && clause(reader, &mut draft)? {}
    finish(reader, draft)
}

fn finish(reader: &mut Reader<'_>, draft: Draft) -> Result<Command> {
    let Draft {
        mut table,
        columns,
        partitions,
        seen: _,
    } = draft;
    if table.query.is_some() {
        table.with_data = reader.take_with_data();
    }
    let refused = |message: &str| {
        let error = Error::new(ErrorCode::SyntaxError, message);
        Err(at(table.name.position(), error))
    };
    if table.external && table.query.is_some() {
        return refused("CREATE EXTERNAL TABLE takes no query; leave EXTERNAL out, and name the place with LOCATION");
    }
    if table.external && table.location.is_none() {
        return refused("CREATE EXTERNAL TABLE needs LOCATION '…', the place of its files");
    }
    if columns.is_empty() && table.query.is_none() && table.location.is_none() {
        return refused("the new table has neither columns nor a query nor a LOCATION");
    }
    let has_query = table.query.is_some();
    (table.columns, table.partition_columns) = columns::folded(columns, partitions, has_query)?;
    Ok(Command::CreateTable(Box::new(table)))
}

/// Reads one clause, if there is one more.
fn clause(reader: &mut Reader<'_>, draft: &mut Draft) -> Result<bool> {
    let position = reader.position();
    let Some(word) = CLAUSES.iter().find(|word| reader.is(word)) else {
        return Ok(false);
    };
    // WITH begins clauses of several kinds, which look for themselves.
    let again = *word != "WITH" && !draft.seen.insert(word);
    once(reader, again, word, position)?;
    match *word {
        "AS" => {
            reader.expect("AS")?;
            if !reader.is_query(0) {
                return Err(reader.expected("a query"));
            }
            draft.table.query = Some(reader.query()?);
        }
        "COMMENT" => {
            reader.expect("COMMENT")?;
            reader.takes_token(&Token::Eq);
            draft.table.comment = Some(reader.string("the comment in quotes")?);
        }
        "LOCATION" => location(reader, draft)?,
        "OPTIONS" => {
            reader.expect("OPTIONS")?;
            for mut property in properties(reader)? {
                property.key = property.key.to_lowercase();
                insert(&mut draft.table.format_options, property)?;
            }
        }
        "PARTITIONED" => {
            reader.expect("PARTITIONED BY")?;
            draft.partitions = columns::partition_columns(reader)?;
        }
        "ROW" => storage::row_format(reader, &mut draft.table)?,
        "STORED" => storage::stored_as(reader, &mut draft.table)?,
        "TBLPROPERTIES" => {
            reader.expect("TBLPROPERTIES")?;
            draft.table.properties = as_written(properties(reader)?)?;
        }
        "WITH" => storage::with(reader, draft)?,
        other => return Err(refused(reader, other)),
    }
    Ok(true)
}

fn location(reader: &mut Reader<'_>, draft: &mut Draft) -> Result<()> {
    reader.expect("LOCATION")?;
    if reader.is_token(&Token::LParen) {
        return Err(reader.unsupported("a list of locations", "name one directory or one pattern"));
    }
    once(
        reader,
        draft.table.location.is_some(),
        "the location",
        reader.position(),
    )?;
    draft.table.location = Some(reader.string("the location in quotes")?);
    Ok(())
}

/// The first words of the clauses, those that are refused among them.
const CLAUSES: &[&str] = &[
    "AS",
    "CLUSTERED",
    "COMMENT",
    "DISTRIBUTED",
    "INHERITS",
    "LOCATION",
    "ON",
    "OPTIONS",
    "PARTITION",
    "PARTITIONED",
    "ROW",
    "SKEWED",
    "SORTED",
    "STORED",
    "TABLESPACE",
    "TBLPROPERTIES",
    "USING",
    "WITH",
];

fn refused(reader: &Reader<'_>, word: &str) -> Error {
    let (what, advice) = match word {
        "CLUSTERED" => ("CLUSTERED BY", "leave it out, buckets are not written"),
        "SORTED" => ("SORTED BY", "leave it out, and order the query that writes the rows"),
        "SKEWED" => ("SKEWED BY", "leave it out"),
        "USING" => ("USING", "write STORED AS with the name of the format"),
        "PARTITION" => ("PARTITION BY", "write PARTITIONED BY with the columns"),
        other => (other, "leave it out"),
    };
    reader.unsupported(&format!("{what} of CREATE TABLE"), advice)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_refusals, names, read};
    use super::*;
    use crate::catalog::types;
    use crate::error::ErrorCode::{AlreadyExists, ColumnNotFound, InvalidValue, NotSupported, SyntaxError};

    /// The parts that are there, in one line.
    fn shown(command: &Command) -> String {
        let Command::CreateTable(table) = command else {
            panic!("{command:?}")
        };
        let mut parts = vec![table.name.name_parts().join(".")];
        for (flag, word) in [
            (table.external, "external"),
            (table.temporary, "temporary"),
            (table.or_replace, "or replace"),
            (table.if_not_exists, "if not exists"),
            (!table.with_data, "no data"),
        ] {
            if flag {
                parts.push(word.to_owned());
            }
        }
        let comment = |comment: &Option<String>| comment.as_ref().map_or_else(String::new, |text| format!(" '{text}'"));
        let columns = table.columns.iter().map(|column| {
            let bang = if column.nullable { "" } else { "!" };
            let name = types::name(&column.data_type);
            format!("{} {name}{bang}{}", column.name, comment(&column.comment))
        });
        parts.extend(columns);
        let partitions = table.partition_columns.iter().map(|column| {
            let data_type = column
                .data_type
                .as_ref()
                .map_or_else(String::new, |t| format!(" {}", types::name(t)));
            format!("/{}{data_type}{}", column.name, comment(&column.comment))
        });
        parts.extend(partitions);
        for (label, text) in [
            ("comment", &table.comment),
            ("as", &table.stored_as),
            ("input", &table.input_format),
            ("serde", &table.serde),
            ("at", &table.location),
        ] {
            parts.extend(text.as_ref().map(|text| format!("{label}={text}")));
        }
        let pairs = |map: &BTreeMap<String, String>, sign: &str| -> Vec<String> {
            map.iter()
                .map(|(key, value)| format!("{sign}{key}={}", value.escape_debug()))
                .collect()
        };
        parts.extend(pairs(&table.format_options, "."));
        parts.extend(pairs(&table.properties, "#"));
        parts.extend(table.query.as_ref().map(|query| format!("<- {query}")));
        parts.join("; ")
    }

    #[test]
    fn datafusion_spellings() {
        check(
            shown,
            &[
                (
                    "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 's3://b/t/'",
                    "t; external; as=PARQUET; at=s3://b/t/",
                ),
                (
                    "create external table if not exists Lake.\"Default\".`T` (a int, B varchar not null) stored as csv \
                     location 'x' options ('format.delimiter' ';', format.has_header true, \"k\" 1)",
                    "lake.default.t; external; if not exists; a int; b string!; as=csv; at=x; .format.delimiter=;; \
                     .format.has_header=true; .k=1",
                ),
                (
                    "create or replace external table t (a int, dt date) partitioned by (dt) stored as 'json' location 'x'",
                    "t; external; or replace; a int; dt date; /dt; as=json; at=x",
                ),
                (
                    "create external temporary table t location 'x' stored as arrow",
                    "t; external; temporary; as=arrow; at=x",
                ),
                (
                    "create table t(a int, b text) as values (1, 'x')",
                    "t; a int; b string; <- VALUES (1, 'x')",
                ),
                ("create table t as values (1), (2)", "t; <- VALUES (1), (2)"),
            ],
        );
    }

    #[test]
    fn hive_and_athena_spellings() {
        check(
            shown,
            &[
                (
                    "CREATE EXTERNAL TABLE IF NOT EXISTS `sales`.`cloudfront_logs` (\n  `date` DATE COMMENT 'the day',\n  \
                     time STRING,\n  bytes BIGINT,\n  tags map<string,string>, s struct<a:int,b:array<struct<c:double>>>\n) \
                     COMMENT 'logs' PARTITIONED BY (year int, `month` string COMMENT 'two digits') \
                     ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' COLLECTION ITEMS TERMINATED BY '\\002' \
                     MAP KEYS TERMINATED BY ':' LINES TERMINATED BY '\\n' NULL DEFINED AS '\\\\N' STORED AS TEXTFILE \
                     LOCATION 's3://b/logs/' TBLPROPERTIES ('skip.header.line.count'='2', 'has_encrypted_data'='false')",
                    "sales.cloudfront_logs; external; if not exists; date date 'the day'; time string; bytes bigint; \
                     tags map<string,string>; s struct<a:int,b:array<struct<c:double>>>; /year int; \
                     /month string 'two digits'; comment=logs; as=TEXTFILE; at=s3://b/logs/; .collection.delim=\\u{2}; \
                     .escape.delim=\\\\; .field.delim=\\t; .line.delim=\\n; .mapkey.delim=:; \
                     .serialization.null.format=\\\\N; #has_encrypted_data=false; #skip.header.line.count=2",
                ),
                (
                    "create external table t (a string) row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' \
                     with serdeproperties ('separatorChar' = ',', \"quoteChar\" = '\\\"', 'escapeChar' = '\\\\') \
                     location \"s3://b/x\"",
                    "t; external; a string; serde=org.apache.hadoop.hive.serde2.OpenCSVSerde; at=s3://b/x; \
                     .escapechar=\\\\; .quotechar=\\\"; .separatorchar=,",
                ),
                (
                    "create external table t (a int) stored as inputformat 'p.In' outputformat 'p.Out' location 'x' \
                     row format serde 's'",
                    "t; external; a int; input=p.In; serde=s; at=x",
                ),
                (
                    "create temporary external table t (a int) location 'x'",
                    "t; external; temporary; a int; at=x",
                ),
            ],
        );
    }

    #[test]
    fn athena_create_table_as() {
        check(
            shown,
            &[
                (
                    "CREATE TABLE t WITH (format = 'PARQUET', external_location = 's3://b/t/', \
                     partitioned_by = ARRAY['year', 'Month'], write_compression = 'ZSTD', compression_level = 3) AS \
                     SELECT a, year, month FROM s",
                    "t; /year; /month; as=PARQUET; at=s3://b/t/; .compression_level=3; .write_compression=ZSTD; \
                     <- SELECT a, year, month FROM s",
                ),
                (
                    "create table t with (format='textfile', field_delimiter='\\t', is_external = true, table_type='hive') \
                     as select 1",
                    "t; as=textfile; .field.delim=\\t; <- SELECT 1",
                ),
                (
                    "create table t with (parquet_compression = 'snappy') as select 1 with data",
                    "t; .write_compression=snappy; <- SELECT 1",
                ),
                (
                    "create table if not exists t as select a, count(*) from s group by a with no data;",
                    "t; if not exists; no data; <- SELECT a, count(*) FROM s GROUP BY a",
                ),
                (
                    "create table t stored as parquet location 's3://b/t/' as with x as (select 1) select * from x",
                    "t; as=parquet; at=s3://b/t/; <- WITH x AS (SELECT 1) SELECT * FROM x",
                ),
                ("create table t as (select 1)", "t; <- (SELECT 1)"),
                ("create table t (select 1)", "t; <- (SELECT 1)"),
                (
                    "create or replace temp table t as select 1",
                    "t; temporary; or replace; <- SELECT 1",
                ),
            ],
        );
    }

    #[test]
    fn plain_spellings_and_names_that_are_keywords() {
        check(
            shown,
            &[
                (
                    "create table t (a integer not null, b double precision null, c timestamp(3) with time zone, d int[])",
                    "t; a int!; b double; c timestamp(3) with time zone; d array<int>",
                ),
                (
                    "create table lake.default.comment (comment string comment 'x', location int, partitioned date)",
                    "lake.default.comment; comment string 'x'; location int; partitioned date",
                ),
                (
                    "create table partitions (key string, unique int, check date, index bigint, \"primary\" int)",
                    "partitions; key string; unique int; check date; index bigint; primary int",
                ),
                ("create table if (a int)", "if; a int"),
                (
                    "create table T (\"Ab\" int, `CD` int, Ef int)",
                    "t; ab int; cd int; ef int",
                ),
                ("create table t (\"a\" int, \"A\" int, B int)", "t; a int; A int; b int"),
                (
                    "create table t (a decimal, b decimal(5), c numeric(38,10))",
                    "t; a decimal(10,0); b decimal(5,0); c decimal(38,10)",
                ),
                (
                    "create table t /* x */ (a /* y */ struct< b : int >, c int) -- z",
                    "t; a struct<b:int>; c int",
                ),
                (
                    "create table t with (format = 'parquet') location 'x'",
                    "t; as=parquet; at=x",
                ),
            ],
        );
    }

    #[test]
    fn what_is_written_is_named_and_what_is_read() {
        for (sql, reads, writes) in [
            (
                "create table T as select * from \"S\", d.u",
                vec!["s", "d.u"],
                vec!["t"],
            ),
            ("create table t (a int)", vec![], vec!["t"]),
            (
                "create table t as with x as (select * from y) select * from x",
                vec!["y"],
                vec!["t"],
            ),
            ("explain create table t as select * from s", vec!["s"], vec![]),
        ] {
            let (found, written) = names(&read(sql));
            assert_eq!(
                (found, written),
                (
                    reads.into_iter().map(str::to_owned).collect(),
                    writes.into_iter().map(str::to_owned).collect()
                ),
                "{sql}"
            );
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a flat table")]
    fn what_is_not_offered_is_refused_at_its_place() {
        check_refusals(&[
            (
                "create table t (a int primary key)",
                NotSupported,
                "PRIMARY KEY of a column is not supported",
                23,
            ),
            (
                "create table t (a int, primary key (a))",
                NotSupported,
                "PRIMARY KEY of a table",
                24,
            ),
            ("create table t (a int unique)", NotSupported, "UNIQUE of a column", 23),
            (
                "create table t (a int, unique (a))",
                NotSupported,
                "UNIQUE of a table",
                24,
            ),
            (
                "create table t (a int check (a > 1))",
                NotSupported,
                "CHECK of a column",
                23,
            ),
            (
                "create table t (a int, check (a > 1))",
                NotSupported,
                "CHECK of a table",
                24,
            ),
            (
                "create table t (a int default 1)",
                NotSupported,
                "DEFAULT of a column",
                23,
            ),
            (
                "create table t (a int not null default 1)",
                NotSupported,
                "DEFAULT of a column",
                32,
            ),
            (
                "create table t (a int references s (b))",
                NotSupported,
                "REFERENCES of a column",
                23,
            ),
            (
                "create table t (a int, foreign key (a) references s (b))",
                NotSupported,
                "FOREIGN KEY of a table",
                24,
            ),
            (
                "create table t (a int, constraint c unique (a))",
                NotSupported,
                "CONSTRAINT of a table",
                24,
            ),
            (
                "create table t (a int) clustered by (a) into 4 buckets",
                NotSupported,
                "CLUSTERED BY of CREATE TABLE",
                24,
            ),
            (
                "create table t (a int) skewed by (a) on (1)",
                NotSupported,
                "SKEWED BY",
                24,
            ),
            (
                "create table t (a int) using parquet",
                NotSupported,
                "USING of CREATE TABLE",
                24,
            ),
            ("create table t (a int) stored by 'x'", NotSupported, "STORED BY", 24),
            (
                "create external table t location 'x' with order (a)",
                NotSupported,
                "WITH ORDER",
                38,
            ),
            (
                "create external table t location 'x' with header row",
                NotSupported,
                "WITH HEADER ROW",
                38,
            ),
            (
                "create external table t location ('x', 'y')",
                NotSupported,
                "a list of locations",
                34,
            ),
            (
                "create unbounded external table t location 'x'",
                NotSupported,
                "CREATE UNBOUNDED",
                1,
            ),
            ("create table t like s", NotSupported, "CREATE TABLE LIKE", 16),
            (
                "create table t (a int) partitioned by (day(a))",
                NotSupported,
                "a partition by an expression",
                40,
            ),
            (
                "create table t with (table_type = 'ICEBERG') as select 1",
                NotSupported,
                "the table type ICEBERG",
                22,
            ),
            (
                "create table t with (bucketed_by = array['a']) as select 1",
                NotSupported,
                "bucketed_by",
                22,
            ),
            (
                "create table t with (fromat = 'x') as select 1",
                InvalidValue,
                "the property \"fromat\" is unknown; did you mean \"format\"?",
                22,
            ),
            (
                "create table t with (format = 'x', format = 'y') as select 1",
                InvalidValue,
                "the property \"format\" is given twice",
                36,
            ),
            (
                "create table t with (partitioned_by = 'a') as select 1",
                InvalidValue,
                "the property \"partitioned_by\" is a list",
                22,
            ),
            (
                "create table t (a int, a string)",
                AlreadyExists,
                "the column \"a\" is named twice",
                24,
            ),
            (
                "create table t (a int, A string)",
                AlreadyExists,
                "the column \"A\" is named twice",
                24,
            ),
            (
                "create table t (a int) partitioned by (a int)",
                AlreadyExists,
                "the column \"a\" is named twice",
                40,
            ),
            (
                "create table t (a int) partitioned by (b)",
                ColumnNotFound,
                "PARTITIONED BY names \"b\"",
                40,
            ),
            ("create table t (a)", SyntaxError, "the column \"a\" has no type", 17),
            (
                "create table t (a int,)",
                SyntaxError,
                "expected the name of a column, found \")\"",
                23,
            ),
            (
                "create table t (a intt)",
                SyntaxError,
                "there is no type \"intt\"; did you mean \"int\"?",
                19,
            ),
            (
                "create table t (a int 5)",
                SyntaxError,
                "expected , or ), found \"5\"",
                23,
            ),
            (
                "create table t (a array<int)",
                SyntaxError,
                "expected >, found \")\"",
                28,
            ),
            ("create table t ()", SyntaxError, "expected the name of a column", 17),
            (
                "create table t",
                SyntaxError,
                "the new table has neither columns nor a query",
                14,
            ),
            (
                "create external table t (a int)",
                SyntaxError,
                "CREATE EXTERNAL TABLE needs LOCATION",
                23,
            ),
            (
                "create external table t location 'x' as select 1",
                SyntaxError,
                "CREATE EXTERNAL TABLE takes no query",
                23,
            ),
            (
                "create table t (a int) comment 'x' comment 'y'",
                SyntaxError,
                "COMMENT stands twice",
                36,
            ),
            (
                "create table t (a int) location 'x' location 'y'",
                SyntaxError,
                "LOCATION stands twice",
                37,
            ),
            (
                "create table t (a int) row format delimited escaped by 'x' escaped by 'y'",
                SyntaxError,
                "ESCAPED BY stands twice",
                60,
            ),
            (
                "create table t (a int) row format fixed",
                SyntaxError,
                "expected DELIMITED or SERDE",
                35,
            ),
            (
                "create table t (a int) with no data",
                SyntaxError,
                "expected the end of the statement, found \"WITH\"",
                24,
            ),
            (
                "create table t (a int) nonsense",
                SyntaxError,
                "expected the end of the statement, found \"nonsense\"",
                24,
            ),
            (
                "create table 's3://b/t' (a int)",
                SyntaxError,
                "expected the name of the new table, found the location",
                14,
            ),
            (
                "create table \"\" (a int)",
                SyntaxError,
                "expected the name of the new table",
                14,
            ),
            (
                "create table a.b.c.d (a int)",
                NotSupported,
                "the table name \"a.b.c.d\" has more than three parts",
                14,
            ),
            (
                "create or replace table if not exists t (a int)",
                SyntaxError,
                "OR REPLACE and IF NOT EXISTS",
                25,
            ),
            (
                "create table t as",
                SyntaxError,
                "expected a query, found the end of the text",
                0,
            ),
            (
                "create table t as delete from s",
                SyntaxError,
                "expected a query, found \"delete\"",
                19,
            ),
            (
                "create table t (a int) location",
                SyntaxError,
                "expected the location in quotes",
                0,
            ),
            (
                "create table t as select * from s for update",
                NotSupported,
                "FOR UPDATE",
                19,
            ),
            (
                "create table t as select ?",
                SyntaxError,
                "a parameter stands outside PREPARE: \"?\"",
                26,
            ),
            (
                "create external view v as select 1",
                SyntaxError,
                "expected TABLE, found \"view\"",
                17,
            ),
        ]);
    }
}
